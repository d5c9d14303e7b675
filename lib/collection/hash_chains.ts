/**
 * Numbers by 32-bit keys, several a key: twelve bytes and a bit each, however many there are.
 *
 * @module
 */

const FIRST = 1024;

/**
 * Entries that are numbered as they come, and found by their keys.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HashChains } from "./hash_chains.ts";
 *
 * const chains = new HashChains();
 * for (const key of [7, 8, 7]) chains.add(key);
 * const found: number[] = [];
 * chains.find(7, (entry) => void found.push(entry));
 * assertEquals([found, chains.size], [[2, 0], 3]);
 * ```
 */
export class HashChains {
  #heads = new Uint32Array(FIRST); // an entry and one; 0 for none
  #next = new Uint32Array(FIRST);
  #keys = new Uint32Array(FIRST);
  #size = 0;

  /** How many entries were added. */
  get size(): number {
    return this.#size;
  }

  /** Adds an entry with a key that is well mixed; its number is that of the entries before it. */
  add(key: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    const entry = this.#size++;
    this.#keys[entry] = key;
    this.#link(entry);
  }

  /**
   * Goes through the entries of a key, the latest first.
   *
   * @param visit its answer says whether to go on, stop, or leave the entry out from now on
   */
  find(key: number, visit: (entry: number) => "stop" | "remove" | void): void {
    const head = key & (this.#heads.length - 1);
    key >>>= 0;
    for (let before = -1, at = this.#heads[head]!; at !== 0; at = this.#next[at - 1]!) {
      const answer = this.#keys[at - 1] === key ? visit(at - 1) : undefined;
      if (answer === "stop") return;
      if (answer !== "remove") before = at - 1;
      else if (before < 0) this.#heads[head] = this.#next[at - 1]!;
      else this.#next[before] = this.#next[at - 1]!;
    }
  }

  #link(entry: number): void {
    const head = this.#keys[entry]! & (this.#heads.length - 1);
    this.#next[entry] = this.#heads[head]!;
    this.#heads[head] = entry + 1;
  }

  #grow(): void {
    const longer = (array: Uint32Array) => {
      const grown = new Uint32Array(2 * array.length);
      grown.set(array);
      return grown;
    };
    this.#next = longer(this.#next);
    this.#keys = longer(this.#keys);
    this.#heads = new Uint32Array(2 * this.#heads.length);
    for (let entry = 0; entry < this.#size; entry++) this.#link(entry);
  }
}
