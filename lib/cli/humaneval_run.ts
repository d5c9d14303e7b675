/**
 * `humaneval` without what draws and what judges, which its command gives: a folder of samples, verdicts and tables, which
 * goes on where it was killed, and to more samples of each problem.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { type Problem, programOf } from "../humaneval/problem.ts";
import { readProblemFile } from "../humaneval/problem_file.ts";
import { type CodeSample, settingsOf } from "../humaneval/samples.ts";
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
import { type ComparedRun, judgedBy, type PassesBefore, readBefore } from "./humaneval_before.ts";
import { HUMANEVAL_FILES, writeResults } from "./humaneval_files.ts";
import type { SampleJudge } from "./humaneval_imports.ts";
import { describePasses, type PassesInput, summaryOfPasses } from "./humaneval_report.ts";
import { type DrawSamples, makeSamples } from "./humaneval_samples.ts";
import { contentOf } from "./run_content.ts";
import { openRunFolder, readRunRecord, type RunFolder, type RunFolderOptions } from "./run_folder.ts";
import { SHARD_OPTION, shardOutput } from "./shard.ts";

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
  const drawnBy = {
    ...{ dtype, temperature, top_p: topP, max_tokens: maxTokens, seed: context.seed },
    stop: [...problems[0]!.stops],
  };
  const judge = judgedBy(context.settings);
  const before = await readOther(values.before, {
    ...{
      out,
      drawnBy: settingsOf(drawnBy, problems),
      judgedBy: judge,
      problemsContent: await contentOf(file),
    },
    problems: problemsOfShard(shard, problems),
  });
  const { n: _, before: __, ...settings } = context.settings;
  using run = await openRunFolder(out, {
    ...runOptions({ n, isCompared: before !== undefined }),
    context: { ...context, settings: { ...settings, shard: setting } },
    inputs: { ...await modelInputs(values, context), problems: file },
  });
  const { model = "", adapter } = (await readRunRecord(run.folder))!.inputs;
  using samples = await SamplesFile.open(await run.path(HUMANEVAL_FILES.samples), {
    ...{ problems, shard, n, settings: { ...adapter !== undefined && { adapter }, model, ...drawnBy } },
  });
  const tested = programsOf(problems);
  using verdicts = await VerdictsFile.open(await run.path(HUMANEVAL_FILES.verdicts), {
    judge,
    programOf: (taskId, sample) => tested(samples.get(taskId, sample)),
  });
  const openJudge = () => parts.openJudge(join(run.folder, JUDGED));
  const results = await makeSamples({ ...parts, openJudge, n, samples, verdicts }, context);
  return await finishRun(run, { results, n, before, isGreedy: temperature === 0, seed: context.seed }, out);
}

/**
 * What opens a run's folder, but for its settings and what it reads.
 *
 * @param n samples of each problem @param isCompared whether with a run before
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runOptions } from "./humaneval_run.ts";
 *
 * assertEquals(runOptions({ n: 1, isCompared: false }).command, "humaneval");
 * ```
 */
export function runOptions(
  { n, isCompared }: { n: number; isCompared: boolean },
): Pick<RunFolderOptions, "command" | "outputs" | "scratch" | "goesOn"> {
  return {
    command: "humaneval",
    outputs: Object.values(HUMANEVAL_FILES),
    scratch: [JUDGED],
    goesOn: ({ summary }) => {
      const done = Number(summary?.samples_a_problem);
      return done < n || done === n && isCompared;
    },
  };
}

/**
 * The run before, where one is given.
 *
 * @throws {Error} as `readBefore`; when it is this very run
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readOther } from "./humaneval_run.ts";
 *
 * const run = { out: "/a", drawnBy: {}, judgedBy: {}, problemsContent: "", problems: [] };
 * assertEquals(await readOther(undefined, run), undefined);
 * ```
 */
export async function readOther(
  before: string | undefined,
  { out, ...run }: ComparedRun & { out: string },
): Promise<PassesBefore | undefined> {
  if (before === undefined) return undefined;
  if (resolve(before) === resolve(out)) {
    throw new UsageError(`Cannot compare "${out}" with itself: give --before the run on the model before`);
  }
  return await readBefore(before, run);
}

/**
 * The whole programs of samples of problems.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { programsOf } from "./humaneval_run.ts";
 *
 * const problem = { task_id: "a", prompt: "", preamble: "p", tests: "t", solution: null, stops: [] };
 * const programOf = programsOf([problem]);
 * assertEquals([programOf({ task_id: "a", completion: "c" }), programOf(undefined)], ["pc\nt", undefined]);
 * ```
 */
export function programsOf(
  problems: readonly Problem[],
): (sample: Pick<CodeSample, "task_id" | "completion"> | undefined) => string | undefined {
  const known = new Map(problems.map((problem) => [problem.task_id, problem]));
  return (sample) => sample && programOf(known.get(sample.task_id)!, sample.completion);
}

/**
 * Writes the tables of a run and says what it found.
 *
 * @param out as the summary names it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { finishRun } from "./humaneval_run.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const run = { folder, finish: async () => {} };
 * const { summary } = await finishRun(run, { results: [], n: 1, isGreedy: false, seed: 42 }, folder);
 * assertEquals(summary.samples, 0);
 * ```
 */
export async function finishRun(
  run: Pick<RunFolder, "folder" | "finish">,
  input: PassesInput,
  out: string,
): Promise<CommandResult> {
  await writeResults(run.folder, input.results, input.before?.counts);
  const summary = { ...summaryOfPasses(input), out };
  await run.finish(summary);
  return { text: [...describePasses(summary, input), `written: ${out}`].join("\n"), summary };
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
