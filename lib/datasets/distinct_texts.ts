/**
 * The different texts of a corpus, by their hashes: which number a text has among them, in some 25 bytes a text.
 *
 * @module
 */
import { createHash } from "node:crypto";

const FIRST_SLOTS = 1024;
const FULL = 0.7;
/** Numbers of a slot: 64 bits of SHA-256, and the text's number and one. */
const WIDTH = 3;

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
  #slots = new Uint32Array(WIDTH * FIRST_SLOTS);
  #size = 0;

  /** How many different texts were added. */
  get size(): number {
    return this.#size;
  }

  /** The number of a text among the different ones, in the order in which they came first. */
  add(text: string): number {
    const hash = createHash("sha256").update(text).digest();
    const [low, high] = [hash.readUInt32LE(0), hash.readUInt32LE(4)];
    const slot = this.#find(low, high);
    const known = this.#slots[slot + 2]!;
    if (known > 0) return known - 1;
    this.#slots.set([low, high, ++this.#size], slot);
    if (this.#size > FULL * this.#slots.length / WIDTH) this.#grow();
    return this.#size - 1;
  }

  /** Where a hash stands, or would. */
  #find(low: number, high: number): number {
    const mask = this.#slots.length / WIDTH - 1;
    for (let slot = low & mask;; slot = (slot + 1) & mask) {
      const at = WIDTH * slot;
      if (this.#slots[at + 2] === 0 || (this.#slots[at] === low && this.#slots[at + 1] === high)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += WIDTH) {
      if (old[at + 2]! > 0) this.#slots.set(old.subarray(at, at + WIDTH), this.#find(old[at]!, old[at + 1]!));
    }
  }
}
