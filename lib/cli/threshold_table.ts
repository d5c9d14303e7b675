/**
 * Thresholds out of texts' scores, wherever these were made: in the parts of one process, or in the tables of shards.
 *
 * @module
 */
import { MEASURE_COLUMNS, ROW_COLUMN, THRESHOLD_COLUMNS } from "../datasets/columns.ts";
import { PythonRandom } from "../datasets/python_random.ts";
import { readRows, type RowOf } from "../datasets/row_table.ts";
import { THRESHOLD_METRICS } from "../datasets/metrics.ts";
import { type THRESHOLD_GROUP_COLUMNS, THRESHOLD_INTERVAL_COLUMNS } from "../datasets/unseen_columns.ts";
import { textsNeeded, thresholdGroups, thresholdIntervals } from "../evaluation/threshold_intervals.ts";
import { meanAndError } from "../evaluation/thresholds.ts";

/** The columns of scores that thresholds are made of. Scores of earlier versions lack the language. */
export const SCORED_COLUMNS = { ...MEASURE_COLUMNS, ...ROW_COLUMN, language: "text?" } as const;

/** The columns of the table of thresholds. */
export const THRESHOLD_TABLE_COLUMNS = { ...THRESHOLD_COLUMNS, ...THRESHOLD_INTERVAL_COLUMNS } as const;

/** The standard error that is wanted, if none is given. */
export const WANTED_ERROR = 0.005;

/** What decides the thresholds beside the scores. */
export interface ThresholdOptions {
  /** Parts whose means are averaged. */
  runs: number;
  /** The seed of the texts' order. */
  seed: number;
  /** Texts that were chosen; then rows are numbered in the order of the choice already. */
  maxTexts: number | undefined;
  /** The standard error that is wanted. */
  error?: number | undefined;
}

/** What all scores make. */
export interface ThresholdTable {
  /** A row a metric. */
  rows: RowOf<typeof THRESHOLD_TABLE_COLUMNS>[];
  /** A row a metric and language, and a metric and length. */
  groups: RowOf<typeof THRESHOLD_GROUP_COLUMNS>[];
  /** The means of the runs, by metric. */
  means: { [metric: string]: (number | null)[] };
  texts: number;
}

/**
 * The thresholds of all scores in some tables, dealt into runs in the order that the seed gives. Each text counts once in
 * the mean, also where runs are of unequal length; the standard error is that of the runs' means. The interval is that of
 * the bootstrap over texts.
 *
 * @throws {RangeError} when there are fewer texts than runs; {Error} as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { SCORED_COLUMNS, thresholdTable } from "./threshold_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/part.parquet`;
 * const score = { doc_id: "a", tokens: 9, el_3: null, el_5: null, el_10: null, nll: 1, language: null };
 * await writeRows(path, [{ ...score, ma: 0.25, row: 1 }, { ...score, ma: 0.75, row: 0 }], SCORED_COLUMNS);
 * const { rows, texts } = await thresholdTable([path], { runs: 1, seed: 42, maxTexts: undefined });
 * assertEquals([texts, rows[0]!.mean, rows[1]!.mean], [2, 0.5, null]);
 * ```
 */
export async function thresholdTable(
  tables: readonly string[],
  { runs, seed, maxTexts, error = WANTED_ERROR }: ThresholdOptions,
): Promise<ThresholdTable> {
  const found: RowOf<typeof SCORED_COLUMNS>[] = [];
  for (const table of tables) {
    for (const row of await readRows(table, SCORED_COLUMNS, { optional: ["language"] })) found.push(row);
  }
  found.sort((a, b) => a.row - b.row);
  checkRuns(found.length, runs);
  const scores = maxTexts === undefined ? new PythonRandom(seed).shuffle(found) : found;
  const intervals = thresholdIntervals(scores, { seed });
  const means: ThresholdTable["means"] = {};
  const rows = THRESHOLD_METRICS.map((metric, i) => {
    const values = (part: number | null) =>
      scores.filter((_, i) => part === null || i % runs === part).flatMap((row) =>
        row[metric] === null ? [] : [row[metric]]
      );
    const own = Array.from({ length: runs }, (_, part) => meanAndError(values(part)).mean);
    means[metric] = own;
    const all = meanAndError(values(null));
    const { standard_error } = runs === 1 ? all : meanAndError(own.filter((mean) => mean !== null));
    const texts = values(null).length;
    const deviation = all.standard_error === null ? null : all.standard_error * Math.sqrt(texts);
    const texts_needed = deviation === null ? null : textsNeeded(deviation, error);
    const { low, high } = intervals[i] ?? { low: null, high: null };
    return { metric, mean: all.mean, standard_error, texts, runs, low, high, deviation, texts_needed };
  });
  return { rows, groups: thresholdGroups(scores, { seed }), means, texts: scores.length };
}

/**
 * Refuses fewer texts than runs.
 *
 * @throws {RangeError} when there are
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkRuns } from "./threshold_table.ts";
 *
 * assertThrows(() => checkRuns(4, 5), RangeError, "Cannot deal 4 texts into 5 runs");
 * ```
 */
export function checkRuns(texts: number, runs: number): void {
  if (texts >= runs) return;
  throw new RangeError(`Cannot deal ${texts} texts into ${runs} runs: give a smaller --runs`);
}
