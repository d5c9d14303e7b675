/**
 * Random numbers as a function of a seed, in a step too: tfjs's own are drawn anew in each capture and then for ever the same.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { ATTR, DTYPE } from "./dtypes.ts";
import { currentEngine } from "./state.ts";

/**
 * Uniform numbers in [0, 1) that are a function of a seed: the same in every call, eager or captured, so that a step may
 * draw them whose seed is an input. XLA's and TensorFlow's own may differ.
 *
 * @param shape of what is drawn
 * @param seed [2] int32
 * @returns float32; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const draw = (seed: number) => statelessUniform([3], tf.tensor1d([seed, 7], "int32")).dataSync();
 * assertEquals([draw(1), draw(1).join() === draw(2).join()], [draw(1), false]);
 * ```
 */
export function statelessUniform(shape: readonly number[], seed: Tensor): Tensor {
  const attrs = [
    { name: "dtype", type: ATTR.type, value: DTYPE.float32 },
    { name: "T", type: ATTR.type, value: DTYPE.int32 },
    { name: "Tseed", type: ATTR.type, value: DTYPE.int32 },
  ];
  const sizes = tf.tensor1d([...shape], "int32");
  try {
    return currentEngine().backend.executeSingleOutput("StatelessRandomUniform", attrs, [sizes, seed]);
  } finally {
    sizes.dispose();
  }
}
