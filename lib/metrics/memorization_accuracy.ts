/**
 * Memorization accuracy MA (Tirumala et al., 2022; the paper's section 3.1): the share of tokens that are the model's
 * argmax given the true tokens before them. One teacher-forced forward gives all positions.
 *
 * @module
 */

/**
 * The share of equal entries.
 *
 * @param predictions the model's argmax at each scored position
 * @param labels the true tokens there
 * @returns in [0, 1], or null where nothing is scored
 * @throws {RangeError} when the lengths differ
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(memorizationAccuracy([5, 6, 7, 0], [5, 6, 7, 8]), 0.75);
 * assertEquals(memorizationAccuracy([], []), null);
 * ```
 */
export function memorizationAccuracy(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
): number | null {
  if (predictions.length !== labels.length) {
    throw new RangeError(`Cannot compare ${predictions.length} predictions with ${labels.length} labels`);
  }
  if (labels.length === 0) return null;
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) hits++;
  return hits / labels.length;
}
