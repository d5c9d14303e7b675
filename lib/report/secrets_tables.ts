/**
 * The secrets as tables, masked: the five most memorized, and all of them with a filter. The long one is capped, the
 * most memorized first, with both counts stated, so that a report of 10,000 secrets opens as fast as one of ten.
 *
 * @module
 */
import type { SecretRow } from "../figures/secrets_before_after.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import { clipText, formatCount, formatScore } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { renderMissing } from "./results_table.ts";
import { listMethods, type RunTables } from "./run_tables.ts";

/** Rows of the long table; at about 250 bytes each they stay under half of plotly.js' own size. */
const MAX_ROWS = 2000;
/** Rows that are printed; the page holds the others. */
const PRINTED_ROWS = 40;
const NEEDS = "the forget set's secrets";

/**
 * Renders the most memorized secrets: by MA before, then by copies.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderTopSecrets } from "./secrets_tables.ts";
 *
 * const secrets = [{
 *   doc_id: "a.py", tag: "KEY", detector: "AWSKeyDetector", description: "KEY, 20 characters, AK...",
 *   copies: 8, ma_before: 1, ma_after: { ga: 0.25 },
 * }];
 * const table = renderTopSecrets({ title: "Run", version: "CodeScrub 0.1.0", secrets });
 * assertStringIncludes(table.text, "KEY, 20 characters, AK...");
 * ```
 */
export function renderTopSecrets(run: RunTables, most = 5): Markup {
  const secrets = sortSecrets(run.secrets ?? []).slice(0, most);
  if (secrets.length === 0) return renderMissing(NEEDS);
  const table = renderTable(secrets, run);
  return markup`<div class="scroll" role="region" aria-label="Most memorized secrets" tabindex="0"><table>
<caption>The most memorized secrets, by MA before and then by copies. Masked: kind, length and first two
characters.</caption>${table}</table></div>`;
}

/**
 * Renders all secrets with a text filter and, where a threshold and a method are known, a switch that leaves those
 * still above it.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderAllSecrets } from "./secrets_tables.ts";
 *
 * assertStringIncludes(renderAllSecrets({ title: "Run", version: "v" }).text, "has not written");
 * ```
 */
export function renderAllSecrets(run: RunTables): Markup {
  const secrets = sortSecrets(run.secrets ?? []);
  if (secrets.length === 0) return renderMissing(NEEDS);
  const shown = secrets.slice(0, MAX_ROWS);
  const caption = describeRows(shown.length, secrets.length);
  const table = renderTable(shown, run);
  return markup`${renderControls(run, shown.length)}
<div class="scroll tall" role="region" aria-label="All secrets" tabindex="0"><table id="all-secrets">
<caption>${caption} MA in [0, 1].</caption>${table}</table></div>${
    shown.length > PRINTED_ROWS
      ? markup`<p class="print-only">Printed: the first ${PRINTED_ROWS} rows. The page holds the others.</p>`
      : null
  }`;
}

function renderControls(run: RunTables, rows: number): Markup {
  const [method] = listMethods(run);
  const label = clipText(modelStyle(method ?? "").label);
  const rest = markup`<label><input id="secret-rest" type="checkbox" aria-controls="all-secrets">
only those still above the threshold after ${label}</label>`;
  return markup`<div class="controls"><label for="secret-filter">Filter</label>
<input id="secret-filter" type="search" placeholder="kind, detector or document" autocomplete="off"
aria-controls="all-secrets" aria-describedby="secret-count">
${method !== undefined && isScore(run.thresholds?.ma) ? rest : null}
<output id="secret-count" aria-live="polite">${formatCount(rows)} rows</output></div>`;
}

function describeRows(shown: number, all: number): string {
  if (shown === all) {
    return `All ${formatCount(all)} secrets of the forget set, most memorized first, masked.`;
  }
  return `The ${formatCount(shown)} most memorized of ${
    formatCount(all)
  } secrets, masked; the run's tables hold all.`;
}

function sortSecrets(secrets: readonly SecretRow[]): SecretRow[] {
  const rank = (value: number | null) => isScore(value) ? value : -1;
  return secrets.toSorted((a, b) =>
    rank(b.ma_before) - rank(a.ma_before) || rank(b.copies) - rank(a.copies) ||
    (a.doc_id < b.doc_id ? -1 : Number(a.doc_id > b.doc_id))
  );
}

function renderTable(secrets: readonly SecretRow[], run: RunTables): Markup {
  const methods = listMethods(run);
  const after = methods.map((method) =>
    markup`<th scope="col">after ${clipText(modelStyle(method).label)}</th>`
  );
  const rows = secrets.map((row) => renderRow(row, methods, run.thresholds?.ma));
  return markup`<thead><tr><th scope="col">Secret</th><th scope="col">Detector</th><th scope="col">Document</th>
<th scope="col">Copies</th><th scope="col">MA before</th>${after}</tr></thead>
<tbody>${rows}</tbody>`;
}

function renderRow(row: SecretRow, methods: readonly string[], threshold: number | null | undefined): Markup {
  const scores = methods.map((method) => Object.hasOwn(row.ma_after, method) ? row.ma_after[method] : null);
  const isAbove = isScore(scores[0]) && isScore(threshold) && scores[0] > threshold;
  const texts = [row.description, row.detector, row.doc_id].map((text) =>
    markup`<td class="text">${clipText(text)}</td>`
  );
  const numbers = [formatCount(row.copies), ...[row.ma_before, ...scores].map((score) => formatScore(score))]
    .map((
      text,
    ) => markup`<td>${text}</td>`);
  return markup`
<tr${isAbove ? markup` class="above"` : null}>${texts}${numbers}</tr>`;
}
