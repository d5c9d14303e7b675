/**
 * Intervals of the means that the paper takes: over the secrets of a document, then over documents, so that a secret weighs
 * as its share of its document. Values are drawn again as a whole, as the places of one are no independent samples; see
 * `bootstrap.ts`.
 *
 * @module
 */
import { METRIC_NAMES, type MetricName } from "../datasets/metrics.ts";
import { bootstrapInterval, type BootstrapOptions } from "./bootstrap.ts";
import type { Scores } from "./scorer.ts";

/** Each metric's 95 % interval; null where it is defined for no member. */
export type MetricIntervals = Record<`${MetricName}_low` | `${MetricName}_high`, number | null>;

/** Which scores belong together. */
export interface GroupOfScores {
  /** For each score, its document. */
  documents: readonly (string | number)[];
  /** For each score, whose it is: equal for equal values. Default: each is one of its own. */
  clusters?: readonly string[];
}

/**
 * The intervals of the means of `groupMeans`.
 *
 * @param scores of all secrets, or of all texts
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { groupIntervals } from "./group_intervals.ts";
 *
 * const score = (ma: number) => ({ tokens: 9, ma, el_3: null, el_5: null, el_10: null, nll: 0 });
 * const scores = [score(1), score(0), score(0.5)];
 * const { ma_low, ma_high, el_3_low } = groupIntervals(scores, { documents: ["a", "b", "c"] });
 * assertEquals([ma_low, ma_high, el_3_low], [0, 1, null]);
 * const same = groupIntervals(scores, { documents: ["a", "b", "c"], clusters: ["x", "x", "x"] });
 * assertEquals([same.ma_low, same.ma_high], [0.5, 0.5]); // one value: always the same
 * ```
 */
export function groupIntervals(
  scores: readonly Scores[],
  { documents, clusters }: GroupOfScores,
  options: BootstrapOptions = {},
): MetricIntervals {
  const intervals: Partial<MetricIntervals> = {};
  for (const metric of METRIC_NAMES) {
    const members = [...scores.keys()].filter((i) => scores[i]![metric] !== null);
    const sizes = Map.groupBy(members, (i) => documents[i]!);
    const weights = scores.map((_, i) => 1 / (sizes.get(documents[i]!)?.length ?? 1));
    const weighedMean = (drawn: readonly number[]) => {
      const sum = (value: (i: number) => number) => drawn.reduce((total, i) => total + value(i), 0);
      return sum((i) => weights[i]! * scores[i]![metric]!) / sum((i) => weights[i]!);
    };
    const interval = members.length === 0 ? null : bootstrapInterval(
      [{ values: members, ...clusters && { clusters: members.map((i) => clusters[i]!) } }],
      ([drawn]) => weighedMean(drawn!),
      options,
    );
    intervals[`${metric}_low`] = interval?.low ?? null;
    intervals[`${metric}_high`] = interval?.high ?? null;
  }
  return intervals as MetricIntervals;
}
