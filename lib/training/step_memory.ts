/**
 * How much memory a training takes, reckoned from a model's sizes before it is loaded: to be within a third of what a
 * process takes at its most.
 *
 * Settled by the peaks of runs with the embedded model (4.3 M parameters) and GPT-2s of 23.1 M and 27.6 M, windows of 16
 * to 512 tokens, 1 to 16 at once, on processors; see tests/training/step_memory_test.ts. For a GPU's memory the same
 * numbers are taken without the process's own, and attention as it is computed there, by blocks.
 *
 * @module
 */
import { ATTENTION_BLOCK } from "../models/model.ts";
import type { Products } from "../engine/compile.ts";
import type { ModelConfig } from "../models/architecture.ts";
import { LOGIT_BYTES } from "./chunked_values.ts";
import { BLOCK } from "./quantized_moments.ts";

/** What the estimates need of a model. */
export interface ModelSizes {
  /** Numbers of its weights. */
  parameters: number;
  /** How many of them are trained. Default: all. */
  trained?: number;
  /** Bytes of a weight's number: 2 where the weights are kept in bfloat16. Default 4. */
  weightBytes?: 2 | 4;
  /** Its sizes. */
  config:
    & Pick<
      ModelConfig,
      "layers" | "width" | "headWidth" | "cacheHeads" | "vocabularySize" | "maxPositions"
    >
    & {
      /** F, where the MLPs are gated, as llama's. Default: they are four times as wide as the model, as GPT-2's. */
      gatedWidth?: number | undefined;
    };
}

/** Bytes of a float32. */
export const FLOAT_BYTES = 4;
/**
 * Bytes of a number of weights that are kept as they are multiplied.
 *
 * @param dtype of products
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { weightBytesOf } from "./step_memory.ts";
 *
 * assertEquals([weightBytesOf("float32"), weightBytesOf("bfloat16")], [4, 2]);
 * ```
 */
export function weightBytesOf(dtype: Products): 2 | 4 {
  return dtype === "bfloat16" ? 2 : FLOAT_BYTES;
}

/** Bytes of a process without a model: Deno, TensorFlow and XLA, Polars, tokenizers. */
export const RUNTIME_BYTES = 750e6;

/** How Adam's moments are stored. */
export type OptimizerName = "adam" | "adam8bit";

/** Bytes of both moments of a number that is trained; in 8 bits a scale for each block is a part of them. */
export const MOMENT_BYTES: Readonly<Record<OptimizerName, number>> = {
  adam: 2 * FLOAT_BYTES,
  adam8bit: 2 * (1 + FLOAT_BYTES / BLOCK),
};

/** What XLA takes to compile a training's step, and the share of its rows that this memory then serves. */
const COMPILING = { bytes: 50e6, served: 0.12 };
/** What learning a tokenizer takes of the process, before the first step. */
const TOKENIZER_BYTES = 250e6;

/** Copies of an attention score, a logit, a hidden number that a step by XLA holds for its gradients. */
const KEPT = { scores: 1.34, logits: 3.4, hidden: 24.5 };
/** Without XLA more of them are there at once. */
const UNFUSED = 1.15;
/** Without XLA, of a model with gated MLPs: copies of a hidden number, and of a number within the MLP. */
const GATED = { hidden: 9.9, within: 3.7 };

/** A gate's weights, [F, D], or both halves of an MLP's, [2 F, D]. */
const GATE = /[.]gate(_up)?_proj[.]weight$/;

/**
 * The sizes of a model by the shapes of its weights.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { sizesOf } from "./step_memory.ts";
 *
 * const config = gpt2.readConfig({ vocab_size: 8, n_positions: 4, n_embd: 4, n_layer: 1, n_head: 1 }, "config.json");
 * assertEquals(sizesOf(config, gpt2.shapes(config)).parameters, 300);
 * ```
 */
export function sizesOf(
  config: ModelSizes["config"],
  shapes: Readonly<Record<string, readonly number[]>>,
): ModelSizes {
  const parameters = Object.values(shapes).reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const [name = "", gate] = Object.entries(shapes).find(([name]) => GATE.test(name)) ?? [];
  if (!gate) return { parameters, config };
  const gatedWidth = gate[0]! / (name.includes("gate_up") ? 2 : 1);
  return { parameters, config: { ...config, gatedWidth } };
}

/**
 * What a process takes before there is a model: nothing of a GPU's memory, as what CUDA takes is not TensorFlow's to give.
 *
 * @param gpu a GPU's memory, bytes; null on a processor
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runtimeBytes } from "./step_memory.ts";
 *
 * assertEquals([runtimeBytes(null), runtimeBytes(80e9)], [750e6, 0]);
 * ```
 */
