/**
 * Which texts share a window of 50 tokens with a corpus that is streamed past them: words and marks in a row, white space
 * left out, at least ten of them different, so that rulers and tables of zeros are none.
 *
 * Of each text runs of 25 tokens are kept by their hashes, so that each window holds one whole: of the runs in it the last
 * that has at least five different tokens, as one of its halves must. Where the corpus has such a run, its tokens and those
 * beside it are compared one by one, so the answer is that of comparing all windows, but for words that have one hash (once
 * in four billion pairs).
 *
 * Memory is four bytes a token of the texts and a byte for the runs; the corpus is never held.
 *
 * @module
 */
import { distinctTokens } from "./distinct_tokens.ts";
import { HashChains } from "./hash_chains.ts";
import { mix, tokenHashes } from "./token_hashes.ts";

/** Tokens that must be shared in a row. */
export const SHARED_TOKENS = 50;

/** How many of them must be different: between what rulers have and what code has, as docs/unseen.md measures it. */
export const DISTINCT_TOKENS = 10;

/** What counts as shared. */
export interface SharedWindowsOptions {
  /** Tokens in a row, at least 2. */
  width?: number;
  /** How many of them must be different, at least. */
  distinct?: number;
}

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
  readonly #distinct: number;
  readonly #anchor: number;
  #tokens = new Int32Array(2 ** 16);
  #size = 0;
  /** Where each text ends among the tokens. */
  readonly #ends: number[] = [];
  readonly #numbers: number[] = [];
  readonly #isShared: boolean[] = [];
  readonly #chains = new HashChains();
  /** Where each run stands among the tokens. */
  #places = new Uint32Array(2 ** 10);
  /** A bit for each hash of a run, as far as 24 bits of it tell. */
  readonly #filter = new Int32Array(FILTER_BITS / 32);
  #into = new Uint32Array(0);
  #runs = new Int32Array(0);

  constructor({ width = SHARED_TOKENS, distinct = DISTINCT_TOKENS }: SharedWindowsOptions = {}) {
    this.#width = width;
    this.#distinct = distinct;
    this.#anchor = Math.ceil(width / 2);
  }

  /** Tokens of all texts that were added. */
  get tokens(): number {
    return this.#size;
  }

  /** Adds a text that is looked for; false where it has no window that could be shared. */
  add(text: string, number: number): boolean {
    const tokens = this.#tokensOf(text);
    const anchors = this.#anchorsOf(tokens);
    if (anchors.length === 0) return false;
    if (this.#size + tokens.length > this.#tokens.length) {
      const longer = new Int32Array(2 * (this.#size + tokens.length));
      longer.set(this.#tokens);
      this.#tokens = longer;
    }
    this.#tokens.set(tokens, this.#size);
    const runs = this.#runsOf(tokens);
    for (const at of anchors) this.#addRun(runs[at]!, this.#size + at);
    this.#size += tokens.length;
    this.#ends.push(this.#size);
    this.#numbers.push(number);
    this.#isShared.push(false);
    return true;
  }

  /** Where runs begin of which every window holds one that can be found by it. */
  #anchorsOf(tokens: Int32Array): number[] {
    const windows = distinctTokens(tokens, this.#width);
    const runs = distinctTokens(tokens, this.#anchor);
    const anchors: number[] = [];
    for (let at = 0, last = -1; at < windows.length; at++) {
      if (last >= at || windows[at]! < this.#distinct) continue;
      last = at + this.#width - this.#anchor;
      while (2 * runs[last]! < this.#distinct) last--; // rulers stand in many files, and would all be compared
      anchors.push(last);
    }
    return anchors;
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
    this.#filter[key >>> 13]! |= 1 << (key >>> 8 & 31); // chains go by the lower bits
  }

  /** The numbers of texts that share so many tokens with a text of the corpus, and with none before it. */
  search(text: string): number[] {
    const tokens = this.#tokensOf(text);
    const found: number[] = [];
    const runs = this.#runsOf(tokens);
    for (
      let at = nextKnown(runs, 0, this.#filter);
      at < runs.length;
      at = nextKnown(runs, at + 1, this.#filter)
    ) {
      this.#compare(tokens, at, { key: runs[at]!, found });
    }
    return found;
  }

  /** Compares what has a run of one hash with that of the corpus' text at `at`. */
  #compare(tokens: Int32Array, at: number, { key, found }: { key: number; found: number[] }): void {
    this.#chains.find(key, (run) => {
      const own = this.#textAt(this.#places[run]!);
      if (this.#isShared[own]) return "remove";
      if (!this.#isWindow(tokens, at, this.#places[run]!, own)) return;
      this.#isShared[own] = true;
      found.push(this.#numbers[own]!);
      return "remove";
    });
  }

  /** Whether a window around a run of the corpus' text at `at` is one around that of a text at `place`. */
  #isWindow(tokens: Int32Array, at: number, place: number, own: number): boolean {
    const [start, end] = [own === 0 ? 0 : this.#ends[own - 1]!, this.#ends[own]!];
    let to = 0;
    while (to < this.#width && at + to < tokens.length && place + to < end) {
      if (tokens[at + to] !== this.#tokens[place + to]) break;
      to++;
    }
    if (to < this.#anchor) return false; // another run of one hash
    let before = 0;
    while (before < this.#width - this.#anchor && at > before && place - before > start) {
      if (tokens[at - before - 1] !== this.#tokens[place - before - 1]) break;
      before++;
    }
    if (before + to < this.#width) return false;
    const equal = tokens.subarray(at - before, at + to);
    return distinctTokens(equal, this.#width).some((count) => count >= this.#distinct);
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

  #tokensOf(text: string): Int32Array {
    if (this.#into.length < text.length) this.#into = new Uint32Array(2 * text.length);
    const { buffer, byteOffset, length } = tokenHashes(text, { marks: true }, this.#into);
    return new Int32Array(buffer, byteOffset, length); // whole numbers of 32 bits are faster with a sign
  }

  #runsOf(tokens: Int32Array): Int32Array {
    if (this.#runs.length < tokens.length) this.#runs = new Int32Array(2 * tokens.length);
    return runHashes(tokens, this.#anchor, this.#runs);
  }
}

/** The hash of each run of so many tokens, by one that rolls (Karp and Rabin, 1987). */
function runHashes(tokens: Int32Array, width: number, into: Int32Array): Int32Array {
  let last = 1; // what the hash is multiplied by until a token leaves it
  for (let i = 0; i < width; i++) last = Math.imul(last, FACTOR);
  let hash = 0;
  for (let i = 0; i < tokens.length; i++) {
    hash = Math.imul(hash, FACTOR) + tokens[i]! | 0;
    if (i >= width) hash = hash - Math.imul(tokens[i - width]!, last) | 0;
    if (i >= width - 1) into[i - width + 1] = mix(hash);
  }
  return into.subarray(0, Math.max(0, tokens.length - width + 1));
}

/** The next run from `at` on whose hash is that of one that is looked for, as far as the filter tells. */
function nextKnown(runs: Int32Array, at: number, filter: Int32Array): number {
  while (at < runs.length && (filter[runs[at]! >>> 13]! & 1 << (runs[at]! >>> 8 & 31)) === 0) at++;
  return at;
}
