/**
 * Requested places that were not treated: why, and whether they are above their thresholds. It follows from their scores, so
 * that a certificate cannot say otherwise.
 *
 * @module
 */
import { isMeasuredAbove } from "../metrics/threshold.ts";
import type { UntreatedPlace } from "./certificate.ts";

/**
 * Why a requested place was not treated, by its scores before: a window of what the model knew is left by `--k` alone.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { untreatedReason } from "./untreated_place.ts";
 *
 * const el_10 = { before: 0, after: 0, threshold: 0 };
 * const reasonOf = (before: number | null) => untreatedReason({ ma: { before, after: 0, threshold: 0.5 }, el_10 });
 * assertEquals([0.4, 0.6, null].map(reasonOf), ["not known", "left by --k", "no tokens"]);
 * ```
 */
export function untreatedReason(place: Pick<UntreatedPlace, "ma" | "el_10">): string {
  if (place.ma.before === null) return "no tokens";
  return isAboveThen(place, "before") ? "left by --k" : "not known";
}

/**
 * Whether a place that was not treated was or is above its thresholds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isAboveThen } from "./untreated_place.ts";
 *
 * const place = { ma: { before: 0.4, after: 0.6, threshold: 0.5 }, el_10: { before: null, after: 0, threshold: null } };
 * assertEquals((["before", "after"] as const).map((when) => isAboveThen(place, when)), [false, true]);
 * ```
 */
export function isAboveThen(
  { ma, el_10 }: Pick<UntreatedPlace, "ma" | "el_10">,
  when: "before" | "after",
): boolean {
  const bounds = { ma: ma.threshold ?? Infinity, el_10: el_10.threshold ?? Infinity };
  return isMeasuredAbove({ ma: ma[when], el_10: el_10[when] }, bounds);
}
