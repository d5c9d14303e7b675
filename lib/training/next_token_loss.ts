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
  const D = model.config.width;
  const hidden = tf.reshape(model.hidden(ids), [B, T, D]); // [B, T, D]
  const used = tf.reshape(tf.slice(hidden, [0, 0, 0], [B, T - 1, D]), [B * (T - 1), D]); // [B (T - 1), D]
  const labels = tf.reshape(tf.slice(ids, [0, 1], [B, T - 1]), [B * (T - 1)]); // [B (T - 1)]
  return tf.reshape(sparseCrossEntropy(model.project(used), labels), [B, T - 1]); // [B, T - 1]
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
