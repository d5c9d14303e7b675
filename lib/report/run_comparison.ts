/**
 * Runs beside one another: their verdicts, scores and curves, the settings that differ, and what became of each secret.
 *
 * @module
 */
import { runCurves } from "../figures/run_curves.ts";
import { modelStyle, percentText } from "../figures/style.ts";
import { renderModels } from "./comparison.ts";
import { renderDrawn } from "./drawn_figure.ts";
import { clipText, formatCount } from "./format.ts";
import { renderGlossary } from "./glossary.ts";
import { type Markup, markup } from "./markup.ts";
import { renderPage } from "./page.ts";
import { flattenSettings } from "./run_details.ts";
import { listMethods, type RunTables } from "./run_tables.ts";
import { renderSecretChanges } from "./secret_changes.ts";
import type { ReportSection } from "./sections.ts";
import { describeVerdict, judgeRun } from "./verdict.ts";
import { renderState } from "./verdict_section.ts";

/** A run and what it is called. */
export interface NamedRun {
  /** Its name: its folder's, as a rule. */
  readonly name: string;
  /** Its tables. */
  readonly run: RunTables;
}

/** Differing settings that are shown. */
const MAX_SETTINGS = 200;

/**
 * Renders a page of at least two runs.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderRunComparison } from "./run_comparison.ts";
 *
 * const run = { title: "Run", version: "CodeScrub 0.1.0" };
 * const page = renderRunComparison([{ name: "one", run }, { name: "two", run: { ...run, config: { lr: 1 } } }], "CodeScrub 0.1.0");
 * assertStringIncludes(page, '<th scope="row">lr</th><td>–</td><td>1</td>');
 * ```
 */
export function renderRunComparison(runs: readonly NamedRun[], version: string): string {
  const isRevealed = runs.some(({ run }) => run.revealed);
  const mask = isRevealed
    ? markup`<strong>The secrets themselves stand in this page: do not pass it on.</strong>`
    : "Secrets are masked.";
  const kinds: readonly (readonly [id: string, title: string, content: Markup | null])[] = [
    ["verdict", "Verdicts", renderVerdicts(runs)],
    ["comparison", "Scores", renderScores(runs)],
    ["figures", "Curves", renderCurves(runs)],
    ["settings", "What differs in how they were made", renderDifferences(runs)],
    ["changes", "Secret by secret", renderSecretChanges(runs)],
    ["glossary", "Words", renderGlossary()],
  ];
  const sections = kinds.flatMap(([id, title, content]): ReportSection[] =>
    content ? [{ id, title, content }] : []
  );
  const about = markup`Measured by ${clipText(version)}. ${mask}`;
  return renderPage({ title: `${runs.length} runs beside one another`, version, about, sections });
}

const headOf = (first: string, runs: readonly NamedRun[]) =>
  markup`<thead><tr><th scope="col">${first}</th>${
    runs.map(({ name }) => markup`<th scope="col">${clipText(name)}</th>`)
  }</tr></thead>`;

function renderVerdicts(runs: readonly NamedRun[]): Markup {
  const verdicts = runs.map(({ name, run }) => ({ name, run, checks: judgeRun(run) }));
  const names = [...new Set(verdicts.flatMap(({ checks }) => checks.map((check) => check.name)))];
  const rows = names.map((name) => {
    const cells = verdicts.map(({ checks }) => {
      const check = checks.find((check) => check.name === name);
      return markup`<td>${check ? renderState(check.state) : "–"}</td>`;
    });
    return markup`
<tr><th scope="row">${name}</th>${cells}</tr>`;
  });
  return markup`<ul class="leads">${
    verdicts.map(({ name, run, checks }) =>
      markup`<li><b>${clipText(name)}.</b> ${describeVerdict(run, checks)}</li>`
    )
  }</ul>
<div class="scroll" role="region" aria-label="Table of verdicts" tabindex="0"><table class="verdicts">
<caption>The checks of each run; a report of one run has the numbers behind them.</caption>
${headOf("Check", runs)}<tbody>${rows}</tbody></table></div>`;
}

/** What a run's model is called: by its run, and by its method where the run has several. */
function nameOf({ name, run }: NamedRun, model: string): string {
  const label = clipText(modelStyle(model).label);
  return model !== "before" && listMethods(run).length === 1 ? clipText(name) : `${clipText(name)}, ${label}`;
}

function renderScores(runs: readonly NamedRun[]): Markup | null {
  return renderModels(
    runs.flatMap((named) =>
      ["before", ...listMethods(named.run)].map((model) => ({
        label: nameOf(named, model),
        run: named.run,
        model,
      }))
    ),
  );
}

function renderCurves(runs: readonly NamedRun[]): Markup | null {
  const rows = runs.flatMap((named) =>
    (named.run.history ?? []).map((row) => ({ ...row, run: nameOf(named, row.method) }))
  );
  const thresholds = new Set(runs.map(({ run }) => run.thresholds?.ma));
  const [threshold = null] = thresholds.size === 1 ? thresholds : [];
  return renderDrawn(runCurves(rows, { threshold }), {
    id: "run-curves",
    title: "Runs over one another",
    reading:
      "A line a run, with the same axes. Left, MA of the forget set's secrets should fall under the dashed line; right, MA " +
      "of code worth keeping should stay level. A gap means that a score was not measured then.",
    numbers: {
      columns: ["Run", "Epoch", "Forget set MA", "Retain set MA"],
      rows: rows.map((
        row,
      ) => [row.run, formatCount(row.epoch), percentText(row.ma), percentText(row.retain_ma)]),
    },
  });
}

/** How each method was set where their records tell, else how the run was. */
function settingsOf({ config = {}, unlearned = [] }: RunTables): [name: string, text: string][] {
  const own = unlearned.flatMap(({ method, settings }) =>
    settings ? [[modelStyle(method).label, settings] as const] : []
  );
  if (own.length === 1) return flattenSettings(own[0]![1]); // so that two methods' share their names
  return flattenSettings(own.length > 0 ? Object.fromEntries(own) : config);
}

/** Settings, versions and origins whose texts are not the same in all runs. */
function renderDifferences(runs: readonly NamedRun[]): Markup {
  const made = runs.map(({ run }) =>
    new Map([
      ...Object.entries(run.origin ?? {}),
      ...settingsOf(run),
      ...Object.entries(run.versions ?? {}),
    ])
  );
  const names = [...new Set(made.flatMap((own) => [...own.keys()]))];
  const differing = names.filter((name) => new Set(made.map((own) => own.get(name))).size > 1);
  if (differing.length === 0) return markup`<p class="missing">Nothing that their records tell.</p>`;
  const rows = differing.slice(0, MAX_SETTINGS).map((name) =>
    markup`
<tr><th scope="row">${clipText(name)}</th>${
      made.map((own) => markup`<td>${clipText(own.get(name) ?? "–")}</td>`)
    }</tr>`
  );
  return markup`<div class="scroll" role="region" aria-label="Table of differing settings" tabindex="0"><table class="pairs settings">
<caption>${formatCount(differing.length)} of ${
    formatCount(names.length)
  } settings, versions and origins differ.</caption>
${headOf("Setting", runs)}<tbody>${rows}</tbody></table></div>`;
}
