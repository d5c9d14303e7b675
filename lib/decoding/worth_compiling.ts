/**
 * When XLA pays for decode steps.
 *
 * @module
 */
import { cpuHas, gpuMemory, isXlaFaster } from "../engine/cpu_features.ts";
import type { Model } from "../models/model.ts";

/**
 * Parameters times steps that make up for the seconds in which XLA compiles a step, by measurement: 110 steps of one row
 * of a model with 135 million parameters.
 */
const WORK = 1.5e10;
/**
 * How many tokens save as much as a step does, whatever its rows: each step goes over all weights once. By measurement:
 * 32,768 tokens of the embedded model in steps of 256 rows make up for compiling.
 */
const TOKENS_A_STEP = 9.4;

/** Steps on a GPU that make up for compiling: each then launches a few programs instead of a thousand operations. */
const GPU_STEPS = 400;

/** What is to be decoded. */
export interface DecodeWork {
  /** Tokens, of all rows together. */
  tokens: number;
  /** Steps, each of some rows. */
  steps: number;
}

/** Rows up to which XLA's products are as fast as TensorFlow's own where these use AVX-512, by measurement. */
const AVX512_ROWS = 16;

/**
 * Whether compiling a model's decode steps by XLA takes less time than it saves. A step of one row is bound by the reading of
 * weights, where XLA is faster with any products.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const row = { tokens: 128, steps: 128 };
 * const model = (parameterCount: number) => ({ parameterCount, products: "float32" }) as const;
 * assertEquals([isWorthCompiling(row, model(4e6)), isWorthCompiling(row, model(135e6))], [false, true]);
 * ```
 */
export function isWorthCompiling(
  { tokens, steps }: DecodeWork,
  { parameterCount, products }: Pick<Model, "parameterCount" | "products">,
): boolean {
  if (gpuMemory() !== null) return steps >= GPU_STEPS;
  const rows = tokens / steps;
  if (rows > 1 && !isXlaFaster(products)) return false;
  if (rows > AVX512_ROWS && cpuHas("AVX512F")) return false;
  return (steps + tokens / TOKENS_A_STEP) * parameterCount >= WORK;
}
