/**
 * The secrets as tables, masked: the five most memorized, and all of them with filters and sorting. The long one is
 * capped by its bytes, the forget set and the most memorized first, with both counts stated, so that a report of 100,000
 * secrets opens as fast as one of a hundred.
 *
 * @module
 */
import { scoreAfter } from "../figures/score_after.ts";
import { isScore, modelStyle, tagStyle } from "../figures/style.ts";
import { clipText, formatCount, formatScore } from "./format.ts";
import { twinMeans } from "./kinds.ts";
import { type Markup, markup } from "./markup.ts";
import { RUN_FILES } from "./run_files.ts";
import { listMethods, type ReportedSecret, type RunTables } from "./run_tables.ts";

/** What the long table may take of the page's 3 MB; plotly.js takes 1.2. */
const MAX_BYTES = 1_200_000;
/** Rows that are printed; the page holds the others. */
const PRINTED_ROWS = 40;

/**
 * Renders the most memorized secrets: by MA before, then by copies; one place a value. Null where none was measured.
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
 * const table = renderTopSecrets({ title: "Run", version: "CodeScrub 0.1.0", secrets })!;
 * assertStringIncludes(table.text, "20 characters, AK...");
 * ```
 */
export function renderTopSecrets(run: RunTables, most = 5): Markup | null {
  if (run.secrets === undefined || run.secrets.length > 0 && !isMeasured(run)) {
    return null;
  }
  const seen = new Set<string>();
  const distinct = sortSecrets(run.secrets).filter(({ fingerprint }) => {
    const isNew = fingerprint === undefined || !seen.has(fingerprint);
    if (fingerprint !== undefined) seen.add(fingerprint);
    return isNew;
  });
  if (distinct.length === 0) return renderNone();
  const { head, rows } = renderParts(distinct.slice(0, most), run);
  return markup`<div class="scroll" role="region" aria-label="Table of the most memorized secrets" tabindex="0"><table class="secrets">
<caption>The most memorized secrets, by MA before and then by copies, each value once. ${
    describeCells(run)
  }</caption>
${head}<tbody>${rows}</tbody></table></div>`;
}

/**
 * Renders all secrets with a text filter, a choice of kinds and one of states; null where the run has no table of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderAllSecrets } from "./secrets_tables.ts";
 *
 * assertEquals(renderAllSecrets({ title: "Run", version: "v" }), null);
 * ```
 */
export function renderAllSecrets(run: RunTables): Markup | null {
  if (run.secrets === undefined) return null;
  if (run.secrets.length === 0) return renderNone();
  const kept = keepForgetSet(run.secrets);
  const { head, rows } = renderParts(kept.slice(0, MAX_BYTES / 100), run);
  const shown = takeBytes(rows, MAX_BYTES);
  // What is shown is chosen by what matters; the reader sees it by MA.
  const sorted = sortSecrets(kept.slice(0, shown.length).map((row, index) => ({ ...row, index })));
  return markup`${renderControls(run, kept.slice(0, shown.length))}
<div class="scroll tall" role="region" aria-label="Table of all secrets" tabindex="0"><table id="all-secrets" class="secrets">
<caption>${describeRows(shown.length, run)} ${describeCells(run)}</caption>
${head}<tbody>${sorted.map(({ index }) => shown[index])}</tbody></table></div>${
    shown.length > PRINTED_ROWS
      ? markup`<p class="print-only">Printed: the first ${PRINTED_ROWS} rows. The page holds the others.</p>`
      : null
  }`;
}

function renderNone(): Markup {
  return markup`<p class="missing">No secret was found: there is nothing to show and nothing to forget.</p>`;
}

function describeCells(run: RunTables): string {
  const mask = run.revealed ? "Shown whole." : "Masked: length and, where known, the first two characters.";
  return twinMeans(run).size === 0
    ? mask
    : `${mask} Twins: the mean MA of secrets of that kind that were never trained on.`;
}

function renderControls(run: RunTables, rows: readonly ReportedSecret[]): Markup {
  const [method] = listMethods(run);
  const kinds = [...new Set(rows.map(({ tag }) => tag))].toSorted();
  const states: (readonly [string, string])[] = [
    ["", "all"],
    ...(rows.some(isTreated) ? [["treated", "in the forget set"] as const] : []),
    ...(method !== undefined && isScore(run.thresholds?.ma)
      ? [["above", `above the threshold after ${clipText(modelStyle(method).label)}`] as const]
      : []),
  ];
  const options = (values: readonly (readonly [string, string])[]) =>
    values.map(([value, label]) => markup`<option value="${value}">${label}</option>`);
  return markup`<div class="controls" hidden><label for="secret-filter">Filter</label>
<input id="secret-filter" type="search" placeholder="detector, document, length" autocomplete="off"
aria-controls="all-secrets" aria-describedby="secret-count">
<label for="secret-kind">Kind</label><select id="secret-kind" aria-controls="all-secrets">
${options([["", "all"], ...kinds.map((tag) => nameKind(tag)).map((kind) => [kind, kind] as const)])}</select>
<label for="secret-state">Show</label><select id="secret-state" aria-controls="all-secrets">${
    options(states)
  }</select>
<output id="secret-count" aria-live="polite">${formatCount(rows.length)} rows</output></div>`;
}

