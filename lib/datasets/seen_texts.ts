/**
 * Texts that came before, to the letter: by the SHA-256 of their UTF-8, as the reference tells files apart, at some 64
 * bytes each, or by the first bits of it.
 *
 * @module
 */
import { hash } from "node:crypto";

const [WORDS, FIRST, FULL] = [8, 1024, 0.7]; // of a whole digest

/**
 * The texts so far.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SeenTexts } from "./seen_texts.ts";
 *
 * const seen = new SeenTexts();
 * assertEquals([seen.add("x", 0), seen.add("y", 1), seen.add("x", 2)], [null, null, 0]);
 * ```
 */
export class SeenTexts {
  readonly #words: number;
  #digests: Uint32Array;
  #numbers = new Uint32Array(FIRST); // and one; 0 for none
  #size = 0;

  /** @param words of 32 bits of each digest that are held */
  constructor(words = WORDS) {
    this.#words = words;
    this.#digests = new Uint32Array(words * FIRST);
  }

  /** The number of the first text that was the same; null where there is none. */
  add(text: string, number: number): number | null {
    const whole = new Uint32Array(WORDS);
    new Uint8Array(whole.buffer).set(hash("sha256", text, "buffer"));
    const digest = whole.subarray(0, this.#words);
    const slot = this.#find(digest);
    if (this.#numbers[slot]! > 0) return this.#numbers[slot]! - 1;
    this.#numbers[slot] = number + 1;
    this.#digests.set(digest, this.#words * slot);
    if (++this.#size > FULL * this.#numbers.length) this.#grow();
    return null;
  }

  /** Where a digest stands, or would. */
  #find(digest: Uint32Array): number {
    const mask = this.#numbers.length - 1;
    for (let slot = digest[0]! & mask;; slot = (slot + 1) & mask) {
      if (this.#numbers[slot] === 0) return slot;
      let word = 0;
      while (word < this.#words && this.#digests[this.#words * slot + word] === digest[word]) word++;
      if (word === this.#words) return slot;
    }
  }

  #grow(): void {
    const [digests, numbers] = [this.#digests, this.#numbers];
    this.#digests = new Uint32Array(2 * digests.length);
    this.#numbers = new Uint32Array(2 * numbers.length);
    for (const [slot, number] of numbers.entries()) {
      if (number === 0) continue;
      const digest = digests.subarray(this.#words * slot, this.#words * (slot + 1));
      const to = this.#find(digest);
      this.#numbers[to] = number;
      this.#digests.set(digest, this.#words * to);
    }
  }
}
