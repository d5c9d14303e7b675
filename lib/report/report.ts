/**
 * A run's tables as one HTML page that needs nothing else: plotly.js, styles and data are inside, no request leaves
 * it (its content security policy forbids any), and it reads on screens, in print and without a mouse.
 *
 * @module
 */
import { DARK_COLORS } from "../figures/dark_figure.ts";
import { percentText } from "../figures/style.ts";
import type { Finding, FindingBar } from "./finding.ts";
import { clipText } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { renderPage } from "./page.ts";
import { reachOf, type RunReach } from "./run_reach.ts";
import type { RunTables } from "./run_tables.ts";
import { renderSections } from "./sections.ts";
import { NOTHING, summarizeRun } from "./summary.ts";

/**
 * Renders the report. Pure: the same tables give the same page. About 1.3 MB, of which plotly.js is 1.2 MB; with
 * 100,000 secrets still under 3 MB, as long tables are capped with their counts stated.
 *
 * @example
 * ```ts
 * import { assert, assertStringIncludes } from "@std/assert";
 * import { renderReport } from "./report.ts";
 *
 * const page = renderReport({ title: "Demo of <CodeScrub>", version: "CodeScrub 0.1.0" });
 * assert(page.startsWith("<!doctype html>"));
 * assertStringIncludes(page, "<h1>Demo of &lt;CodeScrub&gt;</h1>");
 * ```
 */
export function renderReport(run: RunTables): string {
  return renderPage({
    title: run.title,
    version: run.version,
    about: markup`Secrets ${DONE[reachOf(run)]} by ${clipText(run.version)}${describeModel(run)}. ${
      describeMask(run)
    }`,
    sections: renderSections(run),
    findings: markup`
      <section class="findings" aria-label="Summary">${
      summarizeRun(run).filter(({ number }) => number !== NOTHING).map(renderFinding)
    }</section>`,
  });
}

const DONE = {
  found: "found",
  measured: "found and measured",
  unlearned: "found, measured and erased",
} as const satisfies Record<RunReach, string>;

/** Which model, where a record names it. */
function describeModel({ origin = {} }: RunTables): string {
  const name = origin.Model?.replace(/,? ?sha256:.*$/s, "");
  return name ? ` in the model "${clipText(name, 60)}"` : "";
}

function describeMask({ revealed = false }: RunTables): Markup {
  return revealed
    ? markup`<strong>The secrets themselves stand in this page: do not pass it on.</strong>`
    : markup`Secrets are masked.`;
}

function renderFinding({ heading, number, label, bars, mark, sentences }: Finding): Markup {
  return markup`
<div class="finding"><h2>${heading}</h2><p class="number">${number}</p><p class="label">${label}</p>
${renderBars(bars, mark)}${
    mark === undefined ? null : markup`<p class="mark-label">dashed: threshold ${percentText(mark)}</p>`
  }${sentences.map((sentence) => markup`<p>${sentence}</p>`)}</div>`;
}

/** A list of bars for each thing that is compared, under its name where there are several. */
function renderBars(bars: readonly FindingBar[], mark: number | undefined): Markup[] {
  return [...Map.groupBy(bars, ({ group }) => group)].map(([group, own]) =>
    markup`${group === undefined ? null : markup`<p class="bars-name">${group}</p>`}<dl class="bars">${
      own.map((bar) => renderBar(bar, mark))
    }</dl>`
  );
}

function renderBar({ label, rate, color }: FindingBar, mark: number | undefined): Markup {
  const percent = (value: number) => `${(100 * Math.min(1, Math.max(0, value))).toFixed(1)}%`;
  const line = mark === undefined ? null : markup`<span class="mark" style="left:${percent(mark)}"></span>`;
  const colors = `--light:${color};--dark:${DARK_COLORS[color] ?? color}`;
  return markup`<div><dt>${clipText(label, 40)}</dt><dd><span class="track"><span class="bar"
style="width:${percent(rate)};${colors}"></span>${line}</span><span class="rate">${
    percentText(rate)
  }</span></dd></div>
`;
}
