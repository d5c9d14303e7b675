/**
 * Keeps a sweep's runs in the project, as `data/methods/` has them: fractions rounded, and the table's other runs left in
 * their places, so that a part of a sweep that was made anew takes the place of its own rows alone.
 *
 * `deno task study:keep SWEEP TABLE`, such as `deno task study:keep out/reproduce_alpha data/methods/alpha.csv`
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRows, type RowOf, writeRows } from "../../lib/datasets/row_table.ts";
import { SWEEP_COLUMNS, SWEEP_LATER_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import { keepTable } from "./keep_table.ts";

const COLUMNS = { ...SWEEP_COLUMNS, ...SWEEP_LATER_COLUMNS };
type Run = RowOf<typeof COLUMNS>;

/** The kept rows, those made anew in their places; new ones come last. */
export function mergeRuns(kept: readonly Run[], made: readonly Run[]): Run[] {
  return [...new Map([...kept, ...made].map((row) => [row.run, row])).values()];
}

if (import.meta.main) {
  const [sweep, table] = Deno.args;
  if (!sweep || !table) throw new RangeError("Cannot keep runs: deno task study:keep SWEEP TABLE");
  const kept = existsSync(table) ? await readRows(table, COLUMNS) : [];
  const rows = mergeRuns(kept, await readRows(join(sweep, "runs.csv"), COLUMNS));
  await writeRows(table, rows, COLUMNS);
  await keepTable(table, table);
  console.log(`${rows.length} runs in ${table}`);
}
