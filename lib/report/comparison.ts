/**
 * The methods of one run, or of several, beside one another: what their tables say of each, as a leaderboard's rows.
 *
 * @module
 */
import { readRelearnVariant } from "../attacks/relearn_variant.ts";
import type { ThresholdMetric } from "../datasets/metrics.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import type { ResultRow } from "../figures/retained_quality.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { clipText } from "./format.ts";
import { type LeaderboardCell, type LeaderboardRow, renderLeaderboard } from "./leaderboard.ts";
import { LEADERBOARD_COLUMN_NAMES, type LeaderboardColumnName } from "./leaderboard_columns.ts";
import type { Markup } from "./markup.ts";
import {
  findResult,
  listMethods,
  type ReportedAttacks,
  type RunTables,
  secondsOf,
  standingOf,
} from "./run_tables.ts";

type Cell = LeaderboardCell;
type CellOf = (run: RunTables, model: string) => Cell | undefined;

/** What `evaluate --benign` measured. */
const RELEARNED = resultCell("relearned", "ma");

/** Half of what was never seen has less than one bit: fewer are no better. */
const BITS_OF_CHANCE = 1;

const CELLS: { readonly [C in LeaderboardColumnName]: CellOf } = {
  ma: resultCell("forget", "ma"),
  el_10: resultCell("forget", "el_10"),
  retain_ma: resultCell("retain", "ma"),
  retain_el_10: resultCell("retain", "el_10"),
  unseen_nll: resultCell("unseen", "nll"),
  pass_at_1: (run, model) =>
    toCell(
      run.passes?.rates.find((row) => row.k === 1 && row.model === roleOf(run.passes?.method, run, model)),
    ),
  extracted: (run, model) => {
    const role = roleOf(run.attacks?.method, run, model);
    return toCell(run.attacks?.extracted?.find((row) => row.model === role)?.secrets);
  },
  extracted_controls: (run, model) => {
    const role = roleOf(run.attacks?.method, run, model);
    return toCell(run.attacks?.extracted?.find((row) => row.model === role)?.controls);
  },
  relearned_ma: (run, model) =>
    RELEARNED(run, model) ?? worstOf(run, model, {
      isOf: ({ attack }) => attack === "relearn",
      valueOf: ({ score }) => score,
    }),
  recovered: (run, model) => {
    const found = worstOf(run, model, {
      isOf: ({ attack, variant }) => attack === "relearn" && readRelearnVariant(variant)?.isHalf === false,
      valueOf: ({ difference }) => difference,
    });
    return found && { ...found, isEnough: (found.low ?? found.value) <= 0 };
  },
  exposure: (run, model) => {
    const found = worstOf(run, model, {
      isOf: ({ attack, variant }) => attack === "exposure" && variant === "rank",
      valueOf: ({ median }) => median,
    });
    return found && { ...found, isEnough: found.value <= BITS_OF_CHANCE };
  },
  membership: (run, model) => {
    const role = roleOf(run.attacks?.method, run, model);
    return toCell(run.attacks?.membership?.find((row) => row.model === role && row.score === "loss"));
  },
  epochs: (run, model) => spent(run, model, "epochs"),
  seconds: (run, model) => spent(run, model, "seconds"),
  memory_bytes: (run, model) => spent(run, model, "memoryBytes"),
};

function resultCell(set: ResultRow["set"], metric: ThresholdMetric | "nll"): CellOf {
  return (run, model) => {
    const row = findResult(run, set, model);
    const value = row?.[metric];
    if (!isScore(value)) return undefined;
    const [low, high] = [row?.[`${metric}_low`], row?.[`${metric}_high`]];
    const threshold = metric === "nll" ? null : run.thresholds?.[metric];
    const isEnough = (set === "forget" || set === "relearned") && standingOf(value, threshold) === "below";
    return { value, isEnough, ...isScore(low) && isScore(high) && { low, high } };
  };
}

function toCell(interval: Interval | null | undefined): Cell | undefined {
  return interval ? { value: interval.estimate, low: interval.low, high: interval.high } : undefined;
}

