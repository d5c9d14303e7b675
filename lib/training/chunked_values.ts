/**
 * Values of positions that are made of their logits, such as losses, without all logits at once: of a vocabulary of 49,152
 * they are 0.8 GB for 8 rows of 512 tokens, and a gradient holds them three times. Positions are taken by chunks, one after
 * the other; a chunk's logits are computed again for its gradients (as in Liger-Kernel's fused linear cross entropy no more
 * than a chunk is ever there; that one computes gradients in the forward pass, for cross entropy alone).
 *
 * Few logits are computed at once, as that is faster: a chunk's products are computed a third time.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { recomputedChunks } from "../engine/recompute.ts";
import type { Model } from "../models/model.ts";

/** The logits of a chunk, in bytes. */
export const LOGIT_BYTES = 64 * 2 ** 20;

/**
 * Into how many rows of logits a step is cut.
 *
 * @param rows positions @param vocabularySize logits of each
 * @param logitBytes a chunk's logits; where all take no more than twice that, they are one chunk. Default: {@linkcode LOGIT_BYTES}
 * @returns the rows of each chunk
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(chunkRows(4088, 4096), [4088]);
 * assertEquals(chunkRows(1000, 49152), [334, 333, 333]);
 * ```
 */
export function chunkRows(rows: number, vocabularySize: number, logitBytes = LOGIT_BYTES): number[] {
  const bytes = 4 * vocabularySize;
  if (rows * bytes <= 2 * logitBytes) return [rows];
  const most = Math.max(1, Math.floor(logitBytes / bytes));
  const chunks = Math.ceil(rows / most);
  return Array.from({ length: chunks }, (_, i) => Math.floor(rows / chunks) + (i < rows % chunks ? 1 : 0));
}

/** What is given beside hidden states. */
export interface ChunkOptions {
  /** Tensors with as many rows, which are cut with them; no gradient flows there. Default: none. */
  beside?: readonly Tensor[];
  /** A chunk's logits, see `chunkRows`. */
  logitBytes?: number | undefined;
}

/**
 * Values of positions by their logits.
 *
 * @param hidden [N, D], after the last norm
 * @param f gives the values of some positions, [C], by their logits, [C, V], and what stands beside; each position's by its
 * own alone
 * @returns [N]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const hidden = tf.ones([3, loaded.model.config.width]);
 * const largest = (logits: tf.Tensor) => tf.max(logits, 1);
 * const values = (logitBytes?: number) => chunkedValues(loaded.model, hidden, largest, { logitBytes });
 * const [whole, cut] = [values(), values(4 * loaded.model.config.vocabularySize)];
 * assertEquals([...cut.dataSync()], [...whole.dataSync()]);
 * ```
 */
export function chunkedValues(
  model: Pick<Model, "project" | "outputWeights" | "config">,
  hidden: Tensor,
  f: (logits: Tensor, beside: Tensor[]) => Tensor,
  { beside = [], logitBytes }: ChunkOptions = {},
): Tensor {
  const chunks = chunkRows(hidden.shape[0]!, model.config.vocabularySize, logitBytes);
  if (chunks.length === 1) return f(model.project(hidden), [...beside]);
  return recomputedChunks((states, given) => f(model.project(states), given), hidden, {
    ...{ sizes: chunks, given: beside, weights: Object.values(model.outputWeights) },
  });
}
