/**
 * The language modelling loss and its gradients over a batch of full windows.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { Model } from "../models/model.ts";

/**
 * Cross entropy of each next token.
 *
 * @param ids [B, T] int32
 * @returns [B, T - 1] float32, nats
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
 * const ids = tf.tensor2d([[1, 2, 3]], [1, 3], "int32");
 * assertEquals(nextTokenLosses(loaded.model, ids).shape, [1, 2]);
 * ```
 */
export function nextTokenLosses(model: Model, ids: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  const losses = sparseCrossEntropy(model.project(predictingStates(model, ids)), nextTokens(ids));
  return tf.reshape(losses, [B, T - 1]); // [B, T - 1]
}

/**
 * The hidden states that predict tokens 1 to T - 1: those of all positions but the last.
 *
 * @param ids [B, T] int32
 * @returns [B (T - 1), D]
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
 * const ids = tf.tensor2d([[1, 2, 3]], [1, 3], "int32");
 * assertEquals(predictingStates(loaded.model, ids).shape, [2, loaded.model.config.width]);
 * ```
 */
export function predictingStates(model: Model, ids: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  const D = model.config.width;
  const hidden = tf.reshape(model.hidden(ids), [B, T, D]); // [B, T, D]
  return tf.reshape(tf.slice(hidden, [0, 0, 0], [B, T - 1, D]), [B * (T - 1), D]); // [B (T - 1), D]
}

/**
 * The tokens that are predicted: 1 to T - 1 of each row.
 *
 * @param ids [B, T] int32
 * @returns [B (T - 1)] int32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([...nextTokens(tf.tensor2d([[1, 2, 3]], [1, 3], "int32")).dataSync()], [2, 3]);
 * ```
 */
export function nextTokens(ids: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  return tf.reshape(tf.slice(ids, [0, 1], [B, T - 1]), [B * (T - 1)]); // [B (T - 1)]
}

/** A loss and the gradient of each weight. */
export interface LossAndGradients {
  /** Scalar. */
  loss: Tensor;
  /** By weight name. */
  gradients: Record<string, Tensor>;
}

/**
 * The value and the gradients of a loss of the weights.
 *
 * @param weights what to differentiate by
 * @param loss a scalar of them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * const { loss, gradients } = valueAndGradients(weights, () => tf.sum(tf.square(weights.w)));
 * assertEquals([loss.dataSync()[0], ...gradients.w!.dataSync()], [5, 2, 4]);
 * ```
 */
export function valueAndGradients(
  weights: Readonly<Record<string, Tensor>>,
  loss: () => Tensor,
): LossAndGradients {
  const names = Object.keys(weights);
  const { value, grads } = tf.valueAndGrads(() => loss())(names.map((name) => weights[name]!));
  return { loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
}
