/**
 * The Pareto front of what is forgotten and what is kept, and the line from which on forgetting is enough.
 *
 * @module
 */
import type { Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, type ThresholdLine, thresholdLine } from "./style.ts";

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

/**
 * The front as a broad line under its points.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { frontTrace } from "./pareto_front.ts";
 *
 * assertEquals(frontTrace([{ forgotten: 0.5, kept: 0.9 }]).y, [0.9]);
 * ```
 */
export function frontTrace(front: readonly { readonly forgotten: number; readonly kept: number }[]): Trace {
  return {
    type: "scatter",
    mode: "lines",
    name: "Pareto front",
    x: front.map(({ forgotten }) => forgotten),
    y: front.map(({ kept }) => kept),
    line: { color: PALETTE.grey, width: 6, shape: "linear" },
    opacity: 0.45,
    hoverinfo: "skip",
  };
}

/**
 * The line from which on forgetting is enough, its label at its foot; none where a threshold or MA before is unknown.
 *
 * @param before MA of the forget set before
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { enoughLines } from "./pareto_front.ts";
 *
 * assertEquals(enoughLines(0.25, 1).map(({ x0 }) => x0), [0.75]);
 * assertEquals(enoughLines(null, 1), []);
 * ```
 */
export function enoughLines(threshold: number | null, before: number | null | undefined): ThresholdLine[] {
  if (!isScore(threshold) || !isScore(before)) return [];
  const line = thresholdLine(1 - threshold / before, { axis: "x" });
  const foot = { textposition: "start", xanchor: "right", yanchor: "bottom" };
  return [{
    ...line,
    yref: "y domain",
    label: { ...line.label, text: `MA threshold ${percentText(threshold)} `, ...foot },
  }];
}
