/**
 * `humaneval` without what draws and what judges, which its command gives: a folder of samples, verdicts and tables, which
 * goes on where it was killed, and to more samples of each problem.
 *
 * @module
 */
import { join } from "node:path";
import { HUMANEVAL_PROBLEM_COLUMNS, HUMANEVAL_SAMPLE_COLUMNS } from "../datasets/columns.ts";
import { readRows, writeRows } from "../datasets/row_table.ts";
import type { Problem } from "../humaneval/problem.ts";
import { readProblemFile } from "../humaneval/problem_file.ts";
import { countPasses, problemResults, type SampleResult } from "../humaneval/results.ts";
import { problemsOfShard, SamplesFile } from "../humaneval/samples_file.ts";
import { VerdictsFile } from "../humaneval/verdicts_file.ts";
import { HUMANEVAL, humanEvalFile } from "../setup/fetched_problems.ts";
import { hasPinnedFiles } from "../setup/pinned_files.ts";
import {
  type CommandResult,
  type Context,
  type OptionSpecs,
  type OptionValues,
  UsageError,
} from "./command.ts";
import { MODEL_OPTIONS, modelInputs } from "./adapter_options.ts";
import { DTYPE_OPTION } from "./dtype_options.ts";
import { describePasses, summaryOfPasses } from "./humaneval_report.ts";
import { type DrawSamples, makeSamples, type SampleJudge } from "./humaneval_samples.ts";
import { openRunFolder, readRunRecord } from "./run_folder.ts";
import { SHARD_OPTION, shardOutput } from "./shard.ts";

/** The files of a run. */
export const HUMANEVAL_FILES = {
  samples: "samples.jsonl",
  verdicts: "verdicts.jsonl",
  results: "results.parquet",
  problems: "problems.parquet",
} as const;

/** The folder of what judging needs on the way. */
const JUDGED = "judged";

/** The options of `humaneval`, but for those of the sandbox. */
export const HUMANEVAL_OPTIONS = {
  ...MODEL_OPTIONS,
  dtype: DTYPE_OPTION,
  problems: {
    kind: "path",
    describe: "JSON lines in HumanEval's or MBPP's columns; HumanEval, if fetch got it, by default",
    metavar: "F",
  },
  n: {
    kind: "int",
    describe: "samples of each problem; a finished run may go on to more",
    default: 50,
    min: 1,
  },
  temperature: { kind: "float", describe: "0 takes the likeliest token", default: 0.2, min: 0 },
  topP: { kind: "float", describe: "share of the probability that is kept", default: 0.95, min: 0, max: 1 },
  maxTokens: { kind: "int", describe: "tokens of prompt and completion together", default: 512, min: 2 },
  before: { kind: "path", describe: "a run on the model before, to compare with", metavar: "DIR" },
  shard: SHARD_OPTION,
  out: {
    kind: "path",
    describe: "folder of samples.jsonl, results.parquet and problems.parquet",
    metavar: "DIR",
    required: true,
  },
} as const satisfies OptionSpecs;

/** The values of {@linkcode HUMANEVAL_OPTIONS}. */
export type HumanEvalValues = OptionValues<typeof HUMANEVAL_OPTIONS>;

/** What draws and what judges; each is opened only when there is something to do, and closed by who gives it. */
export interface HumanEvalParts {
  /** Refuses problems that the model cannot be asked. */
  checkPrompts: (problems: readonly Problem[]) => Promise<void>;
  /** Opens what draws samples. */
  openSampler: () => Promise<DrawSamples>;
  /** Opens what judges them; `folder` is for what it needs on the way. */
  openJudge: (folder: string) => Promise<SampleJudge>;
}

/**
 * Runs it.
 *
 * @throws {Error} when problems cannot be read, the folder is of another run, or something cannot be written; {UsageError}
 * when nothing can be drawn from
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HUMANEVAL_OPTIONS } from "./humaneval_run.ts";
 *
 * assertEquals([HUMANEVAL_OPTIONS.n.default, HUMANEVAL_OPTIONS.temperature.default], [50, 0.2]);
 * ```
 */
