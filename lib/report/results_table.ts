/**
 * The table that answers the run's question: MA and EL_n on the forget set, the retain set and unseen text, a row a
 * model, with the thresholds under it. On the forget set a tick marks scores below their threshold, a word those that a
 * method left above it.
 *
 * @module
 */
import { type MetricName, METRICS, THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import type { ResultRow } from "../figures/retained_quality.ts";
import { modelStyle } from "../figures/style.ts";
import { intervalOf } from "../metrics/group_intervals.ts";
import { clipText, formatCount, formatScore, withInterval } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { type ReportedResult, type RunTables, standingOf, type Thresholds } from "./run_tables.ts";

const SETS = [
  { set: "forget", label: "Forget set" },
  { set: "relearned", label: "Forget set, after innocent training" },
  { set: "retain", label: "Retain set" },
  { set: "unseen", label: "Unseen text" },
] as const satisfies readonly { set: ResultRow["set"]; label: string }[];

/**
 * Renders the results with a caption; null where the run has none.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderResultsTable } from "./results_table.ts";
 *
 * const results = [
 *   { set: "forget", model: "before", ma: 0.99, el_3: 1, el_5: 1, el_10: null, nll: 0.1, rows: 32 },
 * ] as const;
 * const table = renderResultsTable({ title: "Run", version: "CodeScrub 0.1.0", results })!;
 * assertStringIncludes(table.text, "<td>0.9900</td>");
 * ```
 */
export function renderResultsTable(run: RunTables): Markup | null {
  const { results = [], thresholds } = run;
  if (results.length === 0) return null;
  return markup`<div class="scroll" role="region" aria-label="Results table" tabindex="0"><table class="results">
<caption>Mean scores in [0, 1], with 95 % intervals; 1 means that every token is reproduced. Loss is in nats per
token. On the forget set a tick marks scores below the threshold, "above" those above it after unlearning.</caption>
<thead><tr><th scope="col">Set</th><th scope="col">Model</th><th scope="col">Texts</th>${
    THRESHOLD_METRICS.map((name) => markup`<th scope="col">${METRICS[name].label}</th>`)
  }<th scope="col">Loss</th></tr></thead>
${SETS.map(({ set, label }) => renderSet(results.filter((row) => row.set === set), label, thresholds))}
${thresholds ? renderThresholds(thresholds) : null}</table></div>`;
}

type MaybeThresholds = Thresholds | null | undefined;

function renderSet(
  rows: readonly ReportedResult[],
  label: string,
  thresholds: MaybeThresholds,
): Markup | null {
  if (rows.length === 0) return null;
  const heading = markup`<th scope="rowgroup" rowspan="${rows.length}">${label}</th>`;
  const sorted = rows.toSorted((a, b) => Number(b.model === "before") - Number(a.model === "before"));
  const lines = sorted.map((row, index) => {
    const name = clipText(modelStyle(row.model).label);
    const scores = THRESHOLD_METRICS.map((metric) => renderScore(row, metric, thresholds));
    const [texts, loss] = [formatCount(row.rows), withEnds(formatMean("nll", row.nll), row, "nll")];
    return markup`
<tr>${
      index === 0
        ? heading
        : null
    }<th scope="row">${name}</th><td>${texts}</td>${scores}<td>${loss}</td></tr>`;
  });
  return markup`<tbody>${lines}</tbody>`;
}

function formatMean(metric: MetricName, value: number | null): string {
  return formatScore(value, METRICS[metric].decimals);
}

/** The ends have a digit less than the means: they are no surer. */
function withEnds(text: string | Markup, row: ReportedResult, metric: MetricName): Markup {
  const decimals = Math.min(METRICS[metric].decimals, 3);
  return withInterval(text, intervalOf(row, metric), (value) => formatScore(value, decimals));
}

function renderScore(row: ReportedResult, metric: ThresholdMetric, thresholds: MaybeThresholds): Markup {
  const text = formatMean(metric, row[metric]);
  const cell = (shown: string | Markup) => withEnds(shown, row, metric);
  const isForgotten = row.set === "forget" || row.set === "relearned";
  const standing = isForgotten ? standingOf(row[metric], thresholds?.[metric]) : undefined;
  if (standing === "below") {
    const marked = markup`<span aria-hidden="true">✓</span> ${text}<span class="hidden"> below the
threshold</span>`;
    return markup`<td class="below">${cell(marked)}</td>`;
  }
  // before unlearning every score is above: saying it there would hide where it matters
  if (standing === undefined || row.model === "before") return markup`<td>${cell(text)}</td>`;
  return markup`<td class="above">${cell(`${standing} ${text}`)}</td>`;
}

function renderThresholds(thresholds: Thresholds): Markup {
  const scores = THRESHOLD_METRICS.map((metric) =>
    markup`<td>${formatMean(metric, thresholds[metric])}</td>`
  );
  return markup`
<tfoot><tr><th scope="row" colspan="3">Threshold: mean on unseen text, before</th>${scores}<td></td></tr></tfoot>`;
}
