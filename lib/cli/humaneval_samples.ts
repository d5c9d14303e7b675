/**
 * Samples of problems, drawn and judged at once: each is written as soon as it is drawn, and judged while others are drawn;
 * what an earlier run has drawn or judged is not done again.
 *
 * @module
 */
import type { SampleOptions } from "../decoding/sample_options.ts";
import { type Problem, programOf } from "../humaneval/problem.ts";
import type { SampleResult } from "../humaneval/results.ts";
import { type CodeSample, inOrder } from "../humaneval/samples.ts";
import type { SamplesFile } from "../humaneval/samples_file.ts";
import type { VerdictsFile } from "../humaneval/verdicts_file.ts";
import type { Context } from "./command.ts";
import { checkImports, type SampleJudge } from "./humaneval_imports.ts";
import type { Stage } from "./progress.ts";

/** A sample as it is drawn. */
export type DrawnSample = Omit<CodeSample, "problem">;

/** What draws the samples that are missing, in any order. */
export type DrawSamples = (
  problems: readonly Problem[],
  options: Pick<SampleOptions, "n" | "isDone" | "signal" | "onTokens">,
) => AsyncIterable<DrawnSample>;

/** Options of {@linkcode makeSamples}. */
export interface MakeSamplesOptions {
  /** Samples of each problem. */
  n: number;
  /** Where samples are. */
  samples: SamplesFile;
  /** Where verdicts are. */
  verdicts: VerdictsFile;
  /** Opened when the first sample is missing. */
  openSampler: () => Promise<DrawSamples>;
  /** Opened when the first sample is to be judged. */
  openJudge: () => Promise<SampleJudge>;
}

/**
 * Draws what is missing, and judges what is not judged.
 *
 * @returns a row a sample, by problem and number
 * @throws what drawing, judging or writing does; what was done before it is kept
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { SamplesFile } from "../humaneval/samples_file.ts";
 * import { VerdictsFile } from "../humaneval/verdicts_file.ts";
 * import { makeSamples } from "./humaneval_samples.ts";
 * import { createProgress } from "./progress.ts";
 *
 * const row = { task_id: "T/0", prompt: "def f():", entry_point: "f", test: "def check(f): assert f()" };
 * const folder = await Deno.makeTempDir();
 * using samples = await SamplesFile.open(`${folder}/a`, { problems: readProblems([row], "mine"), settings: {}, n: 1 });
 * using verdicts = await VerdictsFile.open(`${folder}/b`, { judge: {}, programOf: () => "x" });
 * async function* draw() {
 *   yield { task_id: "T/0", sample: 0, completion: " return 1", ended: "stop", tokens: 3 } as const;
 * }
 * const judge = { run: ({ program }: { program: string }) => Promise.resolve({ passed: program.includes("1"), reason: "passed" }) };
 * const results = await makeSamples({
 *   ...{ n: 1, samples, verdicts },
 *   openSampler: () => Promise.resolve(draw),
 *   openJudge: () => Promise.resolve(judge),
 * }, { progress: createProgress(), signal: new AbortController().signal, breathe: () => Promise.resolve() });
 * assertEquals(results.map(({ task_id, passed, ended }) => [task_id, passed, ended]), [["T/0", true, "stop"]]);
 * ```
 */
export async function makeSamples(
  { n, samples, verdicts, openSampler, openJudge }: MakeSamplesOptions,
  context: Pick<Context, "progress" | "signal" | "breathe">,
): Promise<SampleResult[]> {
  const { problems } = samples;
  const all = problems.length * n;
  const missing = [...samples.missing()].length;
  const unjudged = [...samples.samples].filter(({ task_id, sample }) => !verdicts.get(task_id, sample));
  if (missing + unjudged.length > 0) {
    const judging = new Judging(await openChecked(problems, openJudge), { problems, verdicts });
    const drawing = context.progress.start("Sampling", all, "samples");
    drawing.skip(all - missing);
    try {
      unjudged.forEach((sample) => judging.add(sample));
      if (missing > 0) {
        const draw = await openSampler();
        const isDone = (taskId: string, sample: number) => samples.has(taskId, sample);
        let tokens = 0;
        const onTokens = (count: number) => {
          tokens += count;
          drawing.advance(0, `${tokens.toLocaleString("en")} tokens, ${judging.note}`);
        };
        for await (const drawn of draw(problems, { n, isDone, onTokens, signal: context.signal })) {
          judging.add(await samples.append(drawn));
          judging.check();
          drawing.advance();
          await context.breathe();
        }
      }
    } finally {
      drawing.done();
    }
    await judging.finish(context);
  }
  await samples.finish();
  return await finishVerdicts(samples.samples, verdicts);
}

