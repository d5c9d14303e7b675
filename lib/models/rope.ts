/**
 * Rotary position embeddings (RoFormer, arXiv 2104.09864): queries and keys are rotated, pair by pair of their numbers,
 * by angles that grow with the position, so that a score depends on the distance of two positions.
 *
 * Families pair the numbers differently; scores are the same whatever order both queries and keys stand in, so rotated
 * numbers always come out as firsts of all pairs, seconds of all pairs, the rest.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Rope } from "./rope_scaling.ts";

/** Cosines and sines of positions' angles. */
export interface RopeAngles {
  /** [B, 1, T, F] or [1, 1, T, F]: F pairs are rotated */
  cos: Tensor;
  /** The sines, of the same shape. */
  sin: Tensor;
}

/**
 * The angles of positions.
 *
 * @param positions [B, T] or [1, T] int32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const positions = tf.tensor2d([[0, 1]], [1, 2], "int32");
 * const { cos } = ropeAngles(positions, { frequencies: [Math.PI, 0], magnitude: 1 });
 * assertEquals([cos.shape, [...cos.dataSync()]], [[1, 1, 2, 2], [1, 1, -1, 1]]);
 * ```
 */
export function ropeAngles(positions: Tensor, { frequencies, magnitude }: Rope): RopeAngles {
  const [B, T] = positions.shape as [number, number];
  const turns = tf.reshape(tf.cast(positions, "float32"), [B, 1, T, 1]);
  const angles = tf.mul(turns, tf.tensor1d([...frequencies])); // [B, 1, T, F]
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  return magnitude === 1 ? { cos, sin } : { cos: tf.mul(cos, magnitude), sin: tf.mul(sin, magnitude) };
}

/**
 * Rotates the first 2 F numbers of every query or key; the rest stays.
 *
 * @param x [B, H, T, K] @param angles of F pairs
 * @param pairs whether a pair is numbers i and i + F, or the neighbours 2 i and 2 i + 1
 * @returns [B, H, T, K]: firsts of all pairs, seconds, the rest
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const quarter = { frequencies: [Math.PI / 2], magnitude: 1 };
 * const angles = ropeAngles(tf.tensor2d([[1]], [1, 1], "int32"), quarter);
 * const turned = rotate(tf.tensor4d([5, 7, 9], [1, 1, 1, 3]), angles, "halves");
 * assertEquals([...turned.dataSync()].map(Math.round), [-7, 5, 9]);
 * ```
 */
export function rotate(x: Tensor, { cos, sin }: RopeAngles, pairs: "halves" | "neighbours"): Tensor {
  const K = x.shape[3]!;
  const F = cos.shape[3]!;
  const [first, second, ...rest] = pairs === "halves"
    ? tf.split(x, K > 2 * F ? [F, F, K - 2 * F] : 2, -1)
    : splitNeighbours(x, F);
  const turned = [
    tf.sub(tf.mul(first!, cos), tf.mul(second!, sin)),
    tf.add(tf.mul(second!, cos), tf.mul(first!, sin)),
  ];
  return tf.concat([...turned, ...rest], -1); // [B, H, T, K]
}

function splitNeighbours(x: Tensor, F: number): Tensor[] {
  const [B, H, T, K] = x.shape as [number, number, number, number];
  const [rotated, ...rest] = K > 2 * F ? tf.split(x, [2 * F, K - 2 * F], -1) : [x];
  return [...tf.unstack(tf.reshape(rotated!, [B, H, T, F, 2]), -1), ...rest];
}
