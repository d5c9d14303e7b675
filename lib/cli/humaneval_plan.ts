/**
 * `humaneval --plan`: samples, tokens, time and memory of a run, said without writing anything.
 *
 * @module
 */
import { ROW_UNIT } from "../decoding/slot_tier.ts";
import { slotsAtOnce } from "../decoding/batch_sizes.ts";
import { sampleCompletions } from "../decoding/sample_completions.ts";
import { longestOf } from "../decoding/sample_options.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { samplingBytes } from "../evaluation/scoring_memory.ts";
import type { Problem } from "../humaneval/problem.ts";
import { problemsOfShard } from "../humaneval/samples_file.ts";
import type { CommandResult, Context } from "./command.ts";
import type { HumanEvalValues } from "./humaneval_run.ts";
import { encodePrompts, promptsOf } from "./humaneval_prompts.ts";
import { describeNeed, memoryLeft, modelSizes } from "./memory.ts";
import { modelFolder } from "./model_folder.ts";
import { formatSeconds } from "./progress.ts";
import type { NamedModel } from "./adapter_options.ts";
import { openEngine, openModel } from "./session.ts";
import { resolveShard } from "./shard.ts";

/** Prompts that are tried, and tokens that a sample of the longest of them gets in each try. */
const [PROMPTS, TOKENS] = [4, [2, 10]] as const;

/**
 * Says what a run would take. Time is at most: samples that end before their last token, as most do, give their place to
 * others.
 *
 * @throws {Error} as `openModel`; {RangeError} as `sampleCompletions`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { createProgress } from "./progress.ts";
 * import { planHumanEval } from "./humaneval_plan.ts";
 *
 * const problems = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * const values = { model: "embedded", dtype: "float32", n: 2, temperature: 0, topP: 1, maxTokens: 64, shard: undefined };
 * const context = { cwd: "/", seed: 1, progress: createProgress(), signal: new AbortController().signal };
 * const { summary } = await planHumanEval(problems, values, context);
 * assertEquals([summary.plan, summary.samples], [true, 2]);
 * ```
 */
export async function planHumanEval(
  problems: readonly Problem[],
  { model: name, adapter, dtype, n, temperature, topP, maxTokens, shard: given }:
    & Pick<
      HumanEvalValues,
      "model" | "dtype" | "n" | "temperature" | "topP" | "maxTokens" | "shard"
    >
    & NamedModel,
  context: Pick<Context, "cwd" | "progress" | "signal" | "seed">,
): Promise<CommandResult> {
  const shard = resolveShard(given, Deno.env.toObject());
  const own = problemsOfShard(shard, problems);
  const sizes = await modelSizes(await modelFolder(name, context));
  using _engine = await openEngine();
  const free = memoryLeft();
  using session = await openModel(name, context, { products: dtype, adapter });
  const { model } = session.loaded;
  const positions = longestOf(model, { maxTokens });
  const prompts = promptsOf(await encodePrompts(own, session.tokenizer));
  const tokens = n * prompts.reduce((sum, prompt) => sum + positions - prompt.tokens.length, 0);
  const tried = prompts.slice(0, PROMPTS);
  const slots = slotsAtOnce(model.config, { positions, unit: ROW_UNIT }, memoryBudget());
  const longest = Math.max(0, ...tried.map((prompt) => prompt.tokens.length));
  const trial = { temperature, topP, seed: context.seed, n: Math.min(n, Math.ceil(slots / PROMPTS)) };
  let seconds = 0;
  for (const length of TOKENS) { // the first captures the steps
    const startedAt = performance.now();
    const samples = sampleCompletions(model, tried, {
      ...trial,
      maxTokens: Math.min(positions, longest + length),
      signal: context.signal,
    });
    let drawn = 0;
    for await (const sample of samples) drawn += sample.tokens.length;
    seconds = drawn === 0 ? 0 : (performance.now() - startedAt) / 1000 / drawn * tokens;
  }
  const bytes = samplingBytes(sizes, { positions, dtype, budget: memoryBudget() });
  const samples = own.length * n;
  const lines = [
    `Samples: ${samples} of ${own.length} problems, ${tokens} tokens at most`,
    `Time: at most about ${formatSeconds(1000 * seconds)}; samples that end early take less`,
    describeNeed(bytes, sizes, free),
  ];
  return {
    text: lines.join("\n"),
    summary: {
      plan: true,
      problems: own.length,
      samples,
      tokens,
      seconds: Number(seconds.toPrecision(3)),
      memory_bytes: Math.round(bytes),
    },
  };
}
