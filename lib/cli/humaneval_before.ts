/**
 * A finished run of `humaneval` that another is compared with, or that is merged with others: read as it was written, and
 * compared only where it was drawn and judged alike.
 *
 * @module
 */
import { join } from "node:path";
import { HUMANEVAL_SAMPLE_COLUMNS } from "../datasets/columns.ts";
import { readRows } from "../datasets/row_table.ts";
import { describeDifferences, type Settings } from "../files/settings.ts";
import type { ProblemCounts } from "../humaneval/pass_at_k.ts";
import { countPasses } from "../humaneval/results.ts";
import { readSamples } from "../humaneval/samples.ts";
import { HUMANEVAL_FILES } from "./humaneval_files.ts";
import { contentOf } from "./run_content.ts";
import { readRunRecord } from "./run_folder.ts";
import type { RunRecord } from "./run_record.ts";

/** What samples and verdicts of two models are to have in common, so that only the model differs. */
const OF_SAMPLES = ["temperature", "top_p", "max_tokens", "stop", "problems", "prompts"];
const OF_JUDGING = ["sandbox", "timeout"];

/** A run that is compared with another. */
export interface ComparedRun {
  /** What its samples are drawn by, with the problems. */
  drawnBy: Settings;
  /** What judges them. */
  judgedBy: Settings;
  /** The content of its problems' file. */
  problemsContent: string;
  /** Its problems, or those of its shard. */
  problems: readonly { task_id: string }[];
}

/** What became of the samples of the run before. */
export interface PassesBefore {
  /** Problem by problem, those that were asked for. */
  counts: ProblemCounts[];
  /** The content of its table of results, which tells it from other runs. */
  results: string;
}

/**
 * What judges a run's programs, of its settings.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { judgedBy } from "./humaneval_before.ts";
 *
 * assertEquals(judgedBy({ sandbox: "none", timeout: 3, n: 50 }), { sandbox: "none", timeout: 3 });
 * ```
 */
export function judgedBy(settings: Settings): Settings {
  return pick(settings, OF_JUDGING);
}

function pick(settings: Settings, names: readonly string[]): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));
}

/**
 * The record of a finished run whose files are as it wrote them.
 *
 * @param what cannot be done without it, as "compare with"
 * @throws {Error} when it is none, or one of its files has changed since
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { finishedHumanEval } from "./humaneval_before.ts";
 *
 * const reading = finishedHumanEval(await Deno.makeTempDir(), { what: "merge", kind: "shard" });
 * await assertRejects(() => reading, Error, "it is no finished shard of humaneval: run it first");
 * ```
 */
export async function finishedHumanEval(
  folder: string,
  { what, kind }: { what: string; kind: "run" | "shard" },
): Promise<RunRecord> {
  const refuse = (why: string): never => {
    throw new Error(`Cannot ${what} "${folder}": ${why}`);
  };
  const record = await readRunRecord(folder);
  if (record?.command !== "humaneval" || record.status !== "finished") {
    return refuse(`it is no finished ${kind} of humaneval: run it first`);
  }
  for (const [name, content] of Object.entries(record.outputs)) {
    const now = await contentOf(join(folder, name)).catch(() => null);
    if (now !== content) refuse(`"${name}" has changed since it was written: run it again with --force`);
  }
  return record;
}

/**
 * What became of the samples of the model before.
 *
 * @param folder the run's on it
 * @throws {Error} when it is no finished run, or was drawn or judged otherwise, naming what differs
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readBefore } from "./humaneval_before.ts";
 *
 * const run = { drawnBy: {}, judgedBy: {}, problemsContent: "", problems: [] };
 * const reading = readBefore(await Deno.makeTempDir(), run);
 * await assertRejects(() => reading, Error, "it is no finished run of humaneval: run it first");
 * ```
 */
export async function readBefore(
  folder: string,
  { drawnBy, judgedBy: judge, problemsContent, problems }: ComparedRun,
): Promise<PassesBefore> {
  const refuse = (what: string): never => {
    throw new Error(`Cannot compare with "${folder}": ${what}`);
  };
  const record = await finishedHumanEval(folder, { what: "compare with", kind: "run" });
  const drawn = (await readSamples(join(folder, HUMANEVAL_FILES.samples)))?.settings;
  const differences = [
    ...drawn ? describeDifferences(pick(drawn, OF_SAMPLES), pick(drawnBy, OF_SAMPLES)) : [],
    ...describeDifferences(judgedBy(record.settings), judge),
    ...record.inputs.problems === problemsContent ? [] : ["the file of problems has another content"],
  ];
  if (differences.length > 0) refuse(`${differences.join("; ")}: run both alike`);
  const rows = await readRows(join(folder, HUMANEVAL_FILES.results), HUMANEVAL_SAMPLE_COLUMNS);
  const known = new Map(countPasses(rows).map((counted) => [counted.task_id, counted]));
  const counts = problems.map(({ task_id }) =>
    known.get(task_id) ?? refuse(`it has no samples of "${task_id}": run it on the same problems`)
  );
  return { counts, results: record.outputs[HUMANEVAL_FILES.results]! };
}
