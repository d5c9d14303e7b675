import { assert, assertEquals } from "@std/assert";
import {
  EVALUATION_COLUMNS,
  HISTORY_COLUMNS,
  HYPERPARAMETER_COLUMNS,
  MEASURE_COLUMNS,
  PROBE_EL_COLUMNS,
  SECRET_SCORE_COLUMNS,
} from "../../lib/datasets/columns.ts";
import type { MetricIntervals } from "../../lib/metrics/group_intervals.ts";
import { formatSets } from "../../lib/cli/evaluated_sets.ts";
import { metricsOf } from "../../lib/cli/unlearn_report.ts";
import {
  EL_ORDERS,
  LIKELIHOOD_NAMES,
  METRIC_NAMES,
  METRICS,
  perMetric,
  THRESHOLD_METRICS,
} from "../../lib/datasets/metrics.ts";
import { memorizationThresholds } from "../../lib/evaluation/thresholds.ts";
import {
  besidePaper,
  PAPER_THRESHOLDS,
  THRESHOLD_ROW_COLUMNS,
} from "../../lib/evaluation/paper_thresholds.ts";
import { SCORE_COLUMNS } from "../../lib/figures/score_columns.ts";
import { extractionLikelihoods } from "../../lib/metrics/extraction_likelihood.ts";
import { groupMeans } from "../../lib/metrics/group_scores.ts";
import { renderResultsTable } from "../../lib/report/results_table.ts";

/** The names of an object's fields, of those that are metrics. */
const metricsIn = (fields: object) => Object.keys(fields).filter((name) => name in METRICS);
const likelihoods: readonly string[] = LIKELIHOOD_NAMES;
const scores = { tokens: 9, ...perMetric(METRIC_NAMES, () => 0.5) };

Deno.test("METRICS names MA, each EL_n and the loss, and says of each what it is", () => {
  assertEquals(METRIC_NAMES, ["ma", "el_3", "el_5", "el_10", "nll"]);
  assertEquals([...EL_ORDERS], [3, 5, 10]);
  assertEquals(THRESHOLD_METRICS, METRIC_NAMES.filter((name) => name !== "nll"));
  EL_ORDERS.forEach((n, i) => assertEquals(METRICS[LIKELIHOOD_NAMES[i]!].label, `EL_${n}`));
  assertEquals(new Set(METRIC_NAMES.map((name) => METRICS[name].label)).size, METRIC_NAMES.length);
  for (const name of METRIC_NAMES) assert(METRICS[name].what.length > 20, name);
  // shares go up with memorization, what is in nats goes down
  for (const { unit, memorized } of Object.values(METRICS)) {
    assertEquals(unit === "share", memorized === "high" as string);
  }
});

Deno.test("columns of tables have every metric in the table's order", () => {
  for (const columns of [MEASURE_COLUMNS, EVALUATION_COLUMNS]) assertEquals(metricsIn(columns), METRIC_NAMES);
  for (const columns of [PROBE_EL_COLUMNS, HISTORY_COLUMNS, HYPERPARAMETER_COLUMNS, SECRET_SCORE_COLUMNS]) {
    assertEquals(metricsIn(columns), ["ma", ...likelihoods]);
  }
  assertEquals(metricsIn(THRESHOLD_ROW_COLUMNS), THRESHOLD_METRICS as string[]);
});

Deno.test("scores, means and thresholds have every metric", () => {
  const found = extractionLikelihoods({ truth: [1, 2, 3, 4], firstPrefix: 1, continuations: new Map() });
  assertEquals(Object.keys(found), likelihoods);
  assertEquals(Object.keys(groupMeans([scores], ["a"])), METRIC_NAMES);
  const thresholds = memorizationThresholds([scores]);
  assertEquals(thresholds.map(({ metric }) => metric), THRESHOLD_METRICS);
  for (const row of [...PAPER_THRESHOLDS, ...besidePaper(thresholds, "ours")]) {
    assertEquals(metricsIn(row), THRESHOLD_METRICS as string[]);
  }
  assertEquals(metricsIn(metricsOf({ ...scores, retain_ma: 1 })), THRESHOLD_METRICS as string[]);
});

Deno.test("figures, reports and commands show the metrics by their labels", () => {
  const labels = THRESHOLD_METRICS.map((name) => METRICS[name].label);
  assertEquals(Object.keys(SCORE_COLUMNS), THRESHOLD_METRICS as string[]);
  assertEquals(Object.values(SCORE_COLUMNS), labels as string[]);
  const row = { set: "forget", model: "before", ...scores, rows: 1 } as const;
  const [header] = formatSets([row]).split("\n");
  assertEquals(header!.split(/\s+/), [
    "set",
    "model",
    ...METRIC_NAMES.map((name) => METRICS[name].label),
    "rows",
  ]);
  const ends = METRIC_NAMES.map((name) => ({ [`${name}_low`]: 0.98, [`${name}_high`]: 1 }));
  const sure: Partial<MetricIntervals> = Object.assign({}, ...ends, { nll_low: 9.99, nll_high: 10.43 });
  const widest = { ...row, ...sure, set: "relearned", model: "codeeraser" } as const;
  assertEquals(formatSets([widest]).split("\n").filter((line) => line.length > 80), []);
  const { text } = renderResultsTable({ title: "Run", version: "CodeScrub 0.1.0", results: [row] })!;
  const columns = Array.from(text.matchAll(/<th scope="col">(\w+)<\/th>/g), ([, name]) => name!);
  assertEquals(columns, ["Set", "Model", "Texts", ...labels, "Loss"]);
});
