/**
 * What a model is asked: problems' prompts as tokens, checked before it is loaded, and drawn from when it is.
 *
 * @module
 */
import { endTokens } from "../checkpoints/end_tokens.ts";
import { readConfig } from "../checkpoints/load.ts";
import { openModelTokenizer } from "../checkpoints/model_tokenizer.ts";
import { sampleCompletions } from "../decoding/sample_completions.ts";
import { checkSamples, type SampleOptions, type SamplePrompt } from "../decoding/sample_options.ts";
import { completionOf, type Problem } from "../humaneval/problem.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { DrawSamples } from "./humaneval_samples.ts";
import type { ModelSession } from "./session.ts";

/**
 * Draws from a model: the text of prompt and completion is decoded at once, and the completion is what follows the prompt
 * in it. A token that the tokenizer puts before a text stands before the prompt, as in the reference.
 *
 * @param session not owned
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EMBEDDED_MODEL } from "./model_folder.ts";
 * import { createProgress } from "./progress.ts";
 * import { openModel } from "./session.ts";
 * import { drawFrom } from "./humaneval_prompts.ts";
 * import { readProblems } from "../humaneval/problem.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * using session = await openModel(EMBEDDED_MODEL, context);
 * const problems = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * const draw = drawFrom(session, { temperature: 0, maxTokens: 32 });
 * const [sample, ...others] = await Array.fromAsync(draw(problems, { n: 1 }));
 * assertEquals([sample?.task_id, sample?.sample, others.length], ["1", 0, 0]);
 * ```
 */
export function drawFrom(
  { loaded, tokenizer }: Pick<ModelSession, "loaded" | "tokenizer">,
  sampling: Pick<SampleOptions, "temperature" | "topP" | "maxTokens" | "seed">,
): DrawSamples {
  return async function* (problems, options) {
    const known = await encodePrompts(problems, tokenizer);
    const decode = (tokens: readonly number[]) => tokenizer.decode(tokens);
    const samples = sampleCompletions(loaded.model, promptsOf(known), {
      ...sampling,
      ...options,
      endOfText: await endTokens(loaded, tokenizer),
      stop: { strings: problems[0]?.stops ?? [], decode },
    });
    const byTask = new Map(known.map((own) => [own.problem.task_id, own]));
    for await (const { task, sample, tokens, ended } of samples) {
      const { problem, ids } = byTask.get(task)!;
      const written = ended === "end-of-text" ? tokens.subarray(0, -1) : tokens;
      const text = await decode([...ids, ...written]);
      yield { task_id: task, sample, completion: completionOf(text, problem), ended, tokens: tokens.length };
    }
  };
}

/**
 * Refuses prompts that the model cannot go on from, and options that cannot be sampled by, before it is loaded.
 *
 * @param folder the model's
 * @throws {RangeError} as `sampleCompletions`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { checkPrompts } from "./humaneval_prompts.ts";
 *
 * const problems = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * const check = () => checkPrompts(problems, "embedded", { n: 1, temperature: 0, maxTokens: 3 });
 * await assertRejects(check, RangeError, 'Cannot sample completions of "1" as prompt and completion may have 3 tokens');
 * ```
 */
export async function checkPrompts(
  problems: readonly Problem[],
  folder: string,
  options: Pick<SampleOptions, "n" | "temperature" | "topP" | "maxTokens" | "seed">,
): Promise<void> {
  const encoded = await encodePrompts(problems, await openModelTokenizer(folder));
  checkSamples(await readConfig(folder), promptsOf(encoded), options);
}

/** A problem with its prompt's tokens. */
export interface EncodedProblem {
  problem: Problem;
  /** What the tokenizer puts before a text: one token or none. */
  start: number[];
  /** The prompt's own. */
  ids: number[];
}

/**
 * The problems' prompts as tokens.
 *
 * @throws {RangeError} as `Tokenizer.encodeIds`, naming the problem
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { encodePrompts } from "./humaneval_prompts.ts";
 *
 * const problems = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * const [{ start, ids }] = await encodePrompts(problems, await openTokenizer("tests/fixtures/tokenizer"));
 * assertEquals([start, ids.length > 3], [[], true]);
 * ```
 */
export async function encodePrompts(
  problems: readonly Problem[],
  tokenizer: Tokenizer,
): Promise<EncodedProblem[]> {
  const leading = await tokenizer.leadingToken();
  const start = leading === null ? [] : [leading];
  const ids = await tokenizer.encodeIds(problems.map(({ prompt }) => prompt), {
    nameOf: (i) => `the prompt of "${problems[i]!.task_id}"`,
  });
  return problems.map((problem, i) => ({ problem, start, ids: [...ids[i]!] }));
}

/**
 * What is sampled from.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "../humaneval/problem.ts";
 * import { promptsOf } from "./humaneval_prompts.ts";
 *
 * const [problem] = readProblems([{ task_id: 1, text: "One.", test_list: ["assert one() == 1"] }], "mine");
 * assertEquals(promptsOf([{ problem, start: [1], ids: [5, 6] }]), [{ task: "1", tokens: [1, 5, 6] }]);
 * ```
 */
export function promptsOf(problems: readonly EncodedProblem[]): SamplePrompt[] {
  return problems.map(({ problem, start, ids }) => ({ task: problem.task_id, tokens: [...start, ...ids] }));
}
