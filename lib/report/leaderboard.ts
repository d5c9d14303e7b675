/**
 * Methods beside one another, as leaderboards have it: a row a method, what it forgot, kept, withstood and took. What is best
 * stands in bold, and with it whatever its interval does not tell from it; on the forget set that is all that is under the
 * threshold, as less is no better there.
 *
 * @module
 */
import { clipText } from "./format.ts";
import {
  LEADERBOARD_COLUMN_NAMES,
  LEADERBOARD_COLUMNS,
  type LeaderboardColumn,
  type LeaderboardColumnName,
} from "./leaderboard_columns.ts";
import { type Markup, markup } from "./markup.ts";

/** A value of a cell, with its interval where there is one. */
export interface LeaderboardCell {
  /** The value, or a mean of values. */
  readonly value: number;
  /** The ends of its 95 % interval. */
  readonly low?: number;
  readonly high?: number;
  /** Whether it is as good as it can be. */
  readonly isEnough?: boolean;
}

/** A method, or the model before. */
export interface LeaderboardRow {
  /** What the row is called. */
  readonly label: string;
  /** Whether nothing was unlearned there: such a row is never the best. */
  readonly isBefore?: boolean;
  /** What was measured. */
  readonly cells: { readonly [C in LeaderboardColumnName]?: LeaderboardCell | undefined };
}

/** A column with its cells, for a row each. */
interface FilledColumn extends LeaderboardColumn {
  readonly cells: readonly (LeaderboardCell | undefined)[];
  /** Numbers of the rows that are best. */
  readonly best: ReadonlySet<number>;
}

/** Options of {@linkcode renderLeaderboard}. */
export interface RenderLeaderboardOptions {
  /** What stands first in the caption, a sentence or more. */
  caption?: string;
  /** What the table is called. Default "Comparison of methods". */
  name?: string;
  /** Whether the caption says how to read it, as the first of several does. Default true. */
  explains?: boolean;
}

/**
 * Renders a row a method; null where nothing was measured but of models before. A dash stands where something was not
 * measured, and what was measured nowhere has no column.
 *
 * @example
 * ```ts
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 * import { renderLeaderboard } from "./leaderboard.ts";
 *
 * assertEquals(renderLeaderboard([{ label: "before", isBefore: true, cells: { ma: { value: 1 } } }]), null);
 * const rows = [{ label: "GA", cells: { retain_ma: { value: 0.25 } } }, { label: "CU", cells: { retain_ma: { value: 0.75 } } }];
 * assertStringIncludes(renderLeaderboard(rows)!.text, "<td><b>0.750</b></td>");
 * ```
 */
export function renderLeaderboard(
  rows: readonly LeaderboardRow[],
  { caption, name = "Comparison of methods", explains = true }: RenderLeaderboardOptions = {},
): Markup | null {
  const columns = columnsOf(rows);
  if (columns.length === 0) return null;
  const lines = rows.map(({ label }, row) =>
    markup`
<tr><th scope="row">${clipText(label)}</th>${
      columns.map(({ cells, format, best }) => renderCell(cells[row], format, best.has(row)))
    }</tr>`
  );
  return markup`<div class="scroll" role="region" aria-label="${
    clipText(name)
  }" tabindex="0"><table class="comparison">
<caption>${[...caption === undefined ? [] : [caption], ...explains ? reading(rows) : []].join(" ")}</caption>
<thead><tr><th scope="col">Method</th>${
    columns.map((column) => markup`<th scope="col">${headOf(column)}</th>`)
  }</tr></thead>
<tbody>${lines}</tbody></table></div>`;
}

/** How to read it. */
function reading(rows: readonly LeaderboardRow[]): string[] {
  const isMany = rows.filter(({ isBefore }) => !isBefore).length > 1;
  return [
    ...isMany ? ["A row a method."] : [],
    "Arrows say which end is good.",
    ...isMany
      ? [
        "The best stands in bold, with all whose intervals reach into its own, as these are no proven difference; on the " +
        "forget set that is all under the threshold, as less is no better there.",
      ]
      : [],
    "In brackets 95 % intervals, where there are any; a dash: not measured.",
  ];
}

