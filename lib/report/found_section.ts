/**
 * What was found, by what found it and where it stands: two short tables.
 *
 * @module
 */
import { tagStyle } from "../figures/style.ts";
import { clipText, formatCount } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { ReportedSecret, RunTables } from "./run_tables.ts";

/** Documents that are shown. */
const MAX_DOCUMENTS = 15;

/**
 * Renders the tables; null where no table of detection was given, or nothing was found.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderFound } from "./found_section.ts";
 *
 * const secret = { tag: "KEY", detector: "AWS", description: "KEY, 20 characters", copies: 1, ma_before: null, ma_after: {} };
 * const secrets = ["a.py", "a.py", "b.py"].map((doc_id, i) => ({ ...secret, doc_id, fingerprint: `${i % 2}` }));
 * const found = { places: 3, values: 2, documents: 2 };
 * const { text } = renderFound({ title: "Run", version: "v", found, secrets })!;
 * assertStringIncludes(text, '<th scope="row">key</th><td>AWS</td><td>3</td><td>2</td><td>2</td>');
 * assertStringIncludes(text, '<th scope="row">a.py</th><td>2</td><td>2</td>');
 * ```
 */
export function renderFound({ found, secrets = [] }: RunTables): Markup | null {
  if (!found || secrets.length === 0) return null;
  const detectors = groupBy(secrets, ({ tag, detector }) => JSON.stringify([tag, detector]));
  const documents = groupBy(secrets, ({ doc_id }) => doc_id);
  const shown = documents.slice(0, MAX_DOCUMENTS);
  const rest = documents.length - shown.length;
  return markup`<div class="scroll" role="region" aria-label="Table of detectors" tabindex="0"><table class="found">
<caption>What found them, by kind: places, different values and documents.</caption>
<thead><tr>${headOf("Kind", "Detector", "Places", "Values", "Documents")}</tr></thead>
<tbody>${
    detectors.map((own) => {
      const [{ tag, detector }] = own as [ReportedSecret];
      const counts = [own.length, countValues(own), countOf(own, ({ doc_id }) => doc_id)];
      return markup`
<tr><th scope="row">${clipText(tagStyle(tag).label)}</th><td>${clipText(detector)}</td>${
        counts.map((count) => markup`<td>${formatCount(count)}</td>`)
      }</tr>`;
    })
  }</tbody></table></div>
<div class="scroll" role="region" aria-label="Table of documents" tabindex="0"><table class="documents">
<caption>Documents with most places.${
    rest > 0
      ? ` ${formatCount(rest)} more hold ${formatCount(documents.slice(MAX_DOCUMENTS).flat().length)} places.`
      : ""
  }</caption>
<thead><tr>${headOf("Document", "Places", "Values")}</tr></thead>
<tbody>${
    shown.map((own) =>
      markup`
<tr><th scope="row">${clipText(own[0]!.doc_id)}</th><td>${formatCount(own.length)}</td><td>${
        formatCount(countValues(own))
      }</td></tr>`
    )
  }</tbody></table></div>`;
}

function headOf(...columns: readonly string[]): Markup[] {
  return columns.map((column) => markup`<th scope="col">${column}</th>`);
}

/** Groups, the largest first. */
function groupBy(
  secrets: readonly ReportedSecret[],
  keyOf: (secret: ReportedSecret) => string,
): ReportedSecret[][] {
  return [...Map.groupBy(secrets, keyOf).values()].toSorted((a, b) => b.length - a.length);
}

function countOf(secrets: readonly ReportedSecret[], keyOf: (secret: ReportedSecret) => string): number {
  return new Set(secrets.map(keyOf)).size;
}

/** Different values; each place whose value no table tells is one. */
function countValues(secrets: readonly ReportedSecret[]): number {
  const known = secrets.filter(({ fingerprint }) => fingerprint !== undefined);
  return countOf(known, ({ fingerprint }) => fingerprint!) + secrets.length - known.length;
}
