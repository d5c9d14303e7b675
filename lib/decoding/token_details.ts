/**
 * What logits say beside the probability of the token that stands there: how sure the model is, and which tokens sampling
 * leaves to choose from.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";

/** Tokens that sampling leaves to choose from, where it is cut: the usual top-k. */
export const TOP_K = 40;

/**
 * Per position: mean and standard deviation of a drawn token's log-probability, and the log-probability of the token that
 * stands there among the `TOP_K` likeliest alone, -Infinity where it is none of them. Part of a captured step.
 *
 * @param logits [M, V] @param own [M], log-probabilities of the tokens that stand there
 * @returns [M] each
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { tokenDetails } from "./token_details.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const logits = tf.tensor2d([[Math.log(3), 0]]); // probabilities 3/4 and 1/4
 * const { means, topLogProbabilities } = tokenDetails(logits, tf.tensor1d([Math.log(3 / 4)]));
 * assertAlmostEquals(means.dataSync()[0]!, 3 / 4 * Math.log(3 / 4) + 1 / 4 * Math.log(1 / 4), 1e-6);
 * assertAlmostEquals(topLogProbabilities.dataSync()[0]!, Math.log(3 / 4), 1e-6); // both are among the 40
 * ```
 */
export function tokenDetails(
  logits: Tensor,
  own: Tensor,
): Record<"means" | "deviations" | "topLogProbabilities", Tensor> {
  const logs = tf.sub(logits, tf.logSumExp(logits, -1, true)); // [M, V]
  const probabilities = tf.exp(logs);
  const means = tf.sum(tf.mul(probabilities, logs), -1, true); // [M, 1]
  const variances = tf.sum(tf.mul(probabilities, tf.square(tf.sub(logs, means))), -1); // [M]
  const { values } = tf.topk(logs, Math.min(TOP_K, logits.shape[1]!)); // [M, TOP_K]
  const least = tf.min(values, -1); // [M]
  const among = tf.sub(own, tf.logSumExp(values, -1));
  // the own log-probability is another sum than the table's: an error of rounding must not put it outside
  const isOutside = tf.less(own, tf.sub(least, 1e-5));
  return {
    means: tf.squeeze(means, [1]),
    deviations: tf.sqrt(variances),
    topLogProbabilities: tf.where(isOutside, tf.fill([isOutside.size], -Infinity), tf.minimum(among, 0)),
  };
}
