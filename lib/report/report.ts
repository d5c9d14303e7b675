/**
 * A run's tables as one HTML page that needs nothing else: plotly.js, styles and data are inside, no request leaves
 * it (its content security policy forbids any), and it reads on screens, in print and without a mouse.
 *
 * @module
 */
import plotlySource from "../npm/plotly.ts";
import { DARK_COLORS } from "../figures/dark_figure.ts";
import { percentText, TEMPLATES } from "../figures/style.ts";
import { clipText } from "./format.ts";
import { renderAttacks } from "./attacks.ts";
import { FIGURE_NAMES, renderFigure } from "./figure_sections.ts";
import { renderGlossary } from "./glossary.ts";
import { type Markup, markup, rawMarkup, scriptJson } from "./markup.ts";
import { pageHead } from "./page_head.ts";
import pageScript from "./page.js" with { type: "text" };
import { renderMethods } from "./methods.ts";
import { renderPasses } from "./passes.ts";
import { renderResultsTable } from "./results_table.ts";
import { renderRunDetails } from "./run_details.ts";
import type { RunTables } from "./run_tables.ts";
import { renderAllSecrets, renderTopSecrets } from "./secrets_tables.ts";
import { type Finding, type FindingBar, summarizeRun } from "./summary.ts";
import { renderUtility } from "./utility.ts";

const SECTIONS = [
  { id: "results", title: "Results", render: renderResultsTable },
  { id: "use", title: "Use", render: renderUtility },
  { id: "attacks", title: "Attacks", render: renderAttacks },
  { id: "passes", title: "Writing code", render: renderPasses },
  { id: "figures", title: "Figures", render: renderFigures },
  { id: "top", title: "Most memorized secrets", render: (run: RunTables) => renderTopSecrets(run) },
  { id: "secrets", title: "Every secret", render: renderAllSecrets },
  { id: "methods", title: "Methods", render: renderMethods },
  { id: "run", title: "This run", render: renderRunDetails },
  { id: "glossary", title: "Words", render: renderGlossary },
] as const satisfies readonly Section[];

/** Nothing but what the page itself holds may run; a figure that is saved as PNG passes through a blob. */
const SCRIPTS_AND_PICTURES = "script-src 'unsafe-inline'; img-src data: blob:";

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
  const [title, version] = [clipText(run.title), clipText(run.version)];
  return markup`${pageHead({ title, version, policy: SCRIPTS_AND_PICTURES })}
  <body>
    <a class="skip" href="#main">Skip to the findings</a>
    <header>
      <div class="top"><h1>${title}</h1><button type="button" id="theme" hidden>Dark colours</button></div>
      <p>Secrets found, measured and erased by ${version}. ${describeMask(run)}</p>
      <nav aria-label="Sections">
        <ul>${SECTIONS.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}</ul>
      </nav>
    </header>
    <main id="main" tabindex="-1">
      <section class="findings" aria-label="Summary">${summarizeRun(run).map(renderFinding)}</section>
      ${SECTIONS.map((section) => renderSection(section, run))}
    </main>
    <footer>
      <p>Written by ${version}. Figures by plotly.js (MIT licence), which this page contains.</p>
    </footer>
    <script type="application/json" id="themes">${scriptJson({ ...TEMPLATES, colors: DARK_COLORS })}</script>
    <script>${rawMarkup(plotlySource)}</script>
    <script>${rawMarkup(pageScript)}</script>
  </body>
</html>
`.text;
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly render: (run: RunTables) => Markup;
}

function renderSection({ id, title, render }: Section, run: RunTables): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${title}</h2>
${render(run)}
</section>
`;
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

function renderFigures(run: RunTables): Markup {
  return markup`<noscript><p class="missing">Figures need JavaScript; their numbers are here all the same.</p></noscript>
${FIGURE_NAMES.map((name) => renderFigure(name, run))}`;
}
