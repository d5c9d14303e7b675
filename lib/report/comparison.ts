/**
 * The methods beside one another, as leaderboards have it: a row a method, what it forgot, kept and took. What is best
 * stands in bold; on the forget set that is whatever is under the threshold, as less is no better there.
 *
 * @module
 */
import { METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import type { ResultRow } from "../figures/retained_quality.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { clipText, formatBytes, formatCount, formatScore, formatSeconds } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { findResult, listMethods, type RunTables, secondsOf, standingOf } from "./run_tables.ts";

/** A value of a table's cell, with its interval where the tables have one. */
interface Cell {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Whether it is as good as it can be. */
  readonly isEnough?: boolean;
}

interface Column {
  readonly title: string;
  /** Which end is good; neither where a method is not better by it. */
  readonly better: "low" | "high" | "none";
  readonly format: (value: number) => string;
  readonly cellOf: (run: RunTables, model: string) => Cell | undefined;
}

const SETS = {
  forget: "Forget set",
  retain: "Retain set",
  unseen: "Unseen",
  relearned: "Relearned",
} as const;

/** What `evaluate --benign` measured, for where nobody attacked. */
const RELEARNED = setColumn("relearned", "ma", "low");

const COLUMNS: readonly Column[] = [
  setColumn("forget", "ma", "low"),
  setColumn("forget", "el_10", "low"),
  setColumn("retain", "ma", "high"),
  setColumn("retain", "el_10", "high"),
  setColumn("unseen", "nll", "low"),
  {
    title: "pass@1",
    better: "high",
    format: formatScore,
    cellOf: (run, model) =>
      toCell(
        run.passes?.rates.find((row) => row.k === 1 && row.model === roleOf(run.passes?.method, run, model)),
      ),
  },
  {
    title: "Extracted",
    better: "low",
    format: formatScore,
    cellOf: (run, model) =>
      worstOf(
        run,
        model,
        (attack) => attack === "extract" || attack === "prefix",
        ({ extracted }) => extracted,
      ),
  },
  {
    title: "MA after relearning",
    better: "low",
    format: formatScore,
    cellOf: (run, model) =>
      worstOf(run, model, (attack) => attack === "relearn", ({ score }) => score) ??
        RELEARNED.cellOf(run, model),
  },
  {
    title: "Membership, area",
    better: "none",
    format: (value) => formatScore(value, 2),
    cellOf: (run, model) => {
      const role = roleOf(run.attacks?.method, run, model);
      const areas = (run.attacks?.membership ?? []).filter((row) => row.model === role);
      return toCell(areas.toSorted((a, b) => Math.abs(b.estimate - 0.5) - Math.abs(a.estimate - 0.5))[0]);
    },
  },
  {
    title: "Epochs",
    better: "low",
    format: formatCount,
    cellOf: (run, model) => spent(run, model, "epochs"),
  },
  {
    title: "Time",
    better: "low",
    format: formatSeconds,
    cellOf: (run, model) => spent(run, model, "seconds"),
  },
  {
    title: "Memory",
    better: "low",
    format: formatBytes,
    cellOf: (run, model) => spent(run, model, "memoryBytes"),
  },
];

function setColumn(set: ResultRow["set"], metric: ThresholdMetric | "nll", better: Column["better"]): Column {
  return {
    title: `${SETS[set]} ${METRICS[metric].label}`,
    better,
    format: (value) => formatScore(value, metric === "nll" ? 2 : 3),
    cellOf: (run, model) => {
      const row = findResult(run, set, model);
      const value = row?.[metric];
      if (!isScore(value)) return undefined;
      const [low, high] = [row?.[`${metric}_low`], row?.[`${metric}_high`]];
      const threshold = metric === "nll" ? null : run.thresholds?.[metric];
      const isEnough = (set === "forget" || set === "relearned") && standingOf(value, threshold) === "below";
      return { value, isEnough, ...isScore(low) && isScore(high) && { low, high } };
    },
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

/** The variant by which an attack finds most. */
function worstOf(
  run: RunTables,
  model: string,
  isOf: (attack: string) => boolean,
  valueOf: (row: NonNullable<RunTables["attacks"]>["summaries"][number]) => Interval | null,
): Cell | undefined {
  const role = roleOf(run.attacks?.method, run, model);
  const found = (run.attacks?.summaries ?? []).filter((row) => row.model === role && isOf(row.attack))
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
  const label = (model: string) => clipText(modelStyle(model).label);
  return renderModels(["before", ...listMethods(run)].map((model) => ({ label: label(model), run, model })));
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
  const isAfter = models.map(({ model }) => model !== "before");
  const columns = COLUMNS.map((column) => {
    const cells = models.map(({ run, model }) => column.cellOf(run, model));
    const after = cells.map((cell, row) => isAfter[row] ? cell : undefined);
    return { ...column, cells, after, best: bestOf(column.better, after) };
  }).filter(({ after }) => after.some((cell) => cell !== undefined));
  if (columns.length === 0) return null;
  const isMany = isAfter.filter(Boolean).length > 1;
  const rows = models.map(({ label }, row) =>
    markup`
<tr><th scope="row">${label}</th>${
      columns.map(({ cells, format, best }) => renderCell(cells[row], format, best.has(row)))
    }</tr>`
  );
  const arrows = { low: " ↓", high: " ↑", none: "" };
  return markup`<div class="scroll" role="region" aria-label="Comparison of methods" tabindex="0"><table class="comparison">
<caption>A row a method; arrows say which end is good${
    isMany
      ? ", the best stands in bold: on the forget set all that is under the threshold, as less is no better"
      : ""
  }. In brackets 95 % intervals, where the tables have them. Extraction and relearning are those of the attack that found
most.</caption>
<thead><tr><th scope="col">Method</th>${
    columns.map(({ title, better }) => markup`<th scope="col">${title}${arrows[better]}</th>`)
  }</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function renderCell(cell: Cell | undefined, format: Column["format"], isBest: boolean): Markup {
  if (!cell) return markup`<td>–</td>`;
  const { value, low, high } = cell;
  const text = isBest ? markup`<b>${format(value)}</b>` : format(value);
  if (low === undefined || high === undefined) return markup`<td>${text}</td>`;
  return markup`<td>${text} <span class="interval">[${format(low)}, ${format(high)}]</span></td>`;
}

/** The numbers of the best cells: all that are good enough, else those that no other beats. */
function bestOf(better: Column["better"], cells: readonly (Cell | undefined)[]): Set<number> {
  const known = cells.flatMap((cell, index) => cell ? [{ ...cell, index }] : []);
  if (better === "none" || known.length < 2) return new Set();
  const enough = known.filter(({ isEnough }) => isEnough);
  if (enough.length > 0) return new Set(enough.map(({ index }) => index));
  const values = known.map(({ value }) => value);
  const best = better === "low" ? Math.min(...values) : Math.max(...values);
  return new Set(known.filter(({ value }) => value === best).map(({ index }) => index));
}
