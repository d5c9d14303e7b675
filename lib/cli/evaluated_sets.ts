/**
 * What `evaluate` and the demo show of the sets in a terminal.
 *
 * @module
 */
import { METRIC_NAMES, METRICS } from "../datasets/metrics.ts";
import type { SetScores } from "../evaluation/evaluate_sets.ts";
import { intervalOf, type MetricIntervals } from "../metrics/group_intervals.ts";
import { describeRelearning } from "../report/run_tables.ts";
import { formatTable } from "./console.ts";
import { endsText, INTERVAL_NOTE } from "./interval_text.ts";

/**
 * The sets' means as a table for a terminal, under each its interval where the rows have one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatSets } from "./evaluated_sets.ts";
 *
 * const scores = { ma: 0.5, el_3: 0.25, el_5: 0, el_10: null, nll: 2 };
 * const [header, , row] = formatSets([{ set: "forget", model: "ga", ...scores, rows: 32 }]).split("\n");
 * assertEquals(header, "set     model  MA      EL_3    EL_5    EL_10  loss    rows");
 * assertEquals(row, "forget  ga     0.5000  0.2500  0.0000  -      2.0000    32");
 * const sure = { set: "forget", model: "ga", ...scores, rows: 32, ma_low: 0.41, ma_high: 0.58 } as const;
 * assertEquals(formatSets([sure]).split("\n").slice(3), ["               .41–.58", "under each mean its 95 % interval"]);
 * ```
 */
export function formatSets(rows: readonly (SetScores & Partial<MetricIntervals>)[]): string {
  const cell = (value: number | null) => value === null ? null : value.toFixed(4);
  const lines = rows.flatMap((row) => {
    const ends = METRIC_NAMES.map((name) => endsText(intervalOf(row, name)));
    return [
      [row.set, row.model, ...METRIC_NAMES.map((name) => cell(row[name])), row.rows],
      ...ends.some((text) => text !== undefined) ? [[undefined, undefined, ...ends]] : [],
    ];
  });
  const header = ["set", "model", ...METRIC_NAMES.map((name) => METRICS[name].label), "rows"];
  return [formatTable(header, lines), ...lines.length > rows.length ? [INTERVAL_NOTE] : []].join("\n");
}

/**
 * What the set `relearned` is.
 *
 * @param steps of the training
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeRelearned } from "./evaluated_sets.ts";
 *
 * assertEquals(describeRelearned(20), "relearned: the forget set after 20 steps of ordinary training on other code");
 * ```
 */
export function describeRelearned(steps: number): string {
  return `relearned: the forget set after ${describeRelearning({ relearningSteps: steps })}`;
}
