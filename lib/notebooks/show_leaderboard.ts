/**
 * Methods beside one another in a notebook, as the report has them: of one run, or a study of a sweep.
 *
 * @module
 */
import { formatTable } from "../cli/console.ts";
import { type LeaderboardRow, leaderboardTexts, renderLeaderboard } from "../report/leaderboard.ts";
import { shownAs, type ShownTable } from "./show_table.ts";

/** Jupyter aligns all of a table otherwise. */
const LEFT = 'style="text-align: left"';

/**
 * Rows, as `sweepLeaderboards` and `compareMethods` give them, as a notebook's last value of a cell.
 *
 * @param caption what stands first above the table
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
export function showLeaderboard(rows: readonly LeaderboardRow[], caption?: string): ShownTable {
  return shownAs(() => {
    const { header, rows: cells } = leaderboardTexts(rows);
    const table = renderLeaderboard(rows, caption === undefined ? {} : { caption });
    const html = (table?.text ?? "").replace("<caption>", `<caption ${LEFT}>`)
      .replaceAll('<th scope="row">', `<th scope="row" ${LEFT}>`);
    return { "text/html": html, "text/plain": formatTable(header, cells.map((row) => [...row])) };
  });
}
