/**
 * Layers by the names of their weights, as PyTorch keeps them: linear layers of [out, in], layer norms, the MLP of two
 * linear layers; and the shapes that they ask of a file.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import { ADAPTER, type Weights } from "./architecture.ts";
import { layerNorm, rmsNorm } from "./attention.ts";

/**
 * x W^T + b with the weights `name.weight` and, where there is one, `name.bias`; and what an adapter adds. Every linear
 * layer of every family is computed here.
 *
 * @param x [N, in]
 * @param options.isInOut whether W is stored as [in, out], as GPT-2 has it. Default false: [out, in]
 * @returns [N, out]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "sum.weight": tf.tensor2d([[1, 1]]), "sum.bias": tf.tensor1d([10]) };
 * assertEquals([...linear(weights, "sum", tf.tensor2d([[2, 3]])).dataSync()], [15]);
 * ```
 */
export function linear(weights: Weights, name: string, x: Tensor, { isInOut = false } = {}): Tensor {
  const weight = weights[`${name}.weight`] as tf.Tensor2D;
  const product = tf.matMul(x as tf.Tensor2D, weight, false, !isInOut); // [N, out]
  const bias = weights[`${name}.bias`];
  const result = bias ? tf.add(product, bias) : product;
  const added = weights[ADAPTER]?.(name, x);
  return added ? tf.add(result, added) : result;
}

/**
 * The weights of a linear layer.
 *
 * @param size its outputs and inputs
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(linearShapes("fc", [3, 2]), { "fc.weight": [3, 2], "fc.bias": [3] });
 * ```
 */
export function linearShapes(
  name: string,
  size: readonly [number, number],
  { bias = true } = {},
): Record<string, number[]> {
  return { [`${name}.weight`]: [...size], ...bias && { [`${name}.bias`]: [size[0]] } };
}

/** A layer norm of a file. */
export interface NormLayer {
  /** Where its weights are. */
  weights: Weights;
  /** Before `.weight` and `.bias`. */
  name: string;
  /** Added to variances. */
  epsilon: number;
}

/**
 * Layer normalization with the weights `name.weight` and `name.bias`.
 *
 * @param x [N, D]
 * @returns [N, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "ln.weight": tf.ones([2]), "ln.bias": tf.tensor1d([0, 10]) };
 * const result = normLayer(tf.tensor2d([[1, 3]]), { weights, name: "ln", epsilon: 1e-12 });
 * assertEquals([...result.dataSync()].map(Math.round), [-1, 11]);
 * ```
 */
export function normLayer(x: Tensor, { weights, name, epsilon }: NormLayer): Tensor {
  return layerNorm(x, weights[`${name}.weight`]!, weights[`${name}.bias`]!, epsilon);
}

/**
 * Root mean square normalization with the weights `name.weight`.
 *
 * @param x [N, D]
 * @returns [N, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "norm.weight": tf.tensor1d([5, 10]) };
 * const result = rmsLayer(tf.tensor2d([[7, 1]]), { weights, name: "norm", epsilon: 1e-12 });
 * assertEquals([...result.dataSync()].map(Math.round), [7, 2]);
 * ```
 */
export function rmsLayer(x: Tensor, { weights, name, epsilon }: NormLayer): Tensor {
  return rmsNorm(x, weights[`${name}.weight`]!, epsilon);
}

/**
 * The weights of a layer norm.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(normShapes("ln_f", 8), { "ln_f.weight": [8], "ln_f.bias": [8] });
 * ```
 */
export function normShapes(name: string, width: number): Record<string, number[]> {
  return { [`${name}.weight`]: [width], [`${name}.bias`]: [width] };
}

/** An MLP of a file. */
export interface MlpLayer {
  /** Where its weights are. */
  weights: Weights;
  /** Its two linear layers. */
  names: readonly [string, string];
  /** What stands between them. */
  activation: ActivationName;
}

