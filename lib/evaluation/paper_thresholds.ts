/**
 * The paper's thresholds (its section 3.1): mean scores of five models on code that they cannot have seen.
 *
 * @module
 */
import {
  type MetricValues,
  perMetric,
  THRESHOLD_METRICS,
  type ThresholdMetric,
} from "../datasets/metrics.ts";
import type { Threshold } from "./thresholds.ts";

/** A model's thresholds, percent; null where one was not measured. */
export interface ThresholdRow extends MetricValues<ThresholdMetric> {
  /** Which model. */
  model: string;
}

const PUBLISHED: readonly ({ model: string } & Partial<MetricValues<ThresholdMetric>>)[] = [
  { model: "CodeParrot-small 110M (paper)", ma: 45.57, el_3: 17.66, el_5: 10.82, el_10: 5.49 },
  { model: "CodeParrot 1.5B (paper)", ma: 46.34, el_3: 16.56, el_5: 10.17, el_10: 5.14 },
  { model: "CodeGen-350M-Mono (paper)", ma: 48.79, el_3: 18.24, el_5: 11.03, el_10: 5.92 },
  { model: "CodeGen-2B-Mono (paper)", ma: 53.61, el_3: 19.32, el_5: 11.71, el_10: 6.28 },
  { model: "Qwen2.5-Coder-7B (paper)", ma: 40.99, el_3: 15.65, el_5: 12.45, el_10: 8.82 },
];

/** The table as it was published. */
export const PAPER_THRESHOLDS: readonly ThresholdRow[] = PUBLISHED.map((row) => {
  return { model: row.model, ...perMetric(THRESHOLD_METRICS, (metric) => row[metric] ?? null) };
});

/** Columns of {@linkcode besidePaper}'s rows. */
export const THRESHOLD_ROW_COLUMNS = {
  model: "text",
  ...perMetric(THRESHOLD_METRICS, () => "float?" as const),
} as const;

/**
 * The paper's table with a row more: these thresholds, in percent of two decimals.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { besidePaper } from "./paper_thresholds.ts";
 *
 * const ma = { metric: "ma", mean: 0.29901, standard_error: 0.01, texts: 64 } as const;
 * assertEquals(besidePaper([ma], "ours").at(-1), { model: "ours", ma: 29.9, el_3: null, el_5: null, el_10: null });
 * ```
 */
export function besidePaper(thresholds: readonly Threshold[], model: string): ThresholdRow[] {
  const percent = (metric: Threshold["metric"]) => {
    const mean = thresholds.find((row) => row.metric === metric)?.mean ?? null;
    return mean === null ? null : Math.round(mean * 1e4) / 100;
  };
  return [...PAPER_THRESHOLDS, { model, ...perMetric(THRESHOLD_METRICS, percent) }];
}
