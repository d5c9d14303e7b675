/**
 * Whether XLA compiles a step: each rule with the measurement behind it. Compiling takes seconds, so a rule weighs what
 * XLA saves in a step against the steps to come. Where a caller says `xla: true` or `false`, that holds instead.
 *
 * @module
 */
import type { Products } from "./capture.ts";
import { outsideXla } from "./compile.ts";
import { cpuHas, gpuMemory, multipliesInBfloat16 } from "./cpu_features.ts";
import { currentEngine } from "./state.ts";

/** What the rules know of a model. */
export interface CompiledModel {
  /** Numbers in its weights. */
  parameterCount: number;
  /** What its products are computed in. */
  products: Products;
  /** Whether its layers are computed again for their gradients. Default false. */
  recomputesLayers?: boolean | undefined;
}

/** What is to be decoded. */
export interface DecodeWork {
  /** Tokens, of all rows together. */
  tokens: number;
  /** Steps, each of some rows. */
  steps: number;
}

/**
 * When decode steps pay for compiling, by measurement.
 *
 * - `work`: parameters times steps that make up for the seconds in which XLA compiles a step: 110 steps of one row of a
 *   model with 135 million parameters.
 * - `tokensAStep`: how many tokens save as much as a step does, whatever its rows: each step goes over all weights once.
 *   32,768 tokens of the embedded model in steps of 256 rows make up for compiling.
 * - `avx512Rows`: rows up to which XLA's products are as fast as TensorFlow's own where these use AVX-512.
 * - `gpuSteps`: on a GPU each step then launches a few programs instead of a thousand operations.
 */
const DECODING = { work: 1.5e10, tokensAStep: 9.4, avx512Rows: 16, gpuSteps: 400 };

/**
 * Parameters times tokens of one shape that make up for a second or two of compiling a pass over texts: 20,000 tokens of
 * the embedded model, 1,000 to 4,000 of one with 110 million parameters, by measurement.
 */
const PREFILL_WORK = { cpu: 1e11, gpu: 1e14 };

/** The number of parameters from which on XLA saves more in an unlearning run's steps than it takes to compile them. */
const UNLEARNING_PARAMETERS = 2e7;

/**
 * Parameters times tokens of a training that make up for compiling its step: 20 steps of 8 x 512 tokens of the embedded
 * model. On a GPU, whose programs are launched one by one without XLA, any training does.
 */
const TRAINING_WORK = { cpu: 3e11, gpu: 0 };

/**
 * Whether XLA speeds up steps with large products of a kind. Where the processor multiplies in bfloat16, it does not:
 * TensorFlow's own products do that, XLA's on processors widen their inputs to float32.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assert(isXlaFaster("float32"));
 * ```
 */
export function isXlaFaster(products: Products): boolean {
  return products !== "bfloat16" || !multipliesInBfloat16();
}

/**
 * Whether compiling a model's decode steps takes less time than it saves. A step of one row is bound by the reading of
 * weights, where XLA is faster with any products.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const row = { tokens: 128, steps: 128 };
 * const model = (parameterCount: number) => ({ parameterCount, products: "float32" }) as const;
 * assertEquals([compilesDecoding(row, model(4e6)), compilesDecoding(row, model(135e6))], [false, true]);
 * ```
 */
export function compilesDecoding(
  { tokens, steps }: DecodeWork,
  { parameterCount, products }: CompiledModel,
): boolean {
  if (gpuMemory() !== null) return steps >= DECODING.gpuSteps;
  const rows = tokens / steps;
  if (rows > 1 && !isXlaFaster(products)) return false;
  if (rows > DECODING.avx512Rows && cpuHas("AVX512F")) return false;
  return (steps + tokens / DECODING.tokensAStep) * parameterCount >= DECODING.work;
}

/**
 * Whether to compile a pass over texts of a shape: as soon as so much has run as would have made up for it, so that
 * compiling never costs more than it has proved to save.
 *
 * @param tokensRun of that shape, before this pass
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const model = { parameterCount: 1e8, products: "float32" } as const;
 * assertEquals([compilesPrefill(0, model), compilesPrefill(1000, model)], [false, true]);
 * ```
 */
export function compilesPrefill(tokensRun: number, { parameterCount, products }: CompiledModel): boolean {
  const work = gpuMemory() === null ? PREFILL_WORK.cpu : PREFILL_WORK.gpu;
  return tokensRun * parameterCount >= work && isXlaFaster(products);
}

/**
 * Whether to compile a training's step. A run that goes on where it was stopped is asked of the whole training again.
 *
 * @param tokens of all steps
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const ofSteps = (steps: number) => compilesTraining(8 * 512 * steps, { parameterCount: 4.3e6, products: "float32" });
 * assertEquals([ofSteps(5), ofSteps(1000)], [false, true]);
 * ```
 */
export function compilesTraining(tokens: number, { parameterCount }: CompiledModel): boolean {
  return tokens * parameterCount >= (gpuMemory() === null ? TRAINING_WORK.cpu : TRAINING_WORK.gpu);
}

/**
 * Whether XLA speeds up a step's gradients. Where layers are computed again to save memory a processor does without: it frees
 * each tensor when it is used up, where XLA holds more of them at once (of GPT-2's 110 million parameters, 4 rows of 512
 * tokens, 1.9 GB instead of 2.5), and is no slower.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const found = [false, true].map((recomputesLayers) => compilesGradients({ products: "float32", recomputesLayers }));
 * assertEquals(found, [true, false]);
 * ```
 */
export function compilesGradients(
  { products, recomputesLayers = false }: Pick<CompiledModel, "products" | "recomputesLayers">,
): boolean {
  return isXlaFaster(products) && !(recomputesLayers && gpuMemory() === null);
}

/**
 * Which parts of an unlearning run to compile: the gradients, and the update, which has no products. XLA has all new weights
 * and moments at once, so where memory is to be saved a processor does without.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const ofModel = (parameterCount: number) => compilesUnlearning({ parameterCount, products: "float32" });
 * assertEquals(ofModel(4e6), { gradients: false, update: false });
 * assertEquals(ofModel(135e6), { gradients: true, update: true });
 * ```
 */
export function compilesUnlearning(model: CompiledModel): { gradients: boolean; update: boolean } {
  const isLarge = model.parameterCount >= UNLEARNING_PARAMETERS;
  return {
    gradients: isLarge && compilesGradients(model),
    update: isLarge && (gpuMemory() !== null || !model.recomputesLayers),
  };
}

/**
 * Does what `outsideXla` does where the processor computes; on a GPU it is a plain call, as XLA's programs are faster there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using step = compile((x: tf.Tensor) => tf.neg(outsideXlaOnProcessor(() => tf.add(x, 1))), { xla: true });
 * assertEquals([...step(tf.tensor1d([1, 2])).dataSync()], [-2, -3]);
 * ```
 */
export function outsideXlaOnProcessor<R>(part: () => R): R {
  return currentEngine().binding.isUsingGpuDevice() ? part() : outsideXla(part);
}
