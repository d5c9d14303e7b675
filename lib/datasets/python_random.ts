/**
 * Python's `random` module for one seed: the Mersenne Twister MT19937 with the seeding of `random.seed(int)`, and
 * `random()`, `_randbelow()` and `shuffle()` over it, number for number as CPython 3.2 and later. The paper's sets are
 * "shuffled with seed 42"; with this they come out in the same order.
 *
 * Source: Matsumoto and Nishimura 1998; CPython's Modules/_randommodule.c and Lib/random.py. Not for secrets.
 *
 * @module
 */

const N = 624;
const M = 397;

/**
 * A generator in the state of Python's `random.seed(seed)`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PythonRandom } from "./python_random.ts";
 *
 * const random = new PythonRandom(42);
 * assertEquals(random.random(), 0.6394267984578837);
 * assertEquals(new PythonRandom(42).shuffle([0, 1, 2, 3, 4]), [3, 1, 2, 4, 0]);
 * ```
 */
export class PythonRandom {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** Seeds as `random.seed(seed)`: only the size of an integer counts, not its sign. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`Cannot seed the random numbers with ${seed}: a safe integer is needed`);
    }
    const size = Math.abs(seed);
    const high = Math.floor(size / 2 ** 32);
    this.#seedByWords(high > 0 ? [size >>> 0, high] : [size >>> 0]);
  }

  /** The next float of [0, 1), with 53 random bits. */
  random(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** The next integer of [0, n), without bias. @throws RangeError unless 0 < n <= 2^53 - 1. */
  randbelow(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`Cannot draw an integer below ${n}: a positive safe integer is needed`);
    }
    const bits = bitLength(n);
    let drawn = this.#bits(bits);
    while (drawn >= n) drawn = this.#bits(bits);
    return drawn;
  }

  /** Shuffles in place as `random.shuffle`, and returns the array. */
  shuffle<A extends { readonly length: number; [index: number]: unknown }>(array: A): A {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.randbelow(i + 1);
      [array[i], array[j]] = [array[j], array[i]];
    }
    return array;
  }

  /** Python's `getrandbits`: the first word gives the lowest 32 bits, the last its highest bits. */
  #bits(count: number): number {
    if (count <= 32) return this.#word() >>> (32 - count);
    const low = this.#word();
    return (this.#word() >>> (64 - count)) * 2 ** 32 + low;
  }

  #seedByWords(key: number[]): void {
    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(state[i - 1]!)) + i;
    let i = 1;
    const advance = () => {
      if (++i < N) return;
      state[0] = state[N - 1]!;
      i = 1;
    };
    for (let k = 0; k < N; k++) {
      const j = k % key.length;
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1664525)) + key[j]! + j;
      advance();
    }
    for (let k = 1; k < N; k++) {
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1566083941)) - i;
      advance();
    }
    state[0] = 0x80000000;
  }

  #word(): number {
    if (this.#next >= N) this.#twist();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff);
      state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

function mixed(word: number): number {
  return word ^ (word >>> 30);
}

function bitLength(n: number): number {
  return n < 2 ** 32 ? 32 - Math.clz32(n) : 64 - Math.clz32(Math.floor(n / 2 ** 32));
}
