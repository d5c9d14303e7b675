/**
 * The shards of `humaneval`, which are folders, as one: samples byte for byte and tables as one process writes them, and
 * a record by which the whole may go on to more samples.
 *
 * @module
 */
import { join } from "node:path";
import { HUMANEVAL_PROBLEM_COLUMNS, HUMANEVAL_SAMPLE_COLUMNS } from "../datasets/columns.ts";
import { readRows } from "../datasets/row_table.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { mergeSamples } from "../humaneval/merge_samples.ts";
import type { SampleResult } from "../humaneval/results.ts";
import { type CodeSample, sampleKey } from "../humaneval/samples.ts";
import { readVerdicts, verdictLine } from "../humaneval/verdicts_file.ts";
import type { CommandResult, Context } from "./command.ts";
import { finishedHumanEval, type PassesBefore } from "./humaneval_before.ts";
import { HUMANEVAL_FILES, writeResults } from "./humaneval_files.ts";
import { describePasses, summaryOfPasses } from "./humaneval_report.ts";
import { checkAlike } from "./merge_shards.ts";
import { openRunFolder } from "./run_folder.ts";
import type { RunRecord } from "./run_record.ts";

/**
 * Merges the folders of all shards.
 *
 * @throws {Error} when one is not finished, or they were run or compared otherwise, naming what differs; as `mergeSamples`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import type { Context } from "./command.ts";
 * import { mergeHumanEval } from "./merge_humaneval.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const merging = mergeHumanEval([folder], `${folder}/out`, {} as Context);
 * await assertRejects(() => merging, Error, "it is no finished shard of humaneval");
 * ```
 */
export async function mergeHumanEval(
  shards: readonly string[],
  out: string,
  context: Context,
): Promise<CommandResult> {
  const records = await finishedRecords(shards);
  const { settings: { shard: _, ...settings }, inputs } = records[0]!;
  using run = await openRunFolder(out, {
    command: "humaneval",
    context: { ...context, settings: { ...settings, shard: "all" } },
    // what the shards read, so that the whole goes on as one process' run does
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, content]) => [name, { path: shards[0]!, content }]),
    ),
    outputs: Object.values(HUMANEVAL_FILES),
  });
  const { lines, n, samples } = await mergeSamples(shards.map((path) => join(path, HUMANEVAL_FILES.samples)));
  const results = inOrder<SampleResult>(samples, {
    out,
    rows: await rowsOf(shards, (path) => readRows(path, HUMANEVAL_SAMPLE_COLUMNS), HUMANEVAL_FILES.results),
  });
  const verdicts = inOrder(samples, {
    out,
    rows: await rowsOf(shards, readVerdicts, HUMANEVAL_FILES.verdicts),
  });
  const before = await beforeOf(shards, { records, results });
  await writeFileAtomic(await run.path(HUMANEVAL_FILES.samples), lines);
  await writeFileAtomic(await run.path(HUMANEVAL_FILES.verdicts), verdicts.map(verdictLine).join(""));
  await writeResults(run.folder, results, before?.counts);
  const input = { results, n, before, isGreedy: settings.temperature === 0, seed: Number(settings.seed) };
  const summary = { shards: shards.length, ...summaryOfPasses(input), out };
  await run.finish(summary);
  return { text: [...describePasses(summary, input), `written: ${out}`].join("\n"), summary };
}

async function rowsOf<R>(
  shards: readonly string[],
  read: (path: string) => Promise<R[]>,
  name: string,
): Promise<R[]> {
  const rows: R[] = [];
  for (const path of shards) rows.push(...await read(join(path, name)));
  return rows;
}

/** The row of each sample. */
function inOrder<R extends Pick<CodeSample, "task_id" | "sample">>(
  samples: readonly CodeSample[],
  { rows, out }: { rows: readonly R[]; out: string },
): R[] {
  const known = new Map(rows.map((row) => [sampleKey(row), row]));
  return samples.map((sample) => {
    const row = known.get(sampleKey(sample));
    if (row) return row;
    throw new RangeError(
      `Cannot merge "${out}": a sample of "${sample.task_id}" has no result: run its shard again`,
    );
  });
}

/** What the shards were compared with, in the results' order: all with one run, or none with any. */
async function beforeOf(
  shards: readonly string[],
  { records, results: ordered }: { records: readonly RunRecord[]; results: readonly SampleResult[] },
): Promise<PassesBefore | undefined> {
  const found = records.map(({ summary }) => (summary?.before as { results?: string } | undefined)?.results);
  const other = found.findIndex((results) => results !== found[0]);
  if (other > 0) {
    throw new Error(
      `Cannot merge "${shards[other]}" with the shards before it: it was compared with another run than "${
        shards[0]
      }": give both one --before, or none`,
    );
  }
  const [results] = found;
  if (results === undefined) return undefined;
  const rows = await rowsOf(
    shards,
    (path) => readRows(path, HUMANEVAL_PROBLEM_COLUMNS),
    HUMANEVAL_FILES.problems,
  );
  const known = new Map(rows.map((row) => [row.task_id, row]));
  const counts = [...new Set(ordered.map(({ task_id }) => task_id))].map((task_id) => {
    const { samples_before, passed_before } = known.get(task_id)!;
    return { task_id, n: samples_before!, c: passed_before! };
  });
  return { counts, results };
}

/** The records of all, which are alike. */
async function finishedRecords(shards: readonly string[]): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const path of shards) {
    const record = await finishedHumanEval(path, { what: "merge", kind: "shard" });
    checkAlike(path, record, records[0]);
    records.push(record);
  }
  return records;
}
