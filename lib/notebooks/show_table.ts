/**
 * Tables in a notebook as people read them: text at the left, numbers at the right with the same decimals in all rows of a
 * column, a dash where there is none. (Jupyter aligns all to the right, and a data frame shows 17 digits.)
 *
 * @module
 */
import type { pl } from "../datasets/tables.ts";
import { escapeHtml } from "../report/markup.ts";

const jupyterDisplay = Symbol.for("Jupyter.display");
const NONE = "–";
const DECIMALS = 4;

/** Options of {@linkcode showTable}. */
export interface ShowTableOptions {
  /** Digits behind the point: of all columns of numbers that are not whole, or by name. Default 4. */
  decimals?: number | Readonly<Record<string, number>>;
}

/** What a notebook shows as a table. */
export interface ShownTable {
  /** By MIME type. */
  [jupyterDisplay]: () => { "text/html": string; "text/plain": string };
}

/**
 * A data frame as a notebook's last value of a cell.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { frameOfRows } from "../datasets/mod.ts";
 * import { showTable } from "./show_table.ts";
 *
 * const frame = frameOfRows([{ set: "forget", ma: 1 / 3 }, { set: "retain", ma: null }], { set: "text", ma: "float?" });
 * const shown = showTable(frame, { decimals: 2 });
 * assertStringIncludes(Reflect.get(shown, Symbol.for("Jupyter.display"))()["text/plain"], "retain     –");
 * ```
 */
export function showTable(frame: pl.DataFrame, { decimals = DECIMALS }: ShowTableOptions = {}): ShownTable {
  const columns = frame.getColumns().map((column) => {
    const isNumber = column.isNumeric();
    const given = typeof decimals === "number" ? decimals : decimals[column.name] ?? DECIMALS;
    return { name: column.name, isNumber, digits: column.isFloat() ? given : 0 };
  });
  const rows = frame.toRecords().map((row) => columns.map(({ name, digits }) => cellText(row[name], digits)));
  return shownAs(() => ({ "text/html": toHtml(columns, rows), "text/plain": toText(columns, rows) }));
}

/**
 * What Jupyter shows by these texts.
 *
 * @param show asked for them when it does
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shownAs } from "./show_table.ts";
 *
 * const shown = shownAs(() => ({ "text/html": "<b>1</b>", "text/plain": "1" }));
 * assertEquals(Reflect.get(shown, Symbol.for("Jupyter.display"))()["text/plain"], "1");
 * ```
 */
export function shownAs(show: () => { "text/html": string; "text/plain": string }): ShownTable {
  return { [jupyterDisplay]: show };
}

interface Column {
  name: string;
  isNumber: boolean;
}

function cellText(value: unknown, digits: number): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  const text = value.toFixed(digits);
  const least = 10 ** -digits;
  return value !== 0 && Number(text) === 0 ? `${value < 0 ? ">-" : "<"}${least.toFixed(digits)}` : text;
}

function toHtml(columns: readonly Column[], rows: readonly string[][]): string {
  const cell = (tag: string, text: string, { isNumber }: Column) =>
    `<${tag} style="text-align: ${isNumber ? "right" : "left"}">${escapeHtml(text)}</${tag}>`;
  const head = columns.map((column) => cell("th", column.name, column)).join("");
  const body = rows.map((row) => `<tr>${row.map((text, i) => cell("td", text, columns[i]!)).join("")}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function toText(columns: readonly Column[], rows: readonly string[][]): string {
  const lines = [columns.map(({ name }) => name), ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines.map((line) =>
    line.map((text, i) => columns[i]!.isNumber ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)).join(
      "  ",
    ).trimEnd()
  ).join("\n");
}