/** What the tables of attacks and of problems call a model: they know the one before and the one after. */
function roleOf(method: string | undefined, run: RunTables, model: string): string | undefined {
  if (model === "before") return "before";
  const [first, other] = listMethods(run);
  return model === (method ?? (other === undefined ? first : undefined)) ? "after" : undefined;
}

type Summary = ReportedAttacks["summaries"][number];

/** The variant by which an attack finds most. */
function worstOf(
  run: RunTables,
  model: string,
  { isOf, valueOf }: { isOf: (row: Summary) => boolean; valueOf: (row: Summary) => Interval | null },
): Cell | undefined {
  const role = roleOf(run.attacks?.method, run, model);
  const found = (run.attacks?.summaries ?? []).filter((row) => row.model === role && isOf(row))
    .map(valueOf).filter((value) => value !== null);
  return toCell(found.toSorted((a, b) => b.estimate - a.estimate)[0]);
}

function spent(run: RunTables, model: string, what: "epochs" | "seconds" | "memoryBytes"): Cell | undefined {
  const value = what === "seconds"
    ? secondsOf(run, model)
    : run.unlearned?.find(({ method }) => method === model)?.[what];
  return isScore(value) ? { value } : undefined;
}

/** A model of the comparison. */
export interface ComparedModel {
  /** What the row is called. */
  readonly label: string;
  /** The run whose tables it stands in, and its name there. */
  readonly run: RunTables;
  readonly model: string;
}

/**
 * What the tables of runs say of models, a row each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareModels } from "./comparison.ts";
 *
 * const row = { set: "retain", el_3: null, el_5: null, el_10: null, nll: null, rows: 32 } as const;
 * const run = { title: "Run", version: "v", results: [{ ...row, model: "ga", ma: 0.25 }] };
 * const [ga] = compareModels([{ label: "GA", run, model: "ga" }]);
 * assertEquals([ga!.label, ga!.cells.retain_ma?.value, ga!.cells.ma], ["GA", 0.25, undefined]);
 * ```
 */
export function compareModels(models: readonly ComparedModel[]): LeaderboardRow[] {
  return models.map(({ label, run, model }) => ({
    label,
    isBefore: model === "before",
    cells: Object.fromEntries(LEADERBOARD_COLUMN_NAMES.map((name) => [name, CELLS[name](run, model)])),
  }));
}

/**
 * The methods of a run as rows, the model before first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareMethods } from "./comparison.ts";
 *
 * const rows = compareMethods({ title: "Run", version: "v" });
 * assertEquals(rows.map(({ label, isBefore }) => [label, isBefore]), [["before", true]]);
 * ```
 */
export function compareMethods(run: RunTables): LeaderboardRow[] {
  const label = (model: string) => clipText(modelStyle(model).label);
  return compareModels(["before", ...listMethods(run)].map((model) => ({ label: label(model), run, model })));
}

/** What stands in the caption besides. */
const CAPTION =
  "Extracted is the share that any attack wrote out, also after training the model further; relearning is ordinary training on evaluate's benign texts, else the " +
  "training of attack that brought most back; membership is told by the loss.";

/**
 * Renders the comparison of a run's methods; null where none was evaluated.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderComparison } from "./comparison.ts";
 *
 * const row = { set: "retain", el_3: null, el_5: null, el_10: null, nll: null, rows: 32 } as const;
 * const results = [{ ...row, model: "ga", ma: 0.25 }, { ...row, model: "cu", ma: 0.75 }];
 * const table = renderComparison({ title: "Run", version: "v", results })!;
 * assertStringIncludes(table.text, "<td><b>0.750</b></td>");
 * ```
 */
export function renderComparison(run: RunTables): Markup | null {
  return renderLeaderboard(compareMethods(run), { caption: CAPTION });
}

/**
 * Renders a row a model; null where nothing is known of any but those before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderModels } from "./comparison.ts";
 *
 * assertEquals(renderModels([{ label: "before", run: { title: "Run", version: "v" }, model: "before" }]), null);
 * ```
 */
export function renderModels(models: readonly ComparedModel[]): Markup | null {
  return renderLeaderboard(compareModels(models), { caption: CAPTION });
}
