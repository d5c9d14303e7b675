/**
 * How much memory scoring takes on a processor, reckoned from a model's sizes before it is loaded. It is meant for a model
 * that knows little of the texts, which has the most to decode: with the embedded model `measure` of unseen texts took 1.67 GB
 * where 1.5 are reckoned, `probe --el` of secrets that it knows 0.87 GB where 1.7 are.
 *
 * @module
 */
import { rowsAtOnce, textsAtOnce } from "../decoding/batch_sizes.ts";
import { FLOAT_BYTES, type ModelSizes, RUNTIME_BYTES } from "../training/step_memory.ts";

/**
 * What scoring takes at its most, in bytes: weights, the caches of a batch of texts, and those of the two batches of
 * continuations that run at a time, which have the texts' caches once more.
 *
 * @param tokens of a row
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { scoringBytes } from "./scoring_memory.ts";
 *
 * const config = { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 };
 * const bytes = scoringBytes({ parameters: 4_339_200, config }, { tokens: 160 });
 * assert(bytes > 0.75e9 && bytes < 2e9);
 * ```
 */
export function scoringBytes({ parameters, config }: ModelSizes, { tokens }: { tokens: number }): number {
  const { layers, cacheHeads, headWidth } = config;
  const cacheBytes = 2 * layers * cacheHeads * headWidth * tokens * FLOAT_BYTES;
  const texts = textsAtOnce(config) * cacheBytes;
  const continuations = 2 * rowsAtOnce(config) * cacheBytes;
  return RUNTIME_BYTES + parameters * FLOAT_BYTES + 3 * texts + continuations;
}
