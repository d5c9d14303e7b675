/**
 * The Pareto front of what is forgotten and what is kept.
 *
 * @module
 */

/**
 * The points that no other one beats on both sides, from left to right.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { paretoFront } from "./pareto_front.ts";
 *
 * const points = [{ forgotten: 0.5, kept: 0.9 }, { forgotten: 0.75, kept: 0.7 }, { forgotten: 0.5, kept: 0.6 }];
 * assertEquals(paretoFront(points), points.slice(0, 2));
 * ```
 */
export function paretoFront<T extends { readonly forgotten: number; readonly kept: number }>(
  points: readonly T[],
): T[] {
  let best = -Infinity;
  return points.toSorted((a, b) => b.forgotten - a.forgotten || b.kept - a.kept).filter(({ kept }) => {
    if (kept <= best) return false;
    best = kept;
    return true;
  }).toReversed();
}
