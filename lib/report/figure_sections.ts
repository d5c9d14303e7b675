/**
 * The report's figures: what each needs, how it is drawn and how to read it. A figure's title and subtitle become
 * heading and text of the page, where they wrap, and its JSON stands in a script element that page.js draws from.
 *
 * @module
 */
import { type Figure, makeFigure } from "../figures/figure.ts";
import { accuracyByClass } from "../figures/accuracy_by_class.ts";
import { exposureDistribution } from "../figures/exposure_distribution.ts";
import { forgettingCurves } from "../figures/forgetting_curves.ts";
import { forgettingRetention } from "../figures/forgetting_retention.ts";
import { hyperparameterEffects } from "../figures/hyperparameter_effects.ts";
import { listRuns, runsAlongEach } from "../figures/hyperparameter_runs.ts";
import { maByDuplication } from "../figures/ma_by_duplication.ts";
import { maByGroup } from "../figures/ma_by_group.ts";
import { memorizationDistribution } from "../figures/memorization_distribution.ts";
import { methodTradeoff } from "../figures/method_tradeoff.ts";
import { passRates } from "../figures/pass_rates.ts";
import { problemPasses } from "../figures/problem_passes.ts";
import { recoveryCurves } from "../figures/recovery_curves.ts";
import { reliabilityDiagram } from "../figures/reliability_diagram.ts";
import { retainedQuality } from "../figures/retained_quality.ts";
import { secretsBeforeAfter } from "../figures/secrets_before_after.ts";
import { sizeEffects } from "../figures/size_effects.ts";
import { recoveryRows } from "./attacks.ts";
import { renderDrawn } from "./drawn_figure.ts";
import type { Markup } from "./markup.ts";
import { FIGURE_NUMBERS } from "./figure_numbers.ts";
import { kindRows, twinMeans } from "./kinds.ts";
import type { RunPartName } from "./run_files.ts";
import { listMethods, type RunTables } from "./run_tables.ts";
import { sweepSizes, sweepThreshold, sweepTradeoff, sweptSettings } from "./sweep.ts";
import { tradeoffRows } from "./tradeoff.ts";
import { certaintyBins, classRows } from "./utility.ts";

/** A figure of the report. */
export interface FigureSection {
  /** Its heading. */
  readonly title: string;
  /** What the run must have written; none of figures that only a sweep has. */
  readonly needs?: RunPartName;
  /** How to read it. */
  readonly reading: string;
  /** Draws it; without rows the figure has no traces. */
  readonly draw: (run: RunTables) => Figure;
}

