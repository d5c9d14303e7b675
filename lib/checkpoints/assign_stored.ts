/**
 * Stored tensors of a run put back into its own.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign } from "../engine/compile.ts";
import { fillTensor } from "../engine/tensor_memory.ts";
import { PIECE_ELEMENTS, type TensorSource } from "./tensor_source.ts";

/**
 * Assigns what is stored under a name, read by pieces.
 *
 * @param target of the stored tensor's shape
 * @throws {SyntaxError} as `TensorSource.read`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { assignStored } from "./assign_stored.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const source = { read: (_: string, values: Float32Array) => Promise.resolve(void values.set([3, 4])) };
 * const weight = tf.tensor1d([1, 2]);
 * await assignStored(weight, source, "w");
 * assertEquals([...weight.dataSync()], [3, 4]);
 * ```
 */
export async function assignStored(
  target: Tensor,
  source: Pick<TensorSource, "read">,
  name: string,
): Promise<void> {
  const value = await fillTensor(target.shape, async (values) => {
    for (let start = 0; start < values.length; start += PIECE_ELEMENTS) {
      await source.read(name, values.subarray(start, start + PIECE_ELEMENTS), start);
    }
  });
  assign(target, value);
  value.dispose();
}
