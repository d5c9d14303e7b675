/**
 * The order in which a sample takes the documents of a corpus, and the first of those that fit, however many there are:
 * each document has a rank, and only those of the lowest ranks so far are held.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";

/** How documents are put in order. */
export const SAMPLE_ORDERS = ["python", "hash"] as const;

/**
 * Ranks of documents by Python's `random.shuffle` over their sorted ids, as the reference draws them. All ids are held.
 *
 * @param ids in any order, each once
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pythonRanks } from "./sample_order.ts";
 *
 * assertEquals([...pythonRanks(["e", "a", "c", "b", "d"], 42)], [3, 4, 2, 1, 0]); // Python's order: d, b, c, e, a
 * ```
 */
export function pythonRanks(ids: readonly string[], seed: number): Uint32Array {
  const sorted = Uint32Array.from(ids, (_, i) => i).sort((a, b) => ids[a]! < ids[b]! ? -1 : 1);
  const shuffled = new PythonRandom(seed).shuffle(sorted);
  const ranks = new Uint32Array(ids.length);
  shuffled.forEach((number, rank) => ranks[number] = rank);
  return ranks;
}

/**
 * The items of the lowest ranks so far.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LowestRanks } from "./sample_order.ts";
 *
 * const lowest = new LowestRanks<string>(2);
 * for (const [rank, item] of ["d", "a", "c", "b"].entries()) lowest.add((rank * 3) % 4, item); // 0, 3, 2, 1
 * assertEquals([lowest.items(), lowest.bound], [["d", "b"], 1]);
 * ```
 */
export class LowestRanks<T> {
  readonly #count: number;
  #held: { rank: number; item: T }[] = [];
  #bound = Infinity;

  constructor(count: number) {
    this.#count = count;
  }

  /** The highest rank that may still come in; Infinity as long as there are too few. */
  get bound(): number {
    return this.#bound;
  }

  /** Takes an item in, if its rank is low enough. */
  add(rank: number, item: T): void {
    if (rank > this.#bound) return;
    this.#held.push({ rank, item });
    if (this.#held.length >= 2 * this.#count) this.#cut();
  }

  /** The items by their ranks. */
  items(): T[] {
    this.#cut();
    return this.#held.map(({ item }) => item);
  }

  #cut(): void {
    this.#held.sort((a, b) => a.rank - b.rank).splice(this.#count);
    if (this.#held.length === this.#count) this.#bound = this.#held.at(-1)!.rank;
  }
}
