/**
 * Means with their intervals in a notebook: as a table, and as a text for what a notebook claims.
 *
 * @module
 */
import { type Columns, frameOfRows, type RowOf } from "../datasets/row_table.ts";
import type { MetricName } from "../datasets/metrics.ts";
import { intervalOf } from "../metrics/group_intervals.ts";
import { describeChange } from "../report/describe_change.ts";
import { formatInterval, formatScore } from "../report/format.ts";
import type { ReportedResult } from "../report/run_tables.ts";
import { type ShownTable, showTable } from "./show_table.ts";

/** A mean and the ends of its 95 % interval; null where one is not known. */
export interface ShownInterval {
  /** The mean. */
  estimate: number | null;
  /** The interval's lower end. */
  low: number | null;
  /** Its upper end. */
  high: number | null;
}

/** A cell. */
export type IntervalCell = ShownInterval | string | number | null | undefined;

/**
 * A table whose means have their intervals beside them, as `0.255 [0.190, 0.320]`. Columns `ma_low` and `ma_high`, as the
 * tables of commands have them, go into the column `ma`; ends of what is no column are left out.
 *
 * @param rows with the same keys, in the order of the columns
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { showIntervals } from "./show_intervals.ts";
 *
 * const ends = { ma_low: 0.19, ma_high: 0.32, nll_change_low: null };
 * const shown = showIntervals([{ set: "forget", ma: 0.255, rows: 8, ...ends, found: { estimate: 1, low: 1, high: 1 } }]);
 * assertEquals(Reflect.get(shown, Symbol.for("Jupyter.display"))()["text/plain"].split("\n"), [
 *   "set     ma                    rows  found",
 *   "forget  0.255 [0.190, 0.320]     8  1.000 [1.000, 1.000]",
 * ]);
 * ```
 */
export function showIntervals(
  rows: readonly object[],
  { decimals = 3 }: { decimals?: number } = {},
): ShownTable {
  const all: readonly Record<string, IntervalCell>[] = rows.map((row) => fold({ ...row }));
  const names = [...new Set(all.flatMap((row) => Object.keys(row)))];
  const columns: Columns = Object.fromEntries(
    names.map((name) => [name, kindOf(all.map((row) => row[name]))]),
  );
  const texts = all.map((row) =>
    Object.fromEntries(names.map((name) => {
      const cell = row[name] ?? null;
      return [name, cell !== null && columns[name] === "text?" ? textOf(cell, decimals) : cell];
    }))
  );
  return showTable(frameOfRows(texts as RowOf<Columns>[], columns), { decimals });
}

/** Puts the ends of intervals into their means' cells. */
function fold(row: Record<string, IntervalCell>): Record<string, IntervalCell> {
  const isEnd = (name: string) => /_(low|high)$/.test(name);
  return Object.fromEntries(
    Object.entries(row).filter(([name]) => !isEnd(name)).map(([name, value]) => {
      const [low, high] = [row[`${name}_low`], row[`${name}_high`]];
      const isKnown = typeof value === "number" && typeof low === "number" && typeof high === "number";
      return [name, isKnown ? { estimate: value, low, high } : value];
    }),
  );
}

/** Means stand as texts, with whatever else is in their column. */
function kindOf(cells: readonly IntervalCell[]): Columns[string] {
  const known = cells.filter((cell) => cell !== null && cell !== undefined);
  if (known.some((cell) => typeof cell !== "number")) return "text?";
  return known.every((cell) => Number.isInteger(cell)) ? "int?" : "float?";
}

function textOf(cell: NonNullable<IntervalCell>, decimals: number): string {
  if (typeof cell !== "object") return typeof cell === "number" ? formatScore(cell, decimals) : cell;
  const { estimate, low, high } = cell;
  if (estimate === null || low === null || high === null) return formatScore(estimate, decimals);
  return formatInterval({ estimate, low, high }, decimals);
}

/**
 * A mean for a sentence: with its interval, and with what it has changed by and that change's interval.
 *
 * @param row of `evaluateSets`, or of a loaded run's results; a dash where there is none @param options.before the same set's row of the model before
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeMean } from "./show_intervals.ts";
 *
 * const before = { set: "retain", model: "before", ma: 0.5, el_3: 0, el_5: 0, el_10: 0, nll: 1, rows: 8 } as const;
 * const after = { ...before, ma: 0.25, ma_low: 0.2, ma_high: 0.3, ma_change_low: -0.3, ma_change_high: -0.2 };
 * assertEquals(describeMean(after, { before }), "0.250 [0.200, 0.300] (change -0.250 [-0.300, -0.200])");
 * assertEquals(describeMean(before), "0.500");
 * ```
 */
export function describeMean(
  row: ReportedResult | undefined,
  { metric = "ma", before }: { metric?: MetricName; before?: ReportedResult } = {},
): string {
  if (!row) return formatScore(null);
  const interval = intervalOf(row, metric);
  const text = interval ? formatInterval(interval) : formatScore(row[metric]);
  const change = before && describeChange(before, row, metric);
  return change === undefined ? text : `${text} (${change})`;
}
