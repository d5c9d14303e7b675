/**
 * The report's sections in their order: each says what the run must have written, and is left out where it has not.
 *
 * @module
 */
import { renderAttacks } from "./attacks.ts";
import { renderCitation } from "./citation.ts";
import { renderComparison } from "./comparison.ts";
import { FIGURE_NAMES, FIGURES, type FigureSection, renderFigure } from "./figure_sections.ts";
import { renderFound } from "./found_section.ts";
import { renderGlossary } from "./glossary.ts";
import { type Markup, markup } from "./markup.ts";
import { renderMethods } from "./methods.ts";
import { type MissingItem, renderMissing } from "./missing.ts";
import { renderPasses } from "./passes.ts";
import { renderResultsTable } from "./results_table.ts";
import { renderRunDetails } from "./run_details.ts";
import type { RunPartName } from "./run_files.ts";
import type { RunTables } from "./run_tables.ts";
import { renderAllSecrets, renderTopSecrets } from "./secrets_tables.ts";
import { renderSweep } from "./sweep.ts";
import { renderLeaderboards } from "./sweep_leaderboard.ts";
import { renderUtility } from "./utility.ts";
import { renderVerdict } from "./verdict_section.ts";

/** A section of the page. */
export interface ReportSection {
  /** Its address in the page. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** What stands under the heading. */
  readonly content: Markup;
  /** Headings within it, for the contents. */
  readonly parts?: readonly { readonly id: string; readonly title: string }[];
}

interface SectionKind {
  readonly id: string;
  readonly title: string;
  /** What the run must have written. */
  readonly needs?: RunPartName;
  /** Null where the run has nothing to show. */
  readonly render: (run: RunTables) => Markup | null;
}

/** Before the figures, and after them. */
const TABLES: readonly SectionKind[] = [
  { id: "leaderboard", title: "Methods beside one another", render: renderLeaderboards },
  { id: "verdict", title: "Verdict", render: (run) => run.sweep ? null : renderVerdict(run) }, // of one model
  { id: "comparison", title: "Comparison of methods", needs: "results", render: renderComparison },
  { id: "results", title: "Results", needs: "results", render: renderResultsTable },
  { id: "use", title: "Use", needs: "utility", render: renderUtility },
  { id: "attacks", title: "Attacks", needs: "attacks", render: renderAttacks },
  { id: "passes", title: "Writing code", needs: "passes", render: renderPasses },
];
const DETAILS: readonly SectionKind[] = [
  { id: "sweep", title: "Beside the paper's numbers", render: renderSweep },
  { id: "found", title: "Secrets by detector and document", render: renderFound },
  { id: "top", title: "Most memorized secrets", needs: "secrets", render: (run) => renderTopSecrets(run) },
  { id: "secrets", title: "Every secret", needs: "secrets", render: renderAllSecrets },
  { id: "methods", title: "Methods", render: renderMethods },
  { id: "run", title: "This run", render: renderRunDetails },
];

/**
 * Renders what the run has data for, the verdict first, and near the end a list of what it has none for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderSections } from "./sections.ts";
 *
 * const sections = renderSections({ title: "Run", version: "v" });
 * assertEquals(sections.map(({ id }) => id), ["verdict", "methods", "missing", "glossary", "cite"]);
 * ```
 */
export function renderSections(run: RunTables): ReportSection[] {
  const missing: MissingItem[] = [];
  const renderKind = ({ id, title, needs, render }: SectionKind): ReportSection[] => {
    const content = render(run);
    if (content) return [{ id, title, content }];
    if (needs) missing.push({ title, needs });
    return [];
  };
  const tables = TABLES.flatMap(renderKind);
  if (isEmpty(run.thresholds)) missing.push({ title: "Results", needs: "thresholds" });
  const figures: Markup[] = [];
  const parts: { id: string; title: string }[] = [];
  for (const name of FIGURE_NAMES) {
    const number = figures.length + 1;
    const figure = renderFigure(name, run, { number });
    if (!figure) {
      const { title, needs }: FigureSection = FIGURES[name];
      if (needs) missing.push({ title, needs });
      continue;
    }
    figures.push(figure);
    parts.push({ id: `${name}-title`, title: `${number}. ${FIGURES[name].title}` });
  }
  const details = DETAILS.flatMap(renderKind);
  for (const needs of ["config", "versions", "seconds"] as const) {
    if (isEmpty(run[needs])) missing.push({ title: "This run", needs });
  }
  const absent = run.sweep ? null : renderMissing(missing); // a sweep has parts of its own
  return [
    ...tables,
    ...figures.length > 0
      ? [{ id: "figures", title: "Figures", content: introduceFigures(figures), parts }]
      : [],
    ...details,
    ...absent ? [{ id: "missing", title: "Not in this run", content: absent }] : [],
    { id: "glossary", title: "Words", content: renderGlossary() },
    { id: "cite", title: "How to cite", content: renderCitation(run) },
  ];
}

const isEmpty = (entries: object | null | undefined) => Object.keys(entries ?? {}).length === 0;

function introduceFigures(figures: readonly Markup[]): Markup {
  return markup`<noscript><p class="missing">Figures need JavaScript; their numbers are here all the same.</p></noscript>
${figures}`;
}