export async function runHumanEval(
  values: HumanEvalValues,
  context: Context,
  parts: HumanEvalParts,
): Promise<CommandResult> {
  const { n, temperature, topP, maxTokens, dtype } = values;
  if (topP === 0) throw new UsageError("Cannot read --top-p 0: more than 0 is needed");
  const file = problemsFile(values);
  const problems = await readProblemFile(file);
  await parts.checkPrompts(problems);
  const { shard, out, setting } = shardOutput(values.out, values.shard);
  const own = problemsOfShard(shard, problems);
  const before = values.before === undefined ? undefined : await resultsOf(values.before, own);
  const { n: _, before: __, ...settings } = context.settings;
  using run = await openRunFolder(out, {
    command: "humaneval",
    context: { ...context, settings: { ...settings, shard: setting } },
    inputs: { ...await modelInputs(values, context), problems: file },
    outputs: Object.values(HUMANEVAL_FILES),
    scratch: [JUDGED],
    goesOn: ({ summary }) => {
      const done = Number(summary?.samples_a_problem);
      return done < n || done === n && before !== undefined;
    },
  });
  const { model = "", adapter } = (await readRunRecord(run.folder))!.inputs;
  using samples = await SamplesFile.open(await run.path(HUMANEVAL_FILES.samples), {
    ...{ problems, shard, n },
    settings: {
      ...adapter !== undefined && { adapter },
      ...{ model, dtype, temperature, top_p: topP, max_tokens: maxTokens, seed: context.seed },
      stop: [...problems[0]!.stops],
    },
  });
  using verdicts = await VerdictsFile.open(await run.path(HUMANEVAL_FILES.verdicts));
  const openJudge = () => parts.openJudge(join(run.folder, JUDGED));
  const results = await makeSamples({ ...parts, openJudge, n, samples, verdicts }, context);
  await writeResults(run.folder, results, before);
  const counts = countPasses(results);
  const summary = { ...summaryOfPasses(counts, { results, n, before, seed: context.seed }), out };
  await run.finish(summary);
  return { text: [...describePasses(summary), `written: ${out}`].join("\n"), summary };
}

/**
 * Writes the tables of a run.
 *
 * @param results by problem and number
 * @param before of the model before, where there is one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeResults } from "./humaneval_run.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeResults(folder, []);
 * assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), ["problems.parquet", "results.parquet"]);
 * ```
 */
export async function writeResults(
  folder: string,
  results: readonly SampleResult[],
  before: readonly SampleResult[] = [],
): Promise<void> {
  const problems = problemResults(countPasses(results), countPasses(before));
  await writeRows(join(folder, HUMANEVAL_FILES.results), results, HUMANEVAL_SAMPLE_COLUMNS);
  await writeRows(join(folder, HUMANEVAL_FILES.problems), problems, HUMANEVAL_PROBLEM_COLUMNS);
}

/** The results of a finished run of the same problems, as far as they are this shard's. */
async function resultsOf(folder: string, problems: readonly Problem[]): Promise<SampleResult[]> {
  const refuse = (what: string): never => {
    throw new Error(`Cannot compare with "${folder}": ${what}`);
  };
  const record = await readRunRecord(folder);
  if (record?.command !== "humaneval" || record.status !== "finished") {
    refuse("it is no finished run of humaneval: run it first");
  }
  const rows = await readRows(join(folder, HUMANEVAL_FILES.results), HUMANEVAL_SAMPLE_COLUMNS);
  const found = new Set(rows.map(({ task_id }) => task_id));
  const missing = problems.find(({ task_id }) => !found.has(task_id));
  if (missing) refuse(`it has no samples of "${missing.task_id}": run it on the same problems`);
  const own = new Set(problems.map(({ task_id }) => task_id));
  return rows.filter(({ task_id }) => own.has(task_id));
}

/**
 * The file of problems that was asked for, else HumanEval's.
 *
 * @throws {Error} when HumanEval was not fetched
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { problemsFile } from "./humaneval_run.ts";
 *
 * assertEquals(problemsFile({ problems: "/mine.jsonl" }), "/mine.jsonl");
 * ```
 */
export function problemsFile({ problems }: Pick<HumanEvalValues, "problems">): string {
  if (problems !== undefined) return problems;
  const path = humanEvalFile();
  if (hasPinnedFiles(join(path, ".."), [HUMANEVAL.file])) return path;
  throw new Error(
    'Cannot use HumanEval: it was not fetched yet: run "npx -y deno task fetch humaneval" or give --problems',
  );
}
