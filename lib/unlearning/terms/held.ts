/**
 * What no gradient flows through.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";

/**
 * A function of a tensor that is a constant for its gradient: of weights that the model's own probabilities give.
 *
 * @returns what the function gives
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { held } from "./held.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const slope = tf.grad((x) => tf.sum(tf.mul(x, held(x, (y) => tf.square(y)))));
 * assertEquals([...slope(tf.tensor1d([3])).dataSync()], [9]); // 27 where the square had a gradient
 * ```
 */
export function held(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const compute = tf.customGrad((given) => ({
    value: f(given as Tensor),
    gradFunc: () => tf.zeros(x.shape),
  }));
  return compute(x);
}
