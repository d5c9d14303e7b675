/**
 * The numbers that each figure draws, as a table: for readers who do not see it, and for copying.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";
import { scoreAfter } from "../figures/score_after.ts";
import { isScore, modelStyle, percentText } from "../figures/style.ts";
import { exposureDistribution } from "../figures/exposure_distribution.ts";
import { memorizationDistribution } from "../figures/memorization_distribution.ts";
import { recoveryRows } from "./attacks.ts";
import { clipText, formatCount, formatScore } from "./format.ts";
import { compareKinds } from "./kinds.ts";
import { type Markup, markup } from "./markup.ts";
import { findResult, listMethods, type RunTables } from "./run_tables.ts";
import { listRuns } from "../figures/hyperparameter_runs.ts";
import { sweepSizes, sweepTradeoff, sweptSettings } from "./sweep.ts";
import { tradeoffRows } from "./tradeoff.ts";
import { certaintyBins, classRows } from "./utility.ts";

/** A table of texts; the first column names the row. */
export interface FigureNumbers {
  /** The heads of the columns. */
  readonly columns: readonly string[];
  /** A text a column. */
  readonly rows: readonly (readonly string[])[];
  /** What the table leaves out, and where that stands. */
  readonly note?: string;
}

/** More rows than this are no alternative to a figure. */
const MAX_ROWS = 400;

/** The numbers of each figure, by the figure's name. */
export const FIGURE_NUMBERS = {
  "memorization-distribution": countDocuments,
  "ma-by-duplication": ({ duplication = [] }) => ({
    columns: ["Copies", "Mean secret MA", "Standard error", "Secrets"],
    rows: duplication.toSorted((a, b) => a.copies - b.copies).map((row) => [
      row.copies === 0 ? "never trained on" : formatCount(row.copies),
      percentText(row.ma),
      percentText(row.se),
      formatCount(row.secrets),
    ]),
  }),
  "ma-by-kind": (run) => {
    const method = listMethods(run)[0];
    return {
      columns: ["Kind", "Twins", "Twins' mean MA", "Secrets", "Mean MA before", "Mean MA after"],
      rows: compareKinds(run, method).map(({ label, twins, before, after }) => [
        label,
        formatCount(twins.count),
        percentText(twins.ma),
        formatCount(before.count),
        percentText(before.ma),
        percentText(after.ma),
      ]),
      note: "Secrets of the forget set; twins were never trained on.",
    };
  },
  "forgetting-curves": ({ history = [] }) => ({
    columns: ["Method", "Epoch", "Forget set MA", "Forget set EL_10", "Retain set MA", "Loss"],
    rows: history.map((row) => [
      nameModel(row.method),
      formatCount(row.epoch),
      percentText(row.ma),
      percentText(row.el_10),
      percentText(row.retain_ma),
      formatScore(row.loss),
    ]),
  }),
  "method-tradeoff": (run) => ({
    columns: ["Method", "Forget set MA gone", "Retain set MA kept"],
    rows: tradeoffRows(run).map(({ method, forget, retain }) => [
      nameModel(method),
      percentText(1 - forget[1] / forget[0]),
      percentText(retain[1] / retain[0]),
    ]),
  }),
  "secrets-before-after": countSecrets,
  "retained-quality": (run) => ({
    columns: ["Model", "Retain set MA", "Retain set EL_10", "Loss on unseen text"],
    rows: ["before", ...listMethods(run)].map((model) => [
      nameModel(model),
      percentText(findResult(run, "retain", model)?.ma),
      percentText(findResult(run, "retain", model)?.el_10),
      formatScore(findResult(run, "unseen", model)?.nll, 2),
    ]),
  }),
  "accuracy-by-class": ({ utility }) => ({
    columns: ["Class", "Model", "Tokens", "Named first", "95 % interval"],
    rows: classRows(utility).map((row) => [
      clipText(row.class),
      nameModel(row.model),
      formatCount(row.count),
      percentText(row.value),
      `${percentText(row.low)} to ${percentText(row.high)}`,
    ]),
  }),
  "reliability": ({ reliability }) => ({
    columns: ["Named with", "Model", "Tokens", "Mean probability", "Right"],
    rows: certaintyBins(reliability).filter(({ tokens }) => tokens > 0).map((row) => [
      `${percentText(row.low)} to ${percentText(row.high)}`,
      nameModel(row.model),
      formatCount(row.tokens),
      percentText(row.confidence),
      percentText(row.accuracy),
    ]),
  }),
  "recovery-curves": ({ attacks }) => ({
    columns: ["Trained on", "Rate", "Steps", "Mean MA", "95 % interval", "Made-up secrets", "95 % interval"],
    rows: recoveryRows(attacks).map((row) => [
      row.steps === 0 ? "nothing" : row.training,
      row.rate === null ? "–" : String(row.rate),
      formatCount(row.steps),
      percentText(row.ma),
      `${percentText(row.low)} to ${percentText(row.high)}`,
      percentText(row.controls),
      rangeText(
        isScore(row.controls_low) && isScore(row.controls_high)
          ? [row.controls_low, row.controls_high]
          : undefined,
      ),
    ]),
  }),
  "exposure-distribution": ({ attacks }) => {
    const { data } = exposureDistribution(attacks?.exposures ?? []);
    return {
      columns: ["Bits", ...data.map(({ name = "" }) => `Share, ${name}`)],
      rows: (data[0]?.x ?? []).map((bits, bin) => [
        String(bits),
        ...data.map(({ y }) => percentText(Number(y[bin]))),
      ]),
    };
  },
  "pass-rates": ({ passes }) => ({
    columns: ["Model", "k", "pass@k", "95 % interval"],
    rows: (passes?.rates ?? []).map(({ model, k, estimate, low, high }) => [
      nameModel(model),
      String(k),
      percentText(estimate),
      `${percentText(low)} to ${percentText(high)}`,
    ]),
  }),
  "problem-passes": ({ passes }) => ({
    columns: ["Problem", "Passed before", "Passed after"],
    rows: (passes?.problems ?? []).filter(({ samples_before }) => samples_before !== null).map((row) => [
      clipText(row.task_id),
      `${row.passed_before} of ${row.samples_before}`,
      `${row.passed} of ${row.samples}`,
    ]),
  }),
  "sweep-tradeoff": ({ sweep = [] }) => ({
    columns: ["Method", "Forget set MA gone", "95 % interval", "Retain set MA kept", "95 % interval"],
    rows: sweepTradeoff(sweep).map(({ method, forget, retain, forgottenInterval, keptInterval }) => [
      nameModel(method),
      percentText(1 - forget[1] / forget[0]),
      rangeText(forgottenInterval),
      percentText(retain[1] / retain[0]),
      rangeText(keptInterval),
    ]),
  }),
  "sweep-sizes": ({ sweep = [] }) => ({
    columns: ["Method", "Rows", "Forget set MA", "Deviation", "Retain set MA", "Deviation"],
    rows: sweepSizes(sweep).map((row) => [
      nameModel(row.method),
      formatCount(row.k),
      ...[row.ma, row.ma_deviation, row.retain_ma, row.retain_ma_deviation].map(percentText),
    ]),
  }),
  "sweep-hyperparameters": countSettings,
  "sweep-settings": countSettings,
} as const satisfies Record<string, (run: RunTables) => FigureNumbers>;