/**
 * Judges samples that are there already, those that were not judged yet.
 *
 * @returns a row a sample, by problem and number
 * @throws what judging or writing does; what was done before it is kept
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { VerdictsFile } from "../humaneval/verdicts_file.ts";
 * import { judgeSamples } from "./humaneval_samples.ts";
 * import { createProgress } from "./progress.ts";
 *
 * const row = { task_id: "T/0", prompt: "def f():", entry_point: "f", test: "def check(f): assert f()" };
 * const sample = { task_id: "T/0", problem: 0, sample: 0, completion: " return 1", ended: "stop", tokens: 3 } as const;
 * using verdicts = await VerdictsFile.open(`${await Deno.makeTempDir()}/b`, { judge: {}, programOf: () => "x" });
 * const [result] = await judgeSamples({
 *   ...{ problems: readProblems([row], "mine"), samples: [sample], verdicts },
 *   openJudge: () => Promise.resolve({ run: () => Promise.resolve({ passed: true, reason: "passed" }) }),
 * }, { progress: createProgress(), signal: new AbortController().signal });
 * assertEquals([result?.task_id, result?.passed], ["T/0", true]);
 * ```
 */
export async function judgeSamples(
  { problems, samples, verdicts, openJudge }:
    & Pick<MakeSamplesOptions, "verdicts" | "openJudge">
    & { problems: readonly Problem[]; samples: readonly CodeSample[] },
  context: Pick<Context, "progress" | "signal">,
): Promise<SampleResult[]> {
  const unjudged = samples.filter(({ task_id, sample }) => !verdicts.get(task_id, sample));
  if (unjudged.length > 0) {
    const judging = new Judging(await openChecked(problems, openJudge), { problems, verdicts });
    unjudged.forEach((sample) => judging.add(sample));
    await judging.finish(context);
  }
  return await finishVerdicts(samples, verdicts);
}

/** The results of samples that are all judged. */
async function finishVerdicts(given: Iterable<CodeSample>, verdicts: VerdictsFile): Promise<SampleResult[]> {
  const samples = inOrder(given);
  await verdicts.finish(samples);
  return samples.map(({ task_id, sample, ended, tokens }) => {
    const { passed, reason, detail } = verdicts.get(task_id, sample)!;
    return { task_id, sample, passed, reason, detail, ended, tokens };
  });
}

async function openChecked(
  problems: readonly Problem[],
  openJudge: () => Promise<SampleJudge>,
): Promise<SampleJudge> {
  const judge = await openJudge();
  await checkImports(problems, judge);
  return judge;
}

/** Programs that are being judged. */
class Judging {
  readonly #judge: SampleJudge;
  readonly #problems: ReadonlyMap<string, Problem>;
  readonly #verdicts: VerdictsFile;
  readonly #pending = new Set<Promise<void>>();
  readonly #failed = Promise.withResolvers<never>();
  #failure: { error: unknown } | undefined;
  #judged = 0;
  #passed = 0;
  #stage: Stage | undefined;

  constructor(
    judge: SampleJudge,
    { problems, verdicts }: { problems: readonly Problem[]; verdicts: VerdictsFile },
  ) {
    this.#judge = judge;
    this.#problems = new Map(problems.map((problem) => [problem.task_id, problem]));
    this.#verdicts = verdicts;
    this.#failed.promise.catch(() => {}); // it may fail while nobody waits
  }

  /** How far it is. */
  get note(): string {
    return `${this.#judged} judged, ${this.#passed} passed`;
  }

  add({ task_id, sample, completion }: CodeSample): void {
    const program = programOf(this.#problems.get(task_id)!, completion);
    const pending = this.#judge.run({ id: `${task_id} ${sample}`, program })
      .then(async ({ passed, reason, detail = null }) => {
        await this.#verdicts.append({ task_id, sample, passed, reason, detail });
        this.#judged++;
        if (passed) this.#passed++;
        this.#stage?.advance(1, this.note);
      })
      .catch((error) => {
        this.#failure ??= { error };
        this.#failed.reject(error);
      })
      .finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
  }

  /** Throws what judging has failed with. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for all, unless it is interrupted. */
  async finish({ progress, signal }: Pick<Context, "progress" | "signal">): Promise<void> {
    const stage = this.#stage = progress.start("Judging", this.#judged + this.#pending.size, "samples");
    stage.advance(this.#judged);
    const { promise: interrupted, resolve } = Promise.withResolvers<void>();
    const interrupt = () => resolve();
    signal.addEventListener("abort", interrupt);
    try {
      if (!signal.aborted) {
        await Promise.race([interrupted, this.#failed.promise, Promise.all(this.#pending)]);
      }
      signal.throwIfAborted();
      this.check();
    } finally {
      signal.removeEventListener("abort", interrupt);
      stage.done(this.note);
    }
  }
}
