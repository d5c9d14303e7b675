/**
 * Binary search.
 *
 * @module
 */

/**
 * The index of the first of the rising `numbers` that is at least `bound`; their count if there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { firstAtLeast } from "./first_at_least.ts";
 *
 * assertEquals([3, 4, 8].map((bound) => firstAtLeast([1, 4, 7], bound)), [1, 1, 3]);
 * ```
 */
export function firstAtLeast(numbers: readonly number[], bound: number): number {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