/**
 * Renders the numbers.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderNumbers } from "./figure_numbers.ts";
 *
 * const table = renderNumbers("Counts", { columns: ["Kind", "Secrets"], rows: [["e-mail", "3"]] });
 * assertStringIncludes(table.text, '<th scope="row">e-mail</th><td>3</td>');
 * ```
 */
export function renderNumbers(title: string, { columns, rows, note }: FigureNumbers): Markup {
  const shown = rows.slice(0, MAX_ROWS);
  const left = rows.length - shown.length;
  const notes = [
    ...(note ? [note] : []),
    ...(left > 0 ? [`${formatCount(left)} more rows are left out.`] : []),
  ];
  const body = shown.map(([first = "", ...cells]) =>
    markup`
<tr><th scope="row">${first}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`
  );
  return markup`<div class="scroll" role="region" aria-label="Numbers: ${title}" tabindex="0"><table class="numbers">
<caption>${title}. ${notes.join(" ")}</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

function nameModel(model: string): string {
  return clipText(modelStyle(model).label);
}

/** Runs by their hyperparameters, where they ended. */
function countSettings({ sweep = [] }: RunTables): FigureNumbers {
  return {
    columns: [
      "Method",
      "gamma",
      "lambda",
      "alpha",
      "Learning rate",
      "Forget set MA",
      "Retain set MA",
      "Unseen loss",
      "Epochs",
    ],
    rows: listRuns(sweptSettings(sweep).rows).map((run) => [
      nameModel(run.method),
      ...[run.gamma, run.lambda, run.alpha, run.lr].map(String),
      percentText(run.after.ma),
      percentText(run.after.retain_ma),
      formatScore(run.after.unseen_nll),
      formatScore(run.after.epoch, 1),
    ]),
  };
}

/** The bins that hold documents, as the figure counts them. */
function countDocuments({ documents = [], thresholds }: RunTables): FigureNumbers {
  const { data } = memorizationDistribution(documents, { threshold: thresholds?.ma ?? null });
  const bins = data[0]?.y.length ?? 0;
  return {
    columns: ["MA", ...data.map(({ name = "" }) => `Documents ${name === "documents" ? "" : name}`.trim())],
    rows: Array.from({ length: bins }, (_, bin) => [
      `${percentText(bin / bins)} to ${percentText((bin + 1) / bins)}`,
      ...data.map(({ y }) => formatCount(Number(y[bin]))),
    ]).filter((row) => row.slice(1).some((count) => count !== "0")),
    note: "Empty bins are left out.",
  };
}

function countSecrets(run: RunTables): FigureNumbers {
  const [method = "unlearning"] = listMethods(run);
  const threshold = run.thresholds?.ma;
  const secrets = (run.secrets ?? []).flatMap((row) => {
    const [before, after] = [row.ma_before, scoreAfter(row, method)];
    return isScore(before) && after !== null ? [{ tag: row.tag, before, after }] : [];
  });
  const countAbove = (scores: readonly number[]) =>
    isScore(threshold) ? formatCount(scores.filter((ma) => ma > threshold).length) : "–";
  return {
    columns: ["Kind", "Secrets", "Mean MA before", "Mean MA after", "Above before", "Above after"],
    rows: [...new Set(secrets.map(({ tag }) => tag))].toSorted().map((tag) => {
      const [before, after] = (["before", "after"] as const).map((key) =>
        secrets.filter((row) => row.tag === tag).map((row) => row[key])
      ) as [number[], number[]];
      return [
        clipText(tag),
        formatCount(before.length),
        percentText(mean(before)),
        percentText(mean(after)),
        countAbove(before),
        countAbove(after),
      ];
    }),
    note: "Above: above the threshold. Every single secret stands in the table at the end.",
  };
}

function rangeText(interval: readonly [number, number] | undefined): string {
  return interval ? `${percentText(interval[0])} to ${percentText(interval[1])}` : formatScore(null);
}
