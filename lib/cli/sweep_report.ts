/**
 * What a sweep's runs gave, those of all processes: the table of runs, the means, the tables that people read, and the page.
 *
 * @module
 */
import { basename, join } from "node:path";
import {
  SWEEP_COLUMNS,
  SWEEP_DIFFERENCE_COLUMNS,
  SWEEP_LATER_COLUMNS,
  SWEEP_MEAN_COLUMNS,
} from "../datasets/sweep_columns.ts";
import { FORGET_COLUMNS } from "../datasets/columns.ts";
import { readRows, type RowOf, writeRows } from "../datasets/row_table.ts";
import { sweepMeans, type SweepRunRow } from "../evaluation/sweep_means.ts";
import { markdownTables, sweepTables, type TextTable } from "../evaluation/sweep_tables.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import type { CommandResult, Json } from "./command.ts";
import { formatTable } from "./console.ts";
import type { RunFolder } from "./run_folder.ts";
import type { SweepConfig } from "./sweep_config.ts";
import { SWEEP_FILES } from "./sweep_files.ts";
import type { FailedRun } from "./sweep_process.ts";
import { readResult } from "./sweep_run.ts";
import { listRuns } from "./sweep_runs.ts";

/** What the tables hold. */
export interface WrittenSweep {
  /** Runs with a row. */
  rows: number;
  /** Runs of the file without one. */
  missing: number;
  tables: TextTable[];
}

/**
 * Writes the tables of all runs that are done.
 *
 * @param folder the sweep's, held alone
 * @throws {Error} when a table cannot be read or written
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import type { RunFolder } from "./run_folder.ts";
 * import type { SweepConfig } from "./sweep_config.ts";
 * import { writeSweepTables } from "./sweep_report.ts";
 *
 * const folder = { folder: await Deno.makeTempDir() } as RunFolder;
 * await assertRejects(() => writeSweepTables(folder, {} as SweepConfig, { seed: 42 }), Error, "rows.parquet");
 * ```
 */
export async function writeSweepTables(
  folder: RunFolder,
  config: SweepConfig,
  { seed }: { seed: number },
): Promise<WrittenSweep> {
  const at = (name: keyof typeof SWEEP_FILES) => join(folder.folder, SWEEP_FILES[name]);
  const { length: rows } = await readRows(at("rows"), FORGET_COLUMNS);
  const runs = listRuns(config, { rows, seed });
  const done: SweepRunRow[] = [];
  for (const { name, studies } of runs) {
    const row = await readResult(join(at("runs"), name));
    if (row) done.push({ ...row, studies: studies.join() });
  }
  const means = sweepMeans(done);
  const columns = { ...SWEEP_COLUMNS, ...SWEEP_LATER_COLUMNS };
  const meanColumns = { ...SWEEP_MEAN_COLUMNS, ...SWEEP_DIFFERENCE_COLUMNS };
  const full = done.map((row) => ({ ...NOT_MEASURED, ...row }));
  for (const name of ["table", "tableCsv"] as const) await writeRows(at(name), full, columns);
  for (const name of ["means", "meansCsv"] as const) await writeRows(at(name), means, meanColumns);
  const tables = sweepTables(means, basename(config.model));
  await writeFileAtomic(at("tables"), markdownTables(tables));
  return { rows: done.length, missing: runs.length - done.length, tables };
}

/** What a row lacks that an earlier version made. */
const NOT_MEASURED = Object.fromEntries(
  Object.keys(SWEEP_LATER_COLUMNS).map((name) => [name, null]),
) as RowOf<typeof SWEEP_LATER_COLUMNS>;

/** What a process did, for its summary. */
export interface SweepDone {
  /** Runs of the chosen studies. */
  runs: number;
  made: number;
  before: number;
  elsewhere: number;
  failed: FailedRun[];
  /** The folder. */
  out: string;
}

/**
 * The result of a process.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSweep } from "./sweep_report.ts";
 *
 * const done = { runs: 2, made: 1, before: 0, elsewhere: 0, failed: [{ run: "ga-k8-set0", reason: "no memory" }], out: "o" };
 * const { failure } = describeSweep({ rows: 1, missing: 1, tables: [] }, done);
 * assertEquals(failure, "Cannot finish 1 of 2 runs: ga-k8-set0 (no memory)");
 * ```
 */
export function describeSweep({ rows, missing, tables }: WrittenSweep, done: SweepDone): CommandResult {
  const { runs, made, before, elsewhere, failed, out } = done;
  const others = [`${before} done before`, ...elsewhere > 0 ? [`${elsewhere} under way elsewhere`] : []].join(
    ", ",
  );
  return {
    text: [
      ...tables.map(({ title, header, rows }) =>
        `${title}\n${formatTable(header, rows.map((row) => [...row]))}\n`
      ),
      `${made} of ${runs} runs made, ${others}; the table has ${rows} runs, ${missing} are missing`,
      `written: ${join(out, SWEEP_FILES.table)}, ${SWEEP_FILES.tables}, ${SWEEP_FILES.page}`,
    ].join("\n"),
    summary: { runs, made, before, elsewhere, failed: failed as unknown as Json, rows, missing, out },
    ...failed.length > 0 &&
      { failure: `Cannot finish ${failed.length} of ${runs} runs: ${nameFailed(failed)}` },
  };
}

/** Failed runs that are named. */
const NAMED = 5;

function nameFailed(failed: readonly FailedRun[]): string {
  const more = failed.length > NAMED ? `; and ${failed.length - NAMED} more` : "";
  return failed.slice(0, NAMED).map(({ run, reason }) => `${run} (${reason})`).join("; ") + more;
}
