/**
 * `humaneval --samples`: samples that were drawn before, judged again, as by other tests (HumanEval's by HumanEval+'s) or in
 * another sandbox. No model is loaded.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { writeFileAtomic } from "../files/write_file.ts";
import type { Problem } from "../humaneval/problem.ts";
import { readProblemFile } from "../humaneval/problem_file.ts";
import {
  inOrder,
  readSamples,
  sampleKey,
  sampleLines,
  type SampleSet,
  settingsOf,
} from "../humaneval/samples.ts";
import { VerdictsFile } from "../humaneval/verdicts_file.ts";
import { type CommandResult, type Context, UsageError } from "./command.ts";
import { judgedBy } from "./humaneval_before.ts";
import { HUMANEVAL_FILES } from "./humaneval_files.ts";
import {
  finishRun,
  type HumanEvalParts,
  type HumanEvalValues,
  problemsFile,
  programsOf,
  readOther,
  runOptions,
} from "./humaneval_run.ts";
import { judgeSamples } from "./humaneval_samples.ts";
import { contentOf } from "./run_content.ts";
import { openRunFolder } from "./run_folder.ts";

/** What is asked for. */
export type JudgedValues = Pick<HumanEvalValues, "problems" | "before" | "out"> & {
  /** The file of samples. */
  samples: string;
};

/**
 * Judges the samples of a file. The folder is as that of the run that drew them, with verdicts of its own.
 *
 * @throws {Error} as `readSamples` and `readBefore`; when a sample is of none of the problems, one of these has not as
 * many as the others, or the folder is of another run
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { samplesOfEach } from "./humaneval_judged.ts";
 *
 * const problems = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * const sample = { task_id: "2", problem: 0, sample: 0, completion: "", ended: "stop", tokens: 1 } as const;
 * const set = { settings: {}, samples: [sample], wholeBytes: 0 };
 * await assertRejects(async () => samplesOfEach(set, { problems, path: "a" }), Error, 'it has samples of "2"');
 * ```
 */
export async function judgeAgain(
  values: JudgedValues,
  context: Context,
  { openJudge }: Pick<HumanEvalParts, "openJudge">,
): Promise<CommandResult> {
  const { samples: path, out } = values;
  const file = problemsFile(values);
  const problems = await readProblemFile(file);
  const set = await readSamples(path);
  if (!set) throw new RangeError(`Cannot judge "${path}": it has no samples`);
  const n = samplesOfEach(set, { problems, path });
  const judge = judgedBy(context.settings);
  const before = await readOther(values.before, {
    ...{ out, problems, drawnBy: set.settings, judgedBy: judge, problemsContent: await contentOf(file) },
  });
  const { temperature, top_p: topP, max_tokens: maxTokens, dtype, seed } = set.settings;
  const drawnBy = { temperature, topP, maxTokens, dtype, seed };
  const isKnown = ([, value]: [string, unknown]) => value !== undefined;
  using run = await openRunFolder(out, {
    ...runOptions({ n, isCompared: before !== undefined }),
    context: {
      ...context,
      settings: {
        ...{ samples: resolve(path), problems: resolve(file), ...judge, shard: "all" },
        ...Object.fromEntries(Object.entries(drawnBy).filter(isKnown)) as Context["settings"],
      },
    },
    inputs: { samples: path, problems: file },
  });
  const samples = inOrder(set.samples);
  await writeFileAtomic(await run.path(HUMANEVAL_FILES.samples), sampleLines(samples, set.settings));
  const known = new Map(samples.map((sample) => [sampleKey(sample), sample]));
  const tested = programsOf(problems);
  using verdicts = await VerdictsFile.open(await run.path(HUMANEVAL_FILES.verdicts), {
    judge,
    programOf: (task_id, sample) => tested(known.get(sampleKey({ task_id, sample }))),
  });
  const results = await judgeSamples({
    ...{ problems, samples, verdicts },
    openJudge: () => openJudge(join(run.folder, "judged")),
  }, context);
  const input = { results, n, before, isGreedy: temperature === 0, seed: Number(seed ?? context.seed) };
  const { text, summary } = await finishRun(run, input, out);
  const others = set.settings.prompts === settingsOf({}, problems).prompts
    ? []
    : ["These problems' prompts are not all as those that the samples were drawn from"];
  return { text: [...others, text].join("\n"), summary };
}

/**
 * Refuses samples that are not as many of each problem, and of no other.
 *
 * @returns how many there are of each
 * @throws {RangeError} naming the problem
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { samplesOfEach } from "./humaneval_judged.ts";
 *
 * const problems = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * const sample = { task_id: "1", problem: 0, sample: 0, completion: "", ended: "stop", tokens: 1 } as const;
 * assertEquals(samplesOfEach({ settings: {}, samples: [sample], wholeBytes: 0 }, { problems, path: "a" }), 1);
 * ```
 */
export function samplesOfEach(
  { samples }: SampleSet,
  { problems, path }: { problems: readonly Problem[]; path: string },
): number {
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot judge "${path}" by these problems: ${what}`);
  };
  const own = Map.groupBy(samples, ({ task_id }) => task_id);
  const known = new Set(problems.map(({ task_id }) => task_id));
  for (const taskId of own.keys()) {
    if (!known.has(taskId)) refuse(`it has samples of "${taskId}", which is none of them`);
  }
  const n = samples.reduce((most, { sample }) => Math.max(most, sample + 1), 0);
  for (const { task_id } of problems) {
    const count = own.get(task_id)?.length ?? 0;
    if (count !== n) refuse(`it has ${count} samples of "${task_id}", not ${n}: finish its run first`);
  }
  return n;
}

/**
 * Refuses `--samples` beside a model, and neither.
 *
 * @throws {UsageError} saying what to give
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { UsageError } from "./command.ts";
 * import { checkModelOrSamples } from "./humaneval_judged.ts";
 *
 * checkModelOrSamples({ model: "embedded" });
 * assertThrows(() => checkModelOrSamples({}), UsageError, "--model");
 * ```
 */
export function checkModelOrSamples(
  { model, samples, ...others }: {
    model?: string | undefined;
    samples?: string | undefined;
    adapter?: string | undefined;
    shard?: string | undefined;
    plan?: boolean;
  },
): void {
  if (samples === undefined && model === undefined) {
    throw new UsageError("Give --model to draw samples of, or --samples to judge those of a file again");
  }
  if (samples === undefined) return;
  const given = Object.entries({ model, ...others }).find(([, value]) =>
    value !== undefined && value !== false
  );
  if (given) throw new UsageError(`Cannot use --samples with --${given[0]}: nothing is drawn then`);
}