/** The figures by the names that the page's addresses and `exportFigure` use, in the report's order. */
export const FIGURES = {
  "memorization-distribution": {
    title: "Memorization of documents with secrets",
    needs: "documents",
    reading:
      "Each bar counts the documents whose secrets are reproduced to that degree. What lies right of the " +
      "dashed line is known better than text that the model never saw; a pile at the right end is verbatim memory.",
    draw: ({ documents = [], thresholds }) =>
      memorizationDistribution(documents, { threshold: thresholds?.ma ?? null }),
  },
  "ma-by-duplication": {
    title: "Memorization and duplication",
    needs: "duplication",
    reading:
      "Points left to right: secrets that stood in more and more training documents. The diamond is the " +
      "baseline, secrets of the same formats that were never trained on; the distance to it is what training left.",
    draw: ({ duplication = [], thresholds }) =>
      maByDuplication(duplication, { threshold: thresholds?.ma ?? null }),
  },
  "ma-by-kind": {
    title: "Kinds of secret beside their twins",
    needs: "twins",
    reading:
      "A row for each kind. The diamond is its baseline: what twins, secrets of the same kind that were never trained " +
      "on, score because parts of them can be guessed. Markers of secrets should be far right of it before and near it " +
      "after; how far from the dashed line they end says less, as that is the baseline of code, not of the kind.",
    draw: (run) =>
      maByGroup(kindRows(run, listMethods(run)[0]), {
        threshold: run.thresholds?.ma ?? null,
      }),
  },
  "forgetting-curves": {
    title: "Forgetting curves",
    needs: "history",
    reading:
      "The forget set's two curves should fall under the dashed lines of their own colours; the retain set's " +
      "dotted curve should stay level: where it falls along, that is general damage, not erasure. A gap means that a " +
      "score was not measured then.",
    draw: ({ history = [], thresholds }) => forgettingCurves(history, thresholds ? { thresholds } : {}),
  },
  "method-tradeoff": {
    title: "Forgetting against retention",
    needs: "results",
    reading:
      "A point a method: right is more forgotten, up is more kept. The faint line is its way, epoch by epoch. Right of the " +
      "dashed line forgetting is enough; going further there buys nothing. The grey band joins what no other method beats.",
    draw: (run) => methodTradeoff(tradeoffRows(run), { threshold: run.thresholds?.ma ?? null }),
  },
  "secrets-before-after": {
    title: "Secrets one by one",
    needs: "erased",
    reading:
      "Each vertical bar is one secret: a grey dash where it stood before, a coloured marker where it " +
      "stands after. Markers above the dashed line are secrets that survived, though the mean may be below it. Where there " +
      "is a dotted line, it is what never-trained twins of that kind score: markers around it are no better known than those.",
    draw: (run) =>
      secretsBeforeAfter(run.secrets ?? [], listMethods(run)[0] ?? "unlearning", {
        threshold: run.thresholds?.ma ?? null,
        baselines: twinMeans(run),
      }),
  },
  "retained-quality": {
    title: "What was retained",
    needs: "results",
    reading:
      "Within a group the bars should be alike. Left, code that the model may keep knowing: lower means " +
      "collateral damage. Right, loss on code it never saw: higher means that it got worse at predicting code.",
    draw: ({ results = [] }) => retainedQuality(results),
  },
  "accuracy-by-class": {
    title: "Predicting unseen code",
    needs: "utility",
    reading:
      "A group of markers for each class of token: how many of them the model names first in code that it never saw. " +
      "Markers of a group should be alike; where one is lower by more than the intervals, erasing cost that.",
    draw: ({ utility }) => accuracyByClass(classRows(utility)),
  },
  "reliability": {
    title: "How far its certainty can be trusted",
    needs: "reliability",
    reading:
      "Each marker is a bin of tokens of unseen code: how sure the model is of what it names first, and how often it is " +
      "right. On the dotted line it can be taken at its word; a curve that falls below it after erasing is a model that " +
      "got surer than it should be. Areas count tokens.",
    draw: ({ reliability }) => reliabilityDiagram(certaintyBins(reliability)),
  },
  "recovery-curves": {
    title: "What further training brings back",
    needs: "attacks",
    reading:
      "Each curve is the model after, trained further; the dotted line of its colour is what made-up secrets in the same " +
      "places score then, the band its 95 % interval. A curve that rises away from its dotted line is a secret that was " +
      "hidden, not forgotten.",
    draw: ({ attacks }) => recoveryCurves(recoveryRows(attacks)),
  },
  "exposure-distribution": {
    title: "How far secrets stand out",
    needs: "attacks",
    reading:
      "A secret of b bits is among the 1 / 2^b likeliest of made-up secrets in its place. Bars to the right are secrets " +
      "that can be told from what was never seen, which the dotted line shows: half of it has less than one bit.",
    draw: ({ attacks }) => exposureDistribution(attacks?.exposures ?? []),
  },
  "pass-rates": {
    title: "Problems that are solved",
    needs: "passes",
    reading:
      "The probability that one of k programs passes its problem's tests, before and after. Intervals of single models " +
      "overlap easily; what changed is in the table of pass@k, which compares problem by problem.",
    draw: ({ passes }) => passRates(passes?.rates ?? []),
  },
  "problem-passes": {
    title: "Problem by problem",
    needs: "passes",
    reading:
      "A bubble counts the problems of which so many samples passed before (across) and after (up). On the dotted line " +
      "nothing changed; what lies at the bottom right was solved and is not any more.",
    draw: ({ passes }) => problemPasses(passes?.problems ?? []),
  },
  "sweep-tradeoff": {
    title: "All methods: forgetting against use",
    reading:
      "A point a method, the mean of its forget sets, each with its own defaults: right is more forgotten, up is more " +
      "kept. Its cross is the 95 % interval over forget sets: where crosses reach into one another, neither is proven " +
      "better. The grey band joins what no other method beats. Right of the dashed line forgetting is enough.",
    draw: ({ sweep = [] }) => {
      const rows = sweepTradeoff(sweep);
      return rows.length > 0
        ? methodTradeoff(rows, { threshold: sweepThreshold(sweep) })
        : makeFigure([], { title: "" });
    },
  },
  "sweep-sizes": {
    title: "Forgetting more at once",
    reading:
      "Left, curves should lie under the dashed line whatever the size; right, a curve that falls shows what forgetting " +
      "more rows at once costs.",
    draw: ({ sweep = [] }) => sizeEffects(sweepSizes(sweep), { threshold: sweepThreshold(sweep) }),
  },
  "sweep-hyperparameters": {
    title: "Hyperparameters one by one",
    reading:
      "A column a hyperparameter, everything else as it was: from top to bottom the retain set's MA, loss on unseen " +
      "text, and the epochs that it took. Means over forget sets.",
    draw: ({ sweep = [] }) => {
      const { rows, preset } = sweptSettings(sweep);
      const isSwept = preset && runsAlongEach(listRuns(rows), preset).some(({ runs }) => runs.length > 1);
      return isSwept ? hyperparameterEffects(rows, { preset }) : makeFigure([], { title: "" });
    },
  },
  "sweep-settings": {
    title: "All settings: forgetting against use",
    reading:
      "A point a method and setting, the mean of its forget sets. What no other beats is joined by the grey band and named " +
      "by what sets it apart.",
    draw: ({ sweep = [] }) =>
      forgettingRetention(sweptSettings(sweep).rows, { threshold: sweepThreshold(sweep) }),
  },
} as const satisfies Record<string, FigureSection>;

/** A name of {@linkcode FIGURES}. */
export type FigureName = keyof typeof FIGURES;

/** Every name of {@linkcode FIGURES}, in the report's order. */
export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

/**
 * Renders one figure with its number in the page, how to read it, its numbers as a table and buttons that save it; null where its table is
 * missing or empty.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderFigure } from "./figure_sections.ts";
 *
 * assertEquals(renderFigure("forgetting-curves", { title: "Run", version: "CodeScrub 0.1.0" }), null);
 * ```
 */
export function renderFigure(
  name: FigureName,
  run: RunTables,
  { number }: { number?: number } = {},
): Markup | null {
  const { title, reading, draw }: FigureSection = FIGURES[name];
  const texts = { id: name, title, reading, numbers: FIGURE_NUMBERS[name](run) };
  return renderDrawn(draw(run), { ...texts, ...number !== undefined && { number } });
}
