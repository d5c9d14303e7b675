/**
 * How sure a change of a mean is: by the interval of its pairs where `evaluate` measured both models, else by the intervals
 * of the two means, which are wider than what changed.
 *
 * @module
 */
import { type MetricName, METRICS } from "../datasets/metrics.ts";
import { isScore } from "../figures/style.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { intervalOf } from "../metrics/group_intervals.ts";
import { formatInterval, joinWords } from "./format.ts";
import type { ReportedResult } from "./run_tables.ts";

type Row = ReportedResult | undefined;

/**
 * The change with the interval of its pairs; null where the table has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pairedChange } from "./describe_change.ts";
 *
 * const row = { set: "retain", model: "ga", ma: 0.5, el_3: 0, el_5: 0, el_10: 0, nll: 1, rows: 8 } as const;
 * const after = { ...row, ma: 0.25, ma_change_low: -0.5, ma_change_high: 0 };
 * assertEquals(pairedChange(row, after, "ma"), { estimate: -0.25, low: -0.5, high: 0 });
 * assertEquals(pairedChange(row, after, "nll"), null);
 * ```
 */
export function pairedChange(before: Row, after: Row, metric: MetricName): Interval | null {
  const [from, to] = [before?.[metric], after?.[metric]];
  const [low, high] = [after?.[`${metric}_change_low`], after?.[`${metric}_change_high`]];
  return isScore(from) && isScore(to) && isScore(low) && isScore(high)
    ? { estimate: to - from, low, high }
    : null;
}

/**
 * A change in words: with the interval of its pairs, else with those of both means; undefined where neither is known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeChange } from "./describe_change.ts";
 *
 * const row = { set: "retain", model: "ga", ma: 0.5, el_3: 0, el_5: 0, el_10: 0, nll: 1, rows: 8 } as const;
 * const [before, after] = [{ ...row, ma_low: 0.4, ma_high: 0.6 }, { ...row, ma: 0.25, ma_low: 0.2, ma_high: 0.3 }];
 * assertEquals(describeChange(before, after, "ma"), "0.500 [0.400, 0.600] to 0.250 [0.200, 0.300], not paired");
 * const paired = { ...after, ma_change_low: -0.3, ma_change_high: -0.2 };
 * assertEquals(describeChange(before, paired, "ma"), "change -0.250 [-0.300, -0.200]");
 * ```
 */
export function describeChange(before: Row, after: Row, metric: MetricName): string | undefined {
  const change = pairedChange(before, after, metric);
  if (change) return `change ${formatInterval(change)}`;
  const [from, to] = [before, after].map((row) => row ? intervalOf(row, metric) : null);
  return from && to ? `${formatInterval(from)} to ${formatInterval(to)}, not paired` : undefined;
}

/**
 * Which metrics' changes may be larger than what is tolerated, though their estimates are not: the end of a sentence, empty
 * where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeUnsure } from "./describe_change.ts";
 *
 * assertEquals(describeUnsure([]), "");
 * assertEquals(describeUnsure([{ metric: "ma" }]), "; the interval of MA reaches below");
 * assertEquals(describeUnsure([{ metric: "ma" }, { metric: "el_3" }]), "; the intervals of MA and EL_3 reach below");
 * ```
 */
export function describeUnsure(rows: readonly { readonly metric: MetricName }[]): string {
  if (rows.length === 0) return "";
  const [noun, verb] = rows.length === 1 ? ["interval", "reaches"] : ["intervals", "reach"];
  return `; the ${noun} of ${joinWords(rows.map(({ metric }) => METRICS[metric].label))} ${verb} below`;
}