/** A table of texts: heads, and a row a method. */
export interface LeaderboardTexts {
  /** Of the columns. */
  readonly header: readonly string[];
  /** The cells, the best with a star. */
  readonly rows: readonly (readonly string[])[];
}

/**
 * The same as plain texts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { leaderboardTexts } from "./leaderboard.ts";
 *
 * const { header, rows } = leaderboardTexts([
 *   { label: "GA", cells: { retain_ma: { value: 0.25, low: 0.2, high: 0.3 } } },
 *   { label: "CU", cells: { retain_ma: { value: 0.75, low: 0.7, high: 0.8 } } },
 * ]);
 * assertEquals(header, ["Method", "Retain set MA\u00a0↑"]);
 * assertEquals(rows, [["GA", "0.250 [0.200, 0.300]"], ["CU", "0.750 [0.700, 0.800] *"]]);
 * ```
 */
export function leaderboardTexts(rows: readonly LeaderboardRow[]): LeaderboardTexts {
  const columns = columnsOf(rows);
  return {
    header: ["Method", ...columns.map(headOf)],
    rows: rows.map(({ label }, row) => [
      label,
      ...columns.map(({ cells, format, best }) => {
        const cell = cells[row];
        if (!cell) return "–";
        const interval = intervalOf(cell, format);
        return [format(cell.value), ...interval ? [interval] : [], ...best.has(row) ? ["*"] : []].join(" ");
      }),
    ]),
  };
}

/** After a name, on its last line. */
const ARROWS = { low: "\u00a0↓", high: "\u00a0↑", none: "" } as const;
const headOf = ({ title, better }: LeaderboardColumn) => `${title}${ARROWS[better]}`;

/** The columns in which a method has something. */
function columnsOf(rows: readonly LeaderboardRow[]): FilledColumn[] {
  return LEADERBOARD_COLUMN_NAMES.flatMap((name) => {
    const column: LeaderboardColumn = LEADERBOARD_COLUMNS[name];
    const cells = rows.map((row) => row.cells[name]);
    const after = cells.map((cell, row) => rows[row]!.isBefore ? undefined : cell);
    if (after.every((cell) => cell === undefined)) return [];
    return [{ ...column, cells, best: bestOf(column.better, after) }];
  });
}

function renderCell(
  cell: LeaderboardCell | undefined,
  format: LeaderboardColumn["format"],
  isBest: boolean,
): Markup {
  if (!cell) return markup`<td>–</td>`;
  const text = isBest ? markup`<b>${format(cell.value)}</b>` : format(cell.value);
  const interval = intervalOf(cell, format);
  if (interval === undefined) return markup`<td>${text}</td>`;
  const unbroken = interval.replaceAll(/(?<!,) /g, "\u00a0"); // on paper a line ends after the comma
  return markup`<td>${text} <span class="interval">${unbroken}</span></td>`;
}

function intervalOf(
  { low, high }: LeaderboardCell,
  format: LeaderboardColumn["format"],
): string | undefined {
  return low === undefined || high === undefined ? undefined : `[${format(low)}, ${format(high)}]`;
}

/** The numbers of the best cells: all that are good enough, else the best and those whose intervals reach into its own. */
function bestOf(
  better: LeaderboardColumn["better"],
  cells: readonly (LeaderboardCell | undefined)[],
): Set<number> {
  const known = cells.flatMap((cell, index) => cell ? [{ ...cell, index }] : []);
  if (better === "none" || known.length < 2) return new Set();
  const enough = known.filter(({ isEnough }) => isEnough);
  if (enough.length > 0) return new Set(enough.map(({ index }) => index));
  const [best] = known.toSorted((a, b) => better === "low" ? a.value - b.value : b.value - a.value);
  const { value, low = value, high = value } = best!;
  const reaches = (cell: LeaderboardCell) =>
    (cell.low ?? cell.value) <= high && (cell.high ?? cell.value) >= low;
  return new Set(known.filter(reaches).map(({ index }) => index));
}
