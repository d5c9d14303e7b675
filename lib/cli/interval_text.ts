/**
 * Intervals as the tables of a terminal have them, which are 80 columns wide: on a line of their own under the means, and
 * as short as can be.
 *
 * @module
 */
import type { Interval } from "../metrics/bootstrap.ts";

/** What stands under a table that has such lines. */
export const INTERVAL_NOTE = "under each mean its 95 % interval";

/**
 * The ends of an interval, without zeros before the point; undefined, an empty cell, where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { endsText } from "./interval_text.ts";
 *
 * assertEquals(endsText({ low: 0.254, high: 1 }), ".25–1.00");
 * assertEquals([endsText({ low: -3.16, high: -0.04 }, 1), endsText(null)], ["-3.2–-.0", undefined]);
 * ```
 */
export function endsText(
  interval: Pick<Interval, "low" | "high"> | null | undefined,
  decimals = 2,
): string | undefined {
  if (!interval) return undefined;
  return [interval.low, interval.high].map((end) => end.toFixed(decimals).replace(/^(-?)0\./, "$1.")).join(
    "–",
  );
}

/**
 * The ends of a share in whole percent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { percentEnds } from "./interval_text.ts";
 *
 * assertEquals([percentEnds({ low: 0.254, high: 1 }), percentEnds(null)], ["25–100 %", undefined]);
 * ```
 */
export function percentEnds(interval: Pick<Interval, "low" | "high"> | null | undefined): string | undefined {
  return interval ? `${Math.round(100 * interval.low)}–${Math.round(100 * interval.high)} %` : undefined;
}
