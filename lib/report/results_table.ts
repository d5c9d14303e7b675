/**
 * The table that answers the run's question: MA and EL_n on the forget set, the retain set and unseen text, a row a
 * model, with the thresholds under it. Scores below their threshold on the forget set are marked by a tick and words.
 *
 * @module
 */
import type { ResultRow } from "../figures/retained_quality.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import { clipText, formatCount, formatScore } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { renderMissing } from "./missing.ts";
import type { RunTables, Thresholds } from "./run_tables.ts";

const METRICS = ["ma", "el_3", "el_5", "el_10"] as const;

const SETS = [
  { set: "forget", label: "Forget set" },
  { set: "retain", label: "Retain set" },
  { set: "unseen", label: "Unseen text" },
] as const satisfies readonly { set: ResultRow["set"]; label: string }[];

/**
 * Renders the results with a caption; a note where the run has none.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderResultsTable } from "./results_table.ts";
 *
 * const results = [
 *   { set: "forget", model: "before", ma: 0.99, el_3: 1, el_5: 1, el_10: null, nll: 0.1, rows: 32 },
 * ] as const;
 * const table = renderResultsTable({ title: "Run", version: "CodeScrub 0.1.0", results });
 * assertStringIncludes(table.text, "<td>0.9900</td>");
 * ```
 */
export function renderResultsTable(run: RunTables): Markup {
  const { results = [], thresholds } = run;
  if (results.length === 0) return renderMissing("results");
  return markup`<div class="scroll" role="region" aria-label="Results table" tabindex="0"><table class="results">
<caption>Mean scores in [0, 1]; 1 means that every token is reproduced. Loss is in nats per token. A tick marks
forget-set scores below the threshold.</caption>
<thead><tr><th scope="col">Set</th><th scope="col">Model</th><th scope="col">Texts</th><th scope="col">MA</th>
<th scope="col">EL_3</th><th scope="col">EL_5</th><th scope="col">EL_10</th><th scope="col">Loss</th></tr></thead>
${SETS.map(({ set, label }) => renderSet(results.filter((row) => row.set === set), label, thresholds))}
${thresholds ? renderThresholds(thresholds) : null}</table></div>
${thresholds ? null : renderMissing("thresholds")}`;
}

type MaybeThresholds = Thresholds | null | undefined;

function renderSet(rows: readonly ResultRow[], label: string, thresholds: MaybeThresholds): Markup | null {
  if (rows.length === 0) return null;
  const heading = markup`<th scope="rowgroup" rowspan="${rows.length}">${label}</th>`;
  const sorted = rows.toSorted((a, b) => Number(b.model === "before") - Number(a.model === "before"));
  const lines = sorted.map((row, index) => {
    const name = clipText(modelStyle(row.model).label);
    const scores = METRICS.map((metric) => renderScore(row, metric, thresholds));
    const [texts, loss] = [formatCount(row.rows), formatScore(row.nll, 2)];
    return markup`
<tr>${
      index === 0
        ? heading
        : null
    }<th scope="row">${name}</th><td>${texts}</td>${scores}<td>${loss}</td></tr>`;
  });
  return markup`<tbody>${lines}</tbody>`;
}

function renderScore(row: ResultRow, metric: typeof METRICS[number], thresholds: MaybeThresholds): Markup {
  const [score, threshold] = [row[metric], thresholds?.[metric]];
  const text = formatScore(score, 4);
  const isBelow = row.set === "forget" && isScore(score) && isScore(threshold) && score < threshold;
  if (!isBelow) return markup`<td>${text}</td>`;
  return markup`<td class="below"><span aria-hidden="true">✓</span> ${text}<span class="hidden"> below the
threshold</span></td>`;
}

function renderThresholds(thresholds: Thresholds): Markup {
  const scores = METRICS.map((metric) => markup`<td>${formatScore(thresholds[metric], 4)}</td>`);
  return markup`
<tfoot><tr><th scope="row" colspan="3">Threshold: mean on unseen text, before</th>${scores}<td></td></tr></tfoot>`;
}
