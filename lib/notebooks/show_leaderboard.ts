/**
 * Methods beside one another in a notebook, as the report has them: of one run, or a study of a sweep.
 *
 * @module
 */
import { formatTable } from "../cli/console.ts";
import { type LeaderboardRow, leaderboardTexts, renderLeaderboard } from "../report/leaderboard.ts";
import type { LeaderboardColumnName } from "../report/leaderboard_columns.ts";
import { shownAs, type ShownTable } from "./show_table.ts";

/** Options of {@linkcode showLeaderboard}. */
export interface ShowLeaderboardOptions {
  /** What stands first above the table. */
  caption?: string;
  /** Columns that are left out, such as `seconds`, which tell of a machine. */
  without?: readonly LeaderboardColumnName[];
}

/** Jupyter aligns all of a table otherwise. */
const LEFT = 'style="text-align: left"';

/**
 * Rows, as `sweepLeaderboards` and `compareMethods` give them, as a notebook's last value of a cell.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { showLeaderboard } from "./show_leaderboard.ts";
 *
 * const shown = showLeaderboard([
 *   { label: "GA", cells: { retain_ma: { value: 0.25 } } },
 *   { label: "CU", cells: { retain_ma: { value: 0.75 } } },
 * ]);
 * const texts = Reflect.get(shown, Symbol.for("Jupyter.display"))();
 * assertStringIncludes(texts["text/plain"], "CU      0.750 *");
 * assertStringIncludes(texts["text/html"], "<b>0.750</b>");
 * ```
 */
export function showLeaderboard(
  all: readonly LeaderboardRow[],
  { caption, without = [] }: ShowLeaderboardOptions = {},
): ShownTable {
  const kept = ([name]: [string, unknown]) => !without.some((other) => other === name);
  const rows = all.map((row) => ({
    ...row,
    cells: Object.fromEntries(Object.entries(row.cells).filter(kept)) as LeaderboardRow["cells"],
  }));
  return shownAs(() => {
    const { header, rows: cells } = leaderboardTexts(rows);
    const table = renderLeaderboard(rows, caption === undefined ? {} : { caption });
    const html = (table?.text ?? "").replace("<caption>", `<caption ${LEFT}>`)
      .replaceAll('<th scope="row">', `<th scope="row" ${LEFT}>`);
    return { "text/html": html, "text/plain": formatTable(header, cells.map((row) => [...row])) };
  });
}
