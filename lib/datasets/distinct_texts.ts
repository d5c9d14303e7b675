/**
 * The different texts of a corpus, by their hashes: which number a text has among them, in some 25 bytes a text.
 *
 * @module
 */
import { SeenTexts } from "./seen_texts.ts";

/** 64 bits of SHA-256. */
const WORDS = 2;

/**
 * The different texts so far. Of ten million, one in 400,000 runs would take two for the same.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DistinctTexts } from "./distinct_texts.ts";
 *
 * const texts = new DistinctTexts();
 * assertEquals([texts.add("x"), texts.add("y"), texts.add("x"), texts.size], [0, 1, 0, 2]);
 * ```
 */
export class DistinctTexts {
  readonly #seen = new SeenTexts(WORDS);
  #size = 0;

  /** How many different texts were added. */
  get size(): number {
    return this.#size;
  }

  /** The number of a text among the different ones, in the order in which they came first. */
  add(text: string): number {
    return this.#seen.add(text, this.#size) ?? this.#size++;
  }
}
