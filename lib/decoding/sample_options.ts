/**
 * What is asked of `sampleCompletions` and what it gives, and what of it is refused.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import { checkTokens } from "../models/not_finite.ts";
import { checkSampling } from "./filter_logits.ts";
import type { StopStrings } from "./stop_strings.ts";

/** A task's prompt. */
export interface SamplePrompt {
  /** The task's name. */
  task: string;
  /** Its tokens, at least one. */
  tokens: ArrayLike<number>;
}

/** How to sample. */
export interface SampleOptions {
  /** Samples of each task. */
  n: number;
  /** The temperature; 0 takes the likeliest token. */
  temperature: number;
  /** The share of the probability that is kept; 1, the default, is off. */
  topP?: number;
  /** How many of the likeliest tokens are kept; 0, the default, is off. */
  topK?: number;
  /** Tokens of prompt and completion together, at most; the model's last position ends a row as well. */
  maxTokens: number;
  /** The tokens that end a completion; one is its last token then. */
  endOfText?: number | readonly number[] | null;
  /** Strings that end one; the token that completes one is its last. */
  stop?: StopStrings;
  /** The seed of the draws. Default 0. */
  seed?: number;
  /** Rows of a step, at most, rounded up to a multiple of 48. Default: from the model's size, 48 to 192; more on a GPU. */
  batch?: number;
  /** Samples that are not wanted, such as those that an earlier run made. */
  isDone?: (task: string, sample: number) => boolean;
  /** Told how many tokens a step has drawn. */
  onTokens?: (count: number) => void;
  /** Ends the work between two steps. */
  signal?: AbortSignal;
  /** Whether XLA compiles the steps. Default: on a GPU, where rows may get so long that it pays. */
  xla?: boolean;
}

/** A sample. */
export interface SampledCompletion {
  /** Its task's name. */
  task: string;
  /** Its number, from 0 on. */
  sample: number;
  /** What follows the prompt. */
  tokens: Int32Array;
  /** What ended it. */
  ended: "end-of-text" | "stop" | "length";
}

/**
 * Tokens of the longest row: as many as are allowed and the model has positions for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { longestOf } from "./sample_options.ts";
 *
 * assertEquals(longestOf({ config: { maxPositions: 1024 } }, { maxTokens: 512 }), 512);
 * ```
 */
export function longestOf(
  { config }: { config: Pick<Model["config"], "maxPositions"> },
  { maxTokens }: Pick<SampleOptions, "maxTokens">,
): number {
  return Math.min(maxTokens, config.maxPositions);
}

/**
 * Refuses prompts and options that cannot be sampled.
 *
 * @throws {RangeError} see `sampleCompletions`
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkSamples } from "./sample_options.ts";
 *
 * const model = { config: { maxPositions: 1024, vocabularySize: 100 } };
 * const options = { n: 1, temperature: 0.2, maxTokens: 4 };
 * const run = () => checkSamples(model, [{ task: "T/0", tokens: [1, 2, 3, 4] }], options);
 * assertThrows(run, RangeError, 'Cannot sample completions of "T/0" as prompt and completion may have 4 tokens');
 * ```
 */
export function checkSamples(
  model: { config: Pick<Model["config"], "maxPositions" | "vocabularySize"> },
  prompts: readonly SamplePrompt[],
  options: SampleOptions,
): void {
  const { n, temperature, topP = 1, topK = 0, maxTokens, seed = 0, batch = 1 } = options;
  for (const [name, value] of Object.entries({ n, maxTokens, batch })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new RangeError(`Cannot sample with ${name} ${value}: expected a whole number of at least 1`);
    }
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new RangeError(`Cannot sample with seed ${seed}: expected a whole number of at least 0`);
  }
  checkSampling({ temperature: temperature === 0 ? 1 : temperature, topP, topK });
  const limit = longestOf(model, options);
  if (options.stop?.strings.includes("")) {
    throw new RangeError("Cannot sample with an empty stop string: it would end every completion");
  }
  const names = new Set<string>();
  for (const { task, tokens } of prompts) {
    if (names.has(task)) {
      throw new RangeError(`Cannot sample completions of "${task}": two prompts have this name`);
    }
    names.add(task);
    if (tokens.length < 1 || tokens.length >= limit) {
      throw new RangeError(
        `Cannot sample completions of "${task}" as prompt and completion may have ${limit} tokens together: ` +
          `the prompt has ${tokens.length}`,
      );
    }
    checkTokens(tokens, model.config.vocabularySize, `sample completions of "${task}"`);
  }
}