/**
 * Linear, activation, linear.
 *
 * @param x [N, D]
 * @returns [N, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "a.weight": tf.tensor2d([[1], [-1]]), "b.weight": tf.tensor2d([[2, 3]]) };
 * const result = mlp(tf.tensor2d([[5]]), { weights, names: ["a", "b"], activation: "relu" });
 * assertEquals([...result.dataSync()], [10]);
 * ```
 */
export function mlp(x: Tensor, { weights, names, activation }: MlpLayer): Tensor {
  return linear(weights, names[1], ACTIVATIONS[activation](linear(weights, names[0], x)));
}

/**
 * Llama's MLP: what `name.gate_proj` gives to the activation, times `name.up_proj`, through `name.down_proj`.
 *
 * @param x [N, D]
 * @returns [N, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const one = (value: number) => tf.tensor2d([[value]]);
 * const weights = { "m.gate_proj.weight": one(2), "m.up_proj.weight": one(3), "m.down_proj.weight": one(1) };
 * assertEquals([...gatedMlp(one(5), { weights, name: "m", activation: "relu" }).dataSync()], [150]);
 * ```
 */
export function gatedMlp(
  x: Tensor,
  { weights, name, activation }: { weights: Weights; name: string; activation: ActivationName },
): Tensor {
  const gate = ACTIVATIONS[activation](linear(weights, `${name}.gate_proj`, x)); // [N, F]
  return linear(weights, `${name}.down_proj`, tf.mul(gate, linear(weights, `${name}.up_proj`, x)));
}

/**
 * The weights of `gatedMlp`.
 *
 * @param size D and F
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const shapes = gatedMlpShapes("m", [2, 8], { bias: true });
 * assertEquals([shapes["m.up_proj.weight"], shapes["m.down_proj.bias"]], [[8, 2], [2]]);
 * ```
 */
export function gatedMlpShapes(
  name: string,
  [D, F]: readonly [number, number],
  { bias }: { bias: boolean },
): Record<string, number[]> {
  return {
    ...linearShapes(`${name}.gate_proj`, [F, D], { bias }),
    ...linearShapes(`${name}.up_proj`, [F, D], { bias }),
    ...linearShapes(`${name}.down_proj`, [D, F], { bias }),
  };
}

/**
 * Rows of a table of embeddings, one after the other.
 *
 * @param ids [B, T] int32
 * @returns [B T, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "wte.weight": tf.tensor2d([[1, 2], [3, 4]]) };
 * assertEquals(embed(weights, "wte", tf.tensor2d([[1, 0]], [1, 2], "int32")).arraySync(), [[3, 4], [1, 2]]);
 * ```
 */
export function embed(weights: Weights, name: string, ids: Tensor): Tensor {
  const table = weights[`${name}.weight`]!;
  return tf.reshape(tf.gather(table, ids), [ids.size, table.shape[1]!]); // [B T, D]
}

/**
 * GPT-2's embedding: of tokens and of positions, added up.
 *
 * @param ids [B, T] int32 @param positions [B, T] or [1, T] int32
 * @returns [B T, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const table = tf.tensor2d([[1], [3]]);
 * const weights = { "transformer.wte.weight": table, "transformer.wpe.weight": tf.mul(table, 10) };
 * const [ids, positions] = [[0, 1], [0, 1]].map((row) => tf.tensor2d([row], [1, 2], "int32"));
 * assertEquals(embedWithPositions(weights, ids!, positions!).arraySync(), [[11], [33]]);
 * ```
 */
export function embedWithPositions(weights: Weights, ids: Tensor, positions: Tensor): Tensor {
  const embedded = tf.add(
    tf.gather(weights["transformer.wte.weight"]!, ids),
    tf.gather(weights["transformer.wpe.weight"]!, positions),
  ); // [B, T, D]
  return tf.reshape(embedded, [ids.size, embedded.shape.at(-1)!]); // [B T, D]
}
