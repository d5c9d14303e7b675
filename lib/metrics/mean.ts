/**
 * Means.
 *
 * @module
 */

/**
 * The mean of numbers; NaN of none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mean } from "./mean.ts";
 *
 * assertEquals([mean([1, 2]), mean([])], [1.5, NaN]);
 * ```
 */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
