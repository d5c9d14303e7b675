/**
 * Gradients of sums and means without tfjs's tensor of ones as large as their input, which it makes on the host: a step
 * of 16,384 tokens of a small GPT-2 held a hundred of them, 5 GB of constants.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { backend } from "./backend.ts";
import { ATTR, DTYPE } from "./dtypes.ts";

/**
 * Replaces tfjs's gradients of Sum and Mean.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" }); // registers them
 * const gradient = tf.grad((x: tf.Tensor) => tf.mean(tf.mul(x, x)));
 * assertEquals([...gradient(tf.tensor2d([[1, 2], [3, 4]])).dataSync()], [0.5, 1, 1.5, 2]);
 * ```
 */
export function registerGradients(): void {
  register("Sum", (spread) => spread);
  register("Mean", (spread, reduced) => tf.div(spread, reduced));
}

/** @param finish makes the gradient of what came in, spread over the reduced elements, and their number */
function register(kernelName: string, finish: (spread: Tensor, reduced: number) => Tensor): void {
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    kernelName,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved as [Tensor];
      const axes = tf.util.parseAxisParam(attrs.axis as number | number[], x.shape);
      const kept = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size);
      const reduced = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
      return { x: () => finish(broadcast(tf.reshape(dy as Tensor, kept), x.shape), reduced) };
    },
  });
}

function broadcast(x: Tensor, shape: number[]): Tensor {
  const attrs = [
    { name: "T", type: ATTR.type, value: DTYPE.float32 },
    { name: "Tidx", type: ATTR.type, value: DTYPE.int32 },
  ];
  const sizes = tf.tensor1d(shape, "int32");
  try {
    return backend().executeSingleOutput("BroadcastTo", attrs, [x, sizes]);
  } finally {
    sizes.dispose();
  }
}
