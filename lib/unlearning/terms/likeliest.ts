/**
 * The likeliest tokens of a distribution, as top-p sampling has them.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";

/** Taken off a logit, it leaves no probability. */
const ALL = 1e9;

/**
 * Logits whose softmax is the likeliest tokens' alone: as few of them as have more than a share of the probability together.
 *
 * @param logits [P, V] @returns [P, V]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { likeliest } from "./likeliest.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const logits = tf.log(tf.tensor2d([[0.1, 0.5, 0.4], [0.05, 0.9, 0.05]]));
 * const kept = tf.tidy(() => tf.softmax(likeliest(logits, 0.6)));
 * assertEquals([...kept.dataSync()].map((p) => p > 0), [false, true, true, false, true, false]);
 * ```
 */
export function likeliest(logits: Tensor, share: number): Tensor {
  const probabilities = tf.softmax(logits);
  const { values } = tf.topk(probabilities, logits.shape[1]!); // [P, V], falling
  const before = tf.sub(tf.cumsum(values, 1), values);
  const least = tf.min(tf.where(tf.lessEqual(before, share), values, 1), 1, true); // [P, 1]
  return tf.sub(logits, tf.mul(tf.cast(tf.less(probabilities, least), "float32"), ALL));
}
