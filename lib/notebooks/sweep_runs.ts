/**
 * The runs of a sweep, for a notebook to show.
 *
 * @module
 */
import { readRows } from "../datasets/row_table.ts";
import { SWEEP_COLUMNS, SWEEP_LATER_COLUMNS } from "../datasets/sweep_columns.ts";
import type { SweepRunRow } from "../evaluation/sweep_means.ts";

/**
 * Reads the table of runs that `sweep` writes, as Parquet or CSV.
 *
 * @throws {Error} as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepLeaderboards } from "../report/sweep_leaderboard.ts";
 * import { readSweepRuns } from "./sweep_runs.ts";
 *
 * const [methods] = sweepLeaderboards(await readSweepRuns("data/methods/runs.csv"));
 * assertEquals(methods?.rows[0]?.label, "before");
 * ```
 */
export async function readSweepRuns(path: string): Promise<SweepRunRow[]> {
  const optional = Object.keys(SWEEP_LATER_COLUMNS) as (keyof typeof SWEEP_LATER_COLUMNS)[];
  return await readRows(path, { ...SWEEP_COLUMNS, ...SWEEP_LATER_COLUMNS }, { optional });
}
