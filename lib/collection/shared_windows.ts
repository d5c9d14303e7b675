/**
 * Which texts share 50 tokens in a row with a corpus that is streamed past them: words and marks, white space left out.
 *
 * Of each text every 26th run of 25 tokens is kept by its hash: any 50 tokens in a row hold one of these whole. Where the
 * corpus has such a run, its tokens and those beside it are compared one by one, so the answer is that of comparing all
 * runs of 50, but for words that have one hash (once in four billion pairs).
 *
 * Memory is four bytes a token of the texts and a byte for the runs; the corpus is never held.
 *
 * @module
 */
import { HashChains } from "./hash_chains.ts";
import { mix, tokenHashes } from "./token_hashes.ts";

/** Tokens that must be shared in a row. */
export const SHARED_TOKENS = 50;

const FACTOR = 0x9e3779b1 | 0; // odd: of the golden ratio
const FILTER_BITS = 2 ** 24;

/**
 * Texts that are looked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SharedWindows } from "./shared_windows.ts";
 *
 * const text = (from: number, count: number) => Array.from({ length: count }, (_, i) => `w${from + i}`).join(" ");
 * const windows = new SharedWindows();
 * assertEquals([windows.add(text(0, 80), 3), windows.add(text(900, 80), 4), windows.add("short", 5)], [true, true, false]);
 * assertEquals(windows.search(text(-99, 128)), []); // w0 to w28
 * assertEquals(windows.search(`${text(20, 49)}\n${text(20, 50)}`), [3]);
 * assertEquals(windows.search(text(20, 50)), []); // it is found already
 * ```
 */
export class SharedWindows {
  readonly #width: number;
  readonly #anchor: number;
  /** What the hash of a run is multiplied by for the token that leaves it. */
  readonly #last: number;
  #tokens = new Uint32Array(2 ** 16);
  #size = 0;
  /** Where each text ends among the tokens. */
  readonly #ends: number[] = [];
  readonly #numbers: number[] = [];
  readonly #isShared: boolean[] = [];
  readonly #chains = new HashChains();
  /** Where each run stands among the tokens. */
  #places = new Uint32Array(2 ** 10);
  readonly #filter = new Uint32Array(FILTER_BITS / 32);
  #into = new Uint32Array(0);

  /** @param width tokens that must be shared in a row, at least 2 */
  constructor(width = SHARED_TOKENS) {
    this.#width = width;
    this.#anchor = Math.ceil(width / 2);
    this.#last = 1;
    for (let i = 0; i < this.#anchor; i++) this.#last = Math.imul(this.#last, FACTOR);
  }

  /** Tokens of all texts that were added. */
  get tokens(): number {
    return this.#size;
  }

  /** Adds a text that is looked for; false where it is too short to share so many tokens. */
  add(text: string, number: number): boolean {
    const tokens = this.#tokensOf(text);
    if (tokens.length < this.#width) return false;
    if (this.#size + tokens.length > this.#tokens.length) {
      const longer = new Uint32Array(2 * (this.#size + tokens.length));
      longer.set(this.#tokens);
      this.#tokens = longer;
    }
    this.#tokens.set(tokens, this.#size);
    const stride = this.#width - this.#anchor + 1;
    for (let from = 0; from + this.#anchor <= tokens.length; from += stride) {
      let hash = 0;
      for (let i = from; i < from + this.#anchor; i++) hash = Math.imul(hash, FACTOR) + tokens[i]! | 0;
      this.#addRun(mix(hash), this.#size + from);
    }
    this.#size += tokens.length;
    this.#ends.push(this.#size);
    this.#numbers.push(number);
    this.#isShared.push(false);
    return true;
  }

  #addRun(key: number, place: number): void {
    const run = this.#chains.size;
    if (run === this.#places.length) {
      const longer = new Uint32Array(2 * run);
      longer.set(this.#places);
      this.#places = longer;
    }
    this.#places[run] = place;
    this.#chains.add(key);
    const bit = key >>> 8; // 24 bits; chains go by the lower ones
    this.#filter[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** The numbers of texts that share so many tokens with a text of the corpus, and with none before it. */
  search(text: string): number[] {
    const tokens = this.#tokensOf(text);
    const found: number[] = [];
    const [anchor, last] = [this.#anchor, this.#last];
    let hash = 0;
    for (let i = 0; i < tokens.length; i++) {
      hash = Math.imul(hash, FACTOR) + tokens[i]! | 0;
      if (i >= anchor) hash = hash - Math.imul(tokens[i - anchor]!, last) | 0;
      if (i < anchor - 1) continue;
      const key = mix(hash);
      const bit = key >>> 8;
      if ((this.#filter[bit >>> 5]! & 1 << (bit & 31)) === 0) continue;
      this.#chains.find(key, (run) => {
        const own = this.#textAt(this.#places[run]!);
        if (this.#isShared[own]) return "remove";
        if (!this.#isWindow(tokens, i - anchor + 1, this.#places[run]!, own)) return;
        this.#isShared[own] = true;
        found.push(this.#numbers[own]!);
        return "remove";
      });
    }
    return found;
  }

  /** Whether enough tokens are equal around a run of the corpus' text at `at` and of a text's at `place`. */
  #isWindow(tokens: Uint32Array, at: number, place: number, own: number): boolean {
    const [start, end] = [own === 0 ? 0 : this.#ends[own - 1]!, this.#ends[own]!];
    let to = 0;
    while (to < this.#width && at + to < tokens.length && place + to < end) {
      if (tokens[at + to] !== this.#tokens[place + to]) break;
      to++;
    }
    if (to < this.#anchor) return false; // another run of one hash
    let before = 0;
    while (before + to < this.#width && at > before && place - before > start) {
      if (tokens[at - before - 1] !== this.#tokens[place - before - 1]) break;
      before++;
    }
    return before + to >= this.#width;
  }

  /** The text that a token is of. */
  #textAt(place: number): number {
    let [low, high] = [0, this.#ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #tokensOf(text: string): Uint32Array {
    if (this.#into.length < text.length) this.#into = new Uint32Array(2 * text.length);
    return tokenHashes(text, { marks: true }, this.#into);
  }
}
