/**
 * The shards of `humaneval`, which are folders, as one: samples byte for byte and tables as one process writes them.
 *
 * @module
 */
import { join } from "node:path";
import { HUMANEVAL_SAMPLE_COLUMNS } from "../datasets/columns.ts";
import { readRows } from "../datasets/row_table.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { mergeSamples } from "../humaneval/merge_samples.ts";
import { countPasses, type SampleResult } from "../humaneval/results.ts";
import { verdictLines } from "../humaneval/verdicts_file.ts";
import { sampleKey } from "../humaneval/samples.ts";
import type { CommandResult, Context } from "./command.ts";
import { describePasses, summaryOfPasses } from "./humaneval_report.ts";
import { HUMANEVAL_FILES, writeResults } from "./humaneval_run.ts";
import { checkAlike } from "./merge_shards.ts";
import { openRunFolder, readRunRecord } from "./run_folder.ts";
import type { RunRecord } from "./run_record.ts";

/**
 * Merges the folders of all shards.
 *
 * @throws {Error} when one is not finished, or they were run otherwise, naming what differs; as `mergeSamples`
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
  const { shard: _, ...settings } = (await finishedRecords(shards))[0]!.settings;
  using run = await openRunFolder(out, {
    command: "humaneval",
    context: { ...context, settings: { ...settings, shard: "all" } },
    inputs: Object.fromEntries(shards.map((path, i) => [`shard ${i}`, path])),
    outputs: Object.values(HUMANEVAL_FILES),
  });
  const { lines, n, samples } = await mergeSamples(shards.map((path) => join(path, HUMANEVAL_FILES.samples)));
  const known = new Map<string, SampleResult>();
  for (const path of shards) {
    const rows = await readRows(join(path, HUMANEVAL_FILES.results), HUMANEVAL_SAMPLE_COLUMNS);
    for (const row of rows) known.set(sampleKey(row), row);
  }
  const results = samples.map((sample) => known.get(sampleKey(sample)) ?? refuse(out, sample.task_id));
  await writeFileAtomic(await run.path(HUMANEVAL_FILES.samples), lines);
  await writeFileAtomic(await run.path(HUMANEVAL_FILES.verdicts), verdictLines(results));
  await writeResults(run.folder, results);
  const about = { results, n, seed: Number(settings.seed) };
  const summary = { shards: shards.length, ...summaryOfPasses(countPasses(results), about), out };
  await run.finish(summary);
  return { text: [...describePasses(summary), `written: ${out}`].join("\n"), summary };
}

function refuse(out: string, taskId: string): never {
  throw new RangeError(`Cannot merge "${out}": a sample of "${taskId}" has no result: run its shard again`);
}

/** The records of all, which are alike. */
async function finishedRecords(shards: readonly string[]): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const path of shards) {
    const record = await readRunRecord(path);
    if (record?.command !== "humaneval" || record.status !== "finished") {
      throw new Error(`Cannot merge "${path}": it is no finished shard of humaneval: run it first`);
    }
    checkAlike(path, record, records[0]);
    records.push(record);
  }
  return records;
}
