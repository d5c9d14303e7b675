/**
 * How much memory `attack` takes, reckoned from the model's sizes before anything is loaded; see `step_memory.ts`.
 *
 * @module
 */
import type { AttackName } from "../attacks/run_attack.ts";
import { RELEARN_LENGTH } from "../attacks/relearn.ts";
import { PREFIX_TOKENS, SECRET_TOKENS } from "../datasets/token_counts.ts";
import type { Products } from "../engine/compile.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { scoringBytes } from "../evaluation/scoring_memory.ts";
import { FLOAT_BYTES, type ModelSizes, trainingBytes, weightBytesOf } from "../training/step_memory.ts";
import { TRAIN_DEFAULTS } from "../training/train.ts";

/** What is attacked. */
export interface AttackMemoryOptions {
  /** The attacks on the model under test. */
  attacks: readonly AttackName[];
  /** Models that are open at once: the one under test, the one before, one that never saw the secrets. */
  models: number;
  /** What products are computed in. */
  dtype: Products;
  /** Tokens of a window that `relearn` trains on. */
  length?: number | undefined;
}

/**
 * What attacks take at their most, in bytes: the other models' weights, and the most of what scores take (with a rounded copy
 * of the model for `quantize`) and a step of training with the weights as they were. TensorFlow must be open.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { attackBytes } from "./attack_memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const config = { layers: 24, width: 896, headWidth: 64, cacheHeads: 2, vocabularySize: 151_936, maxPositions: 2048 };
 * const sizes = { parameters: 494e6, config };
 * const bytes = (length: number, models = 1) =>
 *   attackBytes(sizes, { attacks: ["exposure", "relearn"], models, dtype: "float32", length });
 * assert(bytes(512) > bytes(128));
 * assert(bytes(512, 2) - bytes(512) === 4 * 494e6);
 * ```
 */
export function attackBytes(
  sizes: ModelSizes,
  { attacks, models, dtype, length }: AttackMemoryOptions,
): number {
  const { parameters, config } = sizes;
  const tokens = Math.min(PREFIX_TOKENS + SECRET_TOKENS, config.maxPositions);
  const copy = parameters * FLOAT_BYTES;
  const scoring = scoringBytes(sizes, { tokens, dtype, budget: memoryBudget() }) +
    (attacks.includes("quantize") ? copy : 0);
  const windows = {
    rows: TRAIN_DEFAULTS.batch,
    length: Math.min(length ?? RELEARN_LENGTH, config.maxPositions),
    gpu: gpuMemory(),
  };
  const training = attacks.includes("relearn") ? trainingBytes(sizes, windows) + copy : 0;
  return (models - 1) * parameters * weightBytesOf(dtype) + Math.max(scoring, training);
}
