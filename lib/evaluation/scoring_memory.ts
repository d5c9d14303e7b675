/**
 * How much memory scoring takes, reckoned from a model's sizes before it is loaded. It is meant for a model
 * that knows little of the texts, which has the most to decode: with the embedded model `measure` of unseen texts took 1.67 GB
 * where 1.5 are reckoned, `probe --el` of secrets that it knows 0.87 GB where 1.7 are.
 *
 * @module
 */
import { rowsAtOnce, slotsAtOnce, textsAtOnce } from "../decoding/batch_sizes.ts";
import { ROW_UNIT } from "../decoding/slot_tier.ts";
import type { Products } from "../engine/compile.ts";
import type { MemoryBudget } from "../engine/memory_budget.ts";
import { FLOAT_BYTES, type ModelSizes, runtimeBytes, weightBytesOf } from "../training/step_memory.ts";

/**
 * What scoring takes at its most, in bytes: weights, the caches of a batch of texts, and those of the two batches of
 * continuations that run at a time, which have the texts' caches once more.
 *
 * @param tokens of a row
 * @param dtype of products: with bfloat16 weights take half
 * @param budget what sizes are chosen for; null, the default, on a processor without a limit
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { scoringBytes } from "./scoring_memory.ts";
 *
 * const config = { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 };
 * const bytes = scoringBytes({ parameters: 4_339_200, config }, { tokens: 160, dtype: "float32" });
 * assert(bytes > 0.75e9 && bytes < 2e9);
 * ```
 */
export function scoringBytes(
  { parameters, config }: ModelSizes,
  { tokens, dtype, budget = null }: { tokens: number; dtype: Products; budget?: MemoryBudget | null },
): number {
  const { layers, cacheHeads, headWidth } = config;
  const cacheBytes = 2 * layers * cacheHeads * headWidth * tokens * FLOAT_BYTES;
  const texts = textsAtOnce(config, budget) * cacheBytes;
  const continuations = 2 * rowsAtOnce(config, budget) * cacheBytes;
  return processBytes(budget) + parameters * weightBytesOf(dtype) +
    3 * texts + continuations;
}

/**
 * What drawing samples takes at its most, in bytes: weights, and the caches of all samples in progress, which are twice as
 * long as a row gets, and of a step's results.
 *
 * @param positions of the longest row
 * @param dtype of products: with bfloat16 weights take half
 * @param budget what sizes are chosen for; null, the default, on a processor without a limit
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { samplingBytes } from "./scoring_memory.ts";
 *
 * const config = { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 };
 * const sizes = { parameters: 4_339_200, config };
 * const [short, long] = [64, 512].map((positions) => samplingBytes(sizes, { positions, dtype: "float32" }));
 * assert(short! < long! && long! < 2.5e9);
 * ```
 */
export function samplingBytes(
  { parameters, config }: ModelSizes,
  { positions, dtype, budget = null }: { positions: number; dtype: Products; budget?: MemoryBudget | null },
): number {
  const { layers, cacheHeads, headWidth, vocabularySize } = config;
  const slots = slotsAtOnce(config, { positions, unit: ROW_UNIT }, budget);
  const caches = 2 * layers * cacheHeads * headWidth * 2 * positions * slots * FLOAT_BYTES;
  const logits = slots * vocabularySize * FLOAT_BYTES;
  return processBytes(budget) + parameters * weightBytesOf(dtype) +
    caches + 3 * logits;
}

/** What a process takes of that memory before there is a model. */
function processBytes(budget: MemoryBudget | null): number {
  return runtimeBytes(budget?.device === "gpu" ? budget.bytes : null);
}
