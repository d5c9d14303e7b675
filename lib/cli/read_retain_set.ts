/**
 * The retain set that `unlearn` is given.
 *
 * @module
 */
import { RETAIN_COLUMNS } from "../datasets/columns.ts";
import { readRows } from "../datasets/row_table.ts";
import { objectiveOf, type ObjectiveOptions } from "../unlearning/objectives.ts";
import { UsageError } from "./command.ts";

/**
 * Its rows; none where none is given and the method does without.
 *
 * @throws {UsageError} when the method needs one and none is given; {RangeError} when it has no rows
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRetainSet } from "./read_retain_set.ts";
 *
 * const given = { retain: undefined, method: "ga", gamma: 0.5, lambda: 0.1, alpha: 1 };
 * assertEquals(await readRetainSet(given), []);
 * ```
 */
export async function readRetainSet(
  values: { retain: string | undefined; method: string } & ObjectiveOptions,
) {
  const { retain, method } = values;
  if (retain === undefined) {
    if (objectiveOf(method, values).retain === null) return [];
    throw new UsageError(`Missing option "--retain": ${method} keeps what a retain set shows it`);
  }
  const rows = await readRows(retain, RETAIN_COLUMNS);
  if (rows.length === 0) throw new RangeError(`Cannot unlearn with "${retain}": it has no rows`);
  return rows;
}