export function runtimeBytes(gpu: number | null): number {
  return gpu === null ? RUNTIME_BYTES : 0;
}

/** Rows that run at once. */
export interface StepRows {
  /** B */
  rows: number;
  /** T */
  length: number;
  /** Whether XLA compiles the step. */
  xla: boolean;
  /** A GPU's memory, bytes; null, the default, on a processor. */
  gpu?: number | null;
  /** Whether layers are computed again for their gradients. Default false. */
  recomputesLayers?: boolean | undefined;
}

/**
 * What a step holds of its rows for the gradients, in bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { activationBytes } from "./step_memory.ts";
 *
 * const config = { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 };
 * assertEquals(Math.round(activationBytes(config, { rows: 8, length: 512, xla: true }) / 1e6), 819);
 * ```
 */
export function activationBytes(
  config: ModelSizes["config"],
  { rows, length, xla, gpu = null, recomputesLayers = false }: StepRows,
): number {
  const { layers, width, headWidth, vocabularySize, gatedWidth } = config;
  // by blocks a query has scores up to its block's last key: of half of the keys and half a block
  const keys = gpu === null || length < 2 * ATTENTION_BLOCK ? length : (length + ATTENTION_BLOCK) / 2;
  const column = rows * length * FLOAT_BYTES; // a number of each position
  const hidden = gatedWidth === undefined || xla
    ? KEPT.hidden * width
    : GATED.hidden * width + GATED.within * gatedWidth;
  const ofLayer = column * (KEPT.scores * width / headWidth * keys + hidden);
  const logits = column * vocabularySize;
  const ofLogits = KEPT.logits * (logits > 2 * LOGIT_BYTES ? LOGIT_BYTES : logits);
  const fused = xla ? 1 : UNFUSED;
  if (!recomputesLayers) return (layers * ofLayer + ofLogits) * fused;
  return column * layers * width + Math.max(ofLayer, ofLogits) * fused; // the logits are gone when the layers' turn comes
}

/**
 * What the first of several devices holds beside what it does alone, for the sums of gradients of all: its own, or those
 * that come from another machine. A processor's share one memory: sums of each, gradients of the others, the old weights,
 * which the replicas have until they are given the new ones, and half as much again that the allocator has not given back,
 * by measurement.
 */
function sharedBytes(state: number, { gpu, devices }: { gpu: number | null; devices: number }): number {
  return gpu === null && devices > 1 ? 3 * devices * state : state;
}

/**
 * What `trainModel` takes at its most, in bytes: weights, gradients, Adam's moments and a step's rows. Weights and moments
 * are updated in place, one after the other. Where several devices compute it is what the first one takes, which takes most;
 * a processor's share one memory.
 *
 * @param rows a step's, how many of them run at once on each device (by default all), and whether the process has learnt a
 * tokenizer before
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { trainingBytes } from "./step_memory.ts";
 *
 * const config = { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 };
 * const bytes = trainingBytes({ parameters: 4_339_200, config }, { rows: 8, length: 512, learnsTokenizer: true });
 * assertEquals(Math.round(bytes / 1e6), 1840); // 1788 were measured
 * ```
 */
export function trainingBytes(
  { parameters, trained = parameters, weightBytes = FLOAT_BYTES, config }: ModelSizes,
  { learnsTokenizer = false, optimizer = "adam", gpu = null, devices = 1, hosts = 0, microBatch, ...rows }:
    & Omit<StepRows, "xla">
    & {
      microBatch?: number | undefined;
      learnsTokenizer?: boolean;
      optimizer?: OptimizerName;
      devices?: number | undefined;
      hosts?: number;
    },
): number {
  const xla = gpu !== null || !rows.recomputesLayers;
  const each = Math.ceil(rows.rows / (devices + hosts));
  const isCut = microBatch !== undefined && microBatch < each; // then gradients are added up, too
  const state = trained * FLOAT_BYTES;
  const shared = devices + hosts > 1 ? sharedBytes(state, { gpu, devices }) : isCut ? state : 0;
  const weights = parameters * weightBytes + trained * (FLOAT_BYTES + MOMENT_BYTES[optimizer]) + shared;
  const here = gpu === null ? devices : 1;
  const own = isCut ? microBatch * here : Math.ceil(rows.rows * here / (devices + hosts));
  const activations = activationBytes(config, { ...rows, rows: own, gpu, xla });
  if (gpu !== null) return weights + activations; // what compiles and what learns a tokenizer is the host's
  const before = RUNTIME_BYTES + COMPILING.bytes + (learnsTokenizer ? TOKENIZER_BYTES : 0);
  return before + weights + (xla ? 1 - COMPILING.served : 1) * activations;
}
