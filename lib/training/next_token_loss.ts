/**
 * The language modelling loss and its gradients over a batch of full windows.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { HiddenOptions, Model } from "../models/model.ts";
import { chunkedValues } from "./chunked_values.ts";

/** How gradients are computed with less memory. Default: as they are fastest. */
export interface MemorySaving extends Pick<HiddenOptions, "recomputesLayers"> {
  /** Logits that are there at once, in bytes, see `chunkRows`. */
  logitBytes?: number | undefined;
}

/** How a training's step runs a model. */
export type StepOptions = Pick<HiddenOptions, "seed" | "texts"> & MemorySaving;

/**
 * Cross entropy of each next token; of many logits only some are ever there, see `chunkedValues`.
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
export function nextTokenLosses(model: Model, ids: Tensor, options: StepOptions = {}): Tensor {
  const [B, T] = ids.shape as [number, number];
  const hidden = predictingStates(model, ids, options);
  const lossesOf = (logits: Tensor, [labels]: Tensor[]) => sparseCrossEntropy(logits, labels!);
  const losses = chunkedValues(model, hidden, lossesOf, {
    ...{ beside: [nextTokens(ids)], logitBytes: options.logitBytes },
  });
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
export function predictingStates(model: Model, ids: Tensor, options: StepOptions = {}): Tensor {
  const [B, T] = ids.shape as [number, number];
  const D = model.config.width;
  const hidden = tf.reshape(model.hidden(ids, options), [B, T, D]); // [B, T, D]
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

/** A loss, the gradient of each weight, and what else was computed on the way. */
export type LossAndGradients<X extends AuxiliaryTensors = AuxiliaryTensors> = {
  /** Scalar. */
  loss: Tensor;
  /** The gradient of each weight, by its name; zeros where the loss does not depend on the weight. */
  gradients: Record<string, Tensor>;
  /** What the loss gave beside itself. */
  aux: X;
};

/** Tensors by name. */
export type AuxiliaryTensors = Readonly<Record<string, Tensor>>;

/** A loss together with tensors that are wanted beside it; no gradients are made by these. */
export interface LossWithAux<X extends AuxiliaryTensors> {
  /** Scalar. */
  loss: Tensor;
  /** Such as the values of the loss's terms. */
  aux: X;
}

/**
 * The value and the gradients of a loss of the weights, and whatever else it computes: nothing is computed twice.
 *
 * @param weights what to differentiate by
 * @param loss a scalar of them, alone or with auxiliary tensors
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]), other: tf.scalar(3) };
 * const { loss, gradients, aux } = valueAndGradients(weights, () => {
 *   const squares = tf.square(weights.w);
 *   return { loss: tf.sum(squares), aux: { squares } };
 * });
 * assertEquals([loss.dataSync()[0], ...gradients.w!.dataSync(), ...aux.squares.dataSync()], [5, 2, 4, 1, 4]);
 * assertEquals(gradients.other!.dataSync()[0], 0);
 * ```
 */
export function valueAndGradients<X extends AuxiliaryTensors = Record<never, Tensor>>(
  weights: Readonly<Record<string, Tensor>>,
  loss: () => Tensor | LossWithAux<X>,
): LossAndGradients<X> {
  const names = Object.keys(weights);
  let kept = {} as X;
  const run = () => {
    const result = loss();
    if (result instanceof tf.Tensor) return result;
    kept = mapTensors(result.aux, (tensor) => tf.keep(tf.clone(tensor))); // tfjs frees what a value is made of
    return result.loss;
  };
  const { value, grads } = tf.engine().gradients(run, names.map((name) => weights[name]!), undefined, true);
  const aux = mapTensors(kept, (tensor) => tf.clone(tensor)); // of the caller's scope
  tf.dispose(kept);
  const gradients = names.map((name, i) => [name, grads[i] ?? tf.zerosLike(weights[name]!)] as const);
  return { loss: value, gradients: Object.fromEntries(gradients), aux };
}

function mapTensors<X extends AuxiliaryTensors>(tensors: X, each: (tensor: Tensor) => Tensor): X {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, each(tensor)])) as X;
}
