/**
 * The files of a run of `humaneval`, and its tables.
 *
 * @module
 */
import { join } from "node:path";
import { HUMANEVAL_PROBLEM_COLUMNS, HUMANEVAL_SAMPLE_COLUMNS } from "../datasets/columns.ts";
import { writeRows } from "../datasets/row_table.ts";
import type { ProblemCounts } from "../humaneval/pass_at_k.ts";
import { countPasses, problemResults, type SampleResult } from "../humaneval/results.ts";

/** The files of a run. */
export const HUMANEVAL_FILES = {
  samples: "samples.jsonl",
  verdicts: "verdicts.jsonl",
  results: "results.parquet",
  problems: "problems.parquet",
} as const;

/**
 * Writes the tables of a run.
 *
 * @param results by problem and number
 * @param before of the model before, where there is one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeResults } from "./humaneval_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeResults(folder, []);
 * assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), ["problems.parquet", "results.parquet"]);
 * ```
 */
export async function writeResults(
  folder: string,
  results: readonly SampleResult[],
  before: readonly ProblemCounts[] = [],
): Promise<void> {
  const problems = problemResults(countPasses(results), before);
  await writeRows(join(folder, HUMANEVAL_FILES.results), results, HUMANEVAL_SAMPLE_COLUMNS);
  await writeRows(join(folder, HUMANEVAL_FILES.problems), problems, HUMANEVAL_PROBLEM_COLUMNS);
}
