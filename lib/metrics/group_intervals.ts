/**
 * Intervals of the means that the paper takes: over the secrets of a document, then over documents, so that a secret weighs
 * as its share of its document. Values are drawn again as a whole, as the places of one are no independent samples; see
 * `bootstrap.ts`.
 *
 * @module
 */
import { METRIC_NAMES, type MetricName, type MetricValues, perMetric } from "../datasets/metrics.ts";
import { bootstrapInterval, type BootstrapOptions, type Interval } from "./bootstrap.ts";

/** Each metric's 95 % interval; null where it is defined for no member. */
export type MetricIntervals = Record<`${MetricName}_low` | `${MetricName}_high`, number | null>;

/** The 95 % interval of what each metric's mean has changed by; null where that is defined for no member. */
export type MetricChanges = Record<`${MetricName}_change_low` | `${MetricName}_change_high`, number | null>;

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
  scores: readonly MetricValues[],
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

/**
 * The intervals of what the means of `groupMeans` have changed by, from one model to another on the same secrets or texts:
 * what is drawn is drawn for both, so what they have in common is no part of the interval.
 *
 * @param before scores of the same members, in the same order; undefined where there are none
 * @returns null for each metric where `before` is missing, or has not as many members
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { groupChanges } from "./group_intervals.ts";
 *
 * const score = (ma: number) => ({ ma, el_3: null, el_5: null, el_10: null, nll: 0 });
 * const [before, after] = [[0, 0.5, 1].map(score), [0.25, 0.75, 1.25].map(score)];
 * const { ma_change_low, ma_change_high, el_3_change_low } = groupChanges(after, before, { documents: ["a", "b", "c"] });
 * assertEquals([ma_change_low, ma_change_high, el_3_change_low], [0.25, 0.25, null]); // far apart, alike in what changed
 * ```
 */
export function groupChanges(
  after: readonly MetricValues[],
  before: readonly MetricValues[] | undefined,
  groups: GroupOfScores,
  options: BootstrapOptions = {},
): MetricChanges {
  const differences = before?.length !== after.length
    ? []
    : after.map((own, i) =>
      perMetric(METRIC_NAMES, (metric) => {
        const [to, from] = [own[metric], before[i]![metric]];
        return to === null || from === null ? null : to - from;
      })
    );
  const intervals = groupIntervals(differences, groups, options);
  const ends = METRIC_NAMES.flatMap((metric) => [
    [`${metric}_change_low`, intervals[`${metric}_low`]],
    [`${metric}_change_high`, intervals[`${metric}_high`]],
  ]);
  return Object.fromEntries(ends) as MetricChanges;
}

/**
 * A mean of a table's row with its interval; null where the row lacks one of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { intervalOf } from "./group_intervals.ts";
 *
 * const row = { ma: 0.5, ma_low: 0.25, ma_high: 0.75, el_3: 0.5, el_3_low: null };
 * assertEquals([intervalOf(row, "ma"), intervalOf(row, "el_3")], [{ estimate: 0.5, low: 0.25, high: 0.75 }, null]);
 * ```
 */
export function intervalOf(
  row: Partial<MetricValues> & Partial<MetricIntervals>,
  metric: MetricName,
): Interval | null {
  const [estimate, low, high] = [row[metric], row[`${metric}_low`], row[`${metric}_high`]];
  const isKnown = typeof estimate === "number" && typeof low === "number" && typeof high === "number";
  return isKnown ? { estimate, low, high } : null;
}