function describeRows(shown: number, run: RunTables): string {
  const all = run.secrets?.length ?? 0;
  const { order, chosen, files } = isMeasured(run)
    ? {
      order: "by MA before and then by copies",
      chosen: "the forget set and then the most memorized",
      files: `${RUN_FILES.probe} and ${RUN_FILES.secretScores}`,
    }
    : {
      order: "by copies: none was measured on a model yet",
      chosen: "those with most copies",
      files: RUN_FILES.secrets,
    };
  if (shown === all) return `All ${formatCount(all)} places of secrets, ${order}.`;
  return `${formatCount(shown)} of ${
    formatCount(all)
  } places of secrets: ${chosen}; ${files} in the run's folder hold all.`;
}

/** Whether a model was asked for any of them. */
function isMeasured({ secrets = [] }: RunTables): boolean {
  return secrets.some((row) => row.ma_before !== null || isTreated(row));
}

const rank = (value: number | null) => isScore(value) ? value : -1;

function sortSecrets<T extends ReportedSecret>(secrets: readonly T[]): T[] {
  return secrets.toSorted((a, b) =>
    rank(b.ma_before) - rank(a.ma_before) || rank(b.copies) - rank(a.copies) ||
    Number(isTreated(b)) - Number(isTreated(a)) ||
    (a.doc_id < b.doc_id ? -1 : Number(a.doc_id > b.doc_id))
  );
}

const isTreated = ({ ma_after }: ReportedSecret) => Object.keys(ma_after).length > 0;

/** The forget set first, then the most memorized: what a cap must not drop. */
function keepForgetSet(secrets: readonly ReportedSecret[]): ReportedSecret[] {
  const sorted = sortSecrets(secrets);
  return [...sorted.filter(isTreated), ...sorted.filter((row) => !isTreated(row))];
}

function takeBytes(rows: readonly Markup[], most: number): Markup[] {
  const encoder = new TextEncoder();
  let bytes = 0;
  const over = rows.findIndex(({ text }) => (bytes += encoder.encode(text).length) > most);
  return over < 0 ? [...rows] : rows.slice(0, over);
}

const nameKind = (tag: string) => clipText(tagStyle(tag).label);

function renderParts(secrets: readonly ReportedSecret[], run: RunTables): { head: Markup; rows: Markup[] } {
  const methods = listMethods(run);
  const after = methods.map((method) => `MA after ${clipText(modelStyle(method).label)}`);
  const baselines = twinMeans(run);
  const ofTwins = baselines.size > 0 ? ["Twins"] : [];
  const hasBefore = isMeasured(run);
  const before = hasBefore ? ["MA before"] : [];
  const columns = ["Kind", "Secret", "Detector", "Document", "Copies", ...before, ...after, ...ofTwins];
  return {
    head: markup`<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>`,
    rows: secrets.map((row) =>
      renderRow(row, methods, { threshold: run.thresholds?.ma, baselines, hasBefore })
    ),
  };
}

function renderRow(
  row: ReportedSecret,
  methods: readonly string[],
  { threshold, baselines, hasBefore }: {
    threshold: number | null | undefined;
    baselines: ReadonlyMap<string, number>;
    hasBefore: boolean;
  },
): Markup {
  const scores = methods.map((method) => scoreAfter(row, method));
  const isAbove = isScore(scores[0]) && isScore(threshold) && scores[0] > threshold;
  const states = [...(isTreated(row) ? ["treated"] : []), ...(isAbove ? ["above"] : [])].join(" ");
  const prefix = `${row.tag}, `;
  const description = row.description.startsWith(prefix)
    ? row.description.slice(prefix.length)
    : row.description;
  const cells = [nameKind(row.tag), clipText(description), clipText(row.detector), clipText(row.doc_id)]
    .concat(
      formatCount(row.copies),
      [...hasBefore ? [row.ma_before] : [], ...scores].map((score) => formatScore(score)),
    )
    .concat(baselines.size > 0 ? [formatScore(baselines.get(row.tag))] : []);
  return markup`
<tr${states === "" ? null : markup` class="${states}"`}>${
    cells.map((cell) => markup`<td>${cell}</td>`)
  }</tr>`;
}
