/**
 * The paper's results (its tables 3 and 4; k = 32, means of five forget sets): CodeEraser's scores before and after,
 * how much of them is gone, and how much of the model's use GA and CodeEraser keep.
 *
 * @module
 */
import { type MetricValues, THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import { PAPER_TABLES } from "../metrics/paper_tables.ts";
import type { SetScores } from "./evaluate_sets.ts";

/** A model's results, percent. */
export interface ResultsRow {
  /** Which model. */
  model: string;
  /** Mean MA of the forget set before. */
  ma_before: number | null;
  /** After CodeEraser. */
  ma_after: number | null;
  /** Mean EL_10 before. */
  el_10_before: number | null;
  /** After CodeEraser. */
  el_10_after: number | null;
  /** Mean over MA, EL_3, EL_5, EL_10 of the share that is gone. */
  reduction: number | null;
  /** What GA keeps: the paper's is of HumanEval's pass@k, ours of the retain set's MA. */
  kept_ga: number | null;
  /** What CodeEraser keeps. */
  kept_codeeraser: number | null;
}

/** Columns of {@linkcode besidePaperResults}' rows. */
export const RESULTS_ROW_COLUMNS = {
  model: "text",
  ma_before: "float?",
  ma_after: "float?",
  el_10_before: "float?",
  el_10_after: "float?",
  reduction: "float?",
  kept_ga: "float?",
  kept_codeeraser: "float?",
} as const;

/** The table as it was published. */
export const PAPER_RESULTS: readonly ResultsRow[] = [
  ...Map.groupBy(PAPER_TABLES, ({ model }) => model),
].map(([model, rows]) => {
  const by = (method: string) => rows.find((row) => row.method === method)!;
  const [before, after] = [by("before"), by("codeeraser")];
  return {
    model: `${model} (paper)`,
    ...{ ma_before: before.ma, ma_after: after.ma, el_10_before: before.el_10, el_10_after: after.el_10 },
    ...{ reduction: after.reduction, kept_ga: by("ga").retention, kept_codeeraser: after.retention },
  };
});

/**
 * The mean over MA, EL_3, EL_5 and EL_10 of the share that is gone; scores that were 0 or not measured are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reductionOf } from "./paper_results.ts";
 *
 * const before = { ma: 1, el_3: 0.8, el_5: 0, el_10: null };
 * assertEquals(reductionOf(before, { ma: 0.5, el_3: 0, el_5: 0, el_10: null }), 0.75);
 * ```
 */
export function reductionOf(
  before: MetricValues<ThresholdMetric>,
  after: MetricValues<ThresholdMetric>,
): number | null {
  const gone = THRESHOLD_METRICS.map((metric) => goneOf(before[metric], after[metric])).filter((share) =>
    share !== null
  );
  return gone.length === 0 ? null : gone.reduce((sum, share) => sum + share, 0) / gone.length;
}

function goneOf(before: number | null, after: number | null): number | null {
  return before === null || after === null || before === 0 ? null : 1 - after / before;
}

/**
 * The paper's table with a row more: these scores of "before", "codeeraser" and "ga", in percent of two decimals.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { besidePaperResults } from "./paper_results.ts";
 *
 * const row = { set: "retain", el_3: null, el_5: null, el_10: null, nll: null, rows: 1 } as const;
 * const ours = besidePaperResults([{ ...row, model: "before", ma: 0.8 }, { ...row, model: "ga", ma: 0.2 }], "ours");
 * assertEquals([ours.at(-1)?.model, ours.at(-1)?.kept_ga, ours.at(-1)?.kept_codeeraser], ["ours", 25, null]);
 * ```
 */
export function besidePaperResults(scores: readonly SetScores[], model: string): ResultsRow[] {
  const find = (set: SetScores["set"], name: string) =>
    scores.find((row) => row.set === set && row.model === name);
  const [before, after] = [find("forget", "before"), find("forget", "codeeraser")];
  const kept = (method: string) => {
    const gone = goneOf(find("retain", "before")?.ma ?? null, find("retain", method)?.ma ?? null);
    return gone === null ? null : 1 - gone;
  };
  return [...PAPER_RESULTS, {
    model,
    ma_before: percent(before?.ma),
    ma_after: percent(after?.ma),
    el_10_before: percent(before?.el_10),
    el_10_after: percent(after?.el_10),
    reduction: percent(before && after && reductionOf(before, after)),
    kept_ga: percent(kept("ga")),
    kept_codeeraser: percent(kept("codeeraser")),
  }];
}

function percent(rate: number | null | undefined): number | null {
  return rate === null || rate === undefined ? null : Math.round(rate * 1e4) / 100;
}
