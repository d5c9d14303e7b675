/**
 * The findings of a scan as one HTML page that needs nothing else: no request leaves it (its content security policy
 * forbids any), it has no script, and no value stands in it.
 *
 * @module
 */
import { clipText, formatCount } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { pageHead } from "./page_head.ts";
import { describeOrigin, gravityOf, type ScanFinding } from "./scan_finding.ts";

/** What a page shows. */
export interface ScanPage {
  title: string;
  /** The program and its version. */
  version: string;
  /** The first findings, in the corpus' order; the page shows at most {@linkcode SHOWN_FINDINGS}. */
  findings: readonly ScanFinding[];
  /** How many there are of each detector. */
  detectors: { readonly [name: string]: number };
  /** And of each tag. */
  tags: { readonly [name: string]: number };
  /** What was searched. */
  documents: number;
  documentsWithSecrets: number;
  /** Different values. */
  values: number;
  /** What was not searched, by its reason. */
  skipped: { readonly [reason: string]: number };
  /** What was found and left out, by what for. */
  leftOut: { readonly [what: string]: number };
  /** What else a person should know. */
  notes: readonly string[];
}

/** The most findings that a page lists. */
export const SHOWN_FINDINGS = 2000;

/**
 * Renders the page. Pure: the same findings give the same page.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderScanPage } from "./scan_page.ts";
 *
 * const none = { findings: [], detectors: {}, tags: {}, skipped: {}, leftOut: {}, notes: [], values: 0 };
 * const page = renderScanPage({ ...none, title: "<src>", version: "1", documents: 3, documentsWithSecrets: 0 });
 * assertStringIncludes(page, "<h1>&lt;src&gt;</h1>");
 * ```
 */
export function renderScanPage(scan: ScanPage): string {
  const { version, findings } = scan;
  const title = clipText(scan.title);
  const spans = Object.values(scan.detectors).reduce((sum, count) => sum + count, 0);
  return markup`${pageHead({ title, version, style: OWN_STYLE })}
  <body>
    <header>
      <h1>${title}</h1>
      <p>Secrets found by ${version}. Values are masked.</p>
    </header>
    <main>
      <section class="findings" aria-label="Summary">
        ${card(spans, "places", `of ${formatCount(scan.values)} different values`)}
        ${
    card(scan.documentsWithSecrets, "documents with secrets", `of ${formatCount(scan.documents)} searched`)
  }
      </section>
      ${scan.notes.map((note) => markup`<p class="missing">${note}</p>`)}
      <h2>What was found</h2>
      ${spans === 0 ? markup`<p>Nothing.</p>` : countTable("tag", scan.tags)}
      ${spans === 0 ? null : countTable("detector", scan.detectors)}
      ${counts("Found and left out", scan.leftOut)}
      ${counts("Not searched", scan.skipped)}
      <h2>Places</h2>
      ${places(findings.slice(0, SHOWN_FINDINGS), spans)}
    </main>
    <footer><p>Written by ${version}.</p></footer>
  </body>
</html>
`.text;
}

/** Words and places are longer than the numbers that tables of the other pages hold. */
const OWN_STYLE =
  ".places :is(th,td){text-align:left}.places .place{overflow-wrap:anywhere;min-width:14rem}.places .error{font-weight:600}" +
  ".scroll+.scroll{margin-top:2rem}" +
  "@media(max-width:600px){.places{table-layout:fixed;width:100%}.places .place{min-width:0}" +
  ".places :is(th,td){padding-inline:.35rem;overflow-wrap:anywhere}.places th:first-child{width:44%}}";

function card(count: number, heading: string, label: string): Markup {
  return markup`<div class="finding"><h2>${heading}</h2><p class="number">${
    formatCount(count)
  }</p><p class="label">${label}</p></div>`;
}

function countTable(name: string, counted: { readonly [name: string]: number }): Markup {
  const rows = Object.entries(counted).sort(([, a], [, b]) => b - a);
  return markup`<div class="scroll"><table><thead><tr><th scope="col">${name}</th><th scope="col">places</th></tr></thead>
<tbody>${
    rows.map(([key, count]) =>
      markup`<tr><th scope="row">${clipText(key)}</th><td>${formatCount(count)}</td></tr>\n`
    )
  }</tbody></table></div>`;
}

function counts(heading: string, counted: { readonly [name: string]: number }): Markup | null {
  if (Object.keys(counted).length === 0) return null;
  return markup`<h2>${heading}</h2><ul>${
    Object.entries(counted).map(([name, count]) => markup`<li>${formatCount(count)} ${name}</li>`)
  }</ul>`;
}

function places(findings: readonly ScanFinding[], all: number): Markup {
  if (findings.length === 0) return markup`<p>None.</p>`;
  const more = all - findings.length;
  return markup`<div class="scroll"><table class="places">
<thead><tr><th scope="col">place</th><th scope="col">what</th><th scope="col">detector</th></tr></thead>
<tbody>
${
    findings.map((finding) => {
      const origin = describeOrigin(finding);
      return markup`<tr><td class="place">${
        clipText(finding.path ?? finding.doc_id)
      }:${finding.line}:${finding.column}${origin === "" ? null : markup`<br>${origin}`}</td><td class="${
        gravityOf(finding.tag).level
      }">${finding.description}</td><td>${clipText(finding.detector)}</td></tr>
`;
    })
  }</tbody></table></div>${
    more > 0 ? markup`<p>${formatCount(more)} more are in the table that detect --out writes.</p>` : null
  }`;
}
