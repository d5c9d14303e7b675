/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): random numbers that are a function
 * of a key and a counter, so that a draw depends on what it is for and on nothing that was drawn before.
 *
 * @module
 */
import { createHash } from "node:crypto";

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/**
 * Four random 32-bit numbers.
 *
 * @param key two numbers, @param counter four numbers; each taken modulo 2^32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(philox([0, 0], [0, 0, 0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
 * ```
 */
export function philox(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): [number, number, number, number] {
  let [k0, k1] = [key[0] >>> 0, key[1] >>> 0];
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0) as [number, number, number, number];
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = multiply(MULTIPLIERS[0], c0);
    const [high1, low1] = multiply(MULTIPLIERS[1], c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    [k0, k1] = [(k0 + WEYL[0]) >>> 0, (k1 + WEYL[1]) >>> 0];
  }
  return [c0, c1, c2, c3];
}

/**
 * A number in [0, 1), of 32 random bits.
 *
 * @param seed a whole number up to 2^53 @param counter up to four whole numbers that say what it is for
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * const first = uniformOf(42, [7, 0, 3]);
 * assert(first >= 0 && first < 1);
 * assertEquals(uniformOf(42, [7, 0, 3]), first);
 * ```
 */
export function uniformOf(seed: number, counter: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0] = counter;
  return philox([seed, Math.floor(seed / 2 ** 32)], [a, b, c, d])[0] / 2 ** 32;
}

/**
 * The draws of a task's samples: each depends on the seed, the task's name, the sample's number and the place of the token
 * in the completion, from 0 on, and on nothing else. The seed is Philox's key; the counter is place, sample, and the first
 * eight bytes of the name's SHA-256 as two little-endian words.
 *
 * @param seed a whole number up to 2^53
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * const draw = taskDraws(42, "HumanEval/0");
 * assertEquals(taskDraws(42, "HumanEval/0")(3, 7), draw(3, 7));
 * assertNotEquals(taskDraws(42, "HumanEval/1")(3, 7), draw(3, 7));
 * ```
 */
export function taskDraws(seed: number, task: string): (sample: number, place: number) => number {
  const digest = createHash("sha256").update(task).digest();
  const name = [digest.readUInt32LE(0), digest.readUInt32LE(4)] as const;
  return (sample, place) => uniformOf(seed, [place, sample, ...name]);
}

/** High and low halves of the product of two 32-bit numbers. */
function multiply(a: number, b: number): [number, number] {
  const product = BigInt(a) * BigInt(b);
  return [Number(product >> 32n), Number(product & 0xffffffffn)];
}
