/**
 * Kernels of our own: where tfjs-node's would read values on the host, where TensorFlow has one operation for what
 * tfjs composes, and the in-place write of a KV cache.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor, TensorInfo } from "../npm/tfjs_core.ts";
import { backend } from "./backend.ts";
import { ATTR, DTYPE, TFJS_DTYPES } from "./dtypes.ts";

/**
 * Replaces tfjs-node's GatherV2, which reads its indices on the host in every call and so cannot be captured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" }); // registers them
 * using pick = compile((x: tf.Tensor, row: tf.Tensor) => tf.gather(x, tf.neg(row) as tf.Tensor1D));
 * assertEquals([...pick(tf.tensor1d([5, 6]), tf.tensor1d([-1], "int32")).dataSync()], [6]);
 * ```
 */
export function registerKernels(): void {
  tf.unregisterKernel("GatherV2", "tensorflow");
  tf.registerKernel({
    kernelName: "GatherV2",
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs }) => {
      const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
      const axisTensor = tf.scalar(axis, "int32");
      try {
        return backend().executeSingleOutput("GatherV2", [
          { name: "batch_dims", type: ATTR.int, value: batchDims },
          { name: "Tparams", type: ATTR.type, value: TFJS_DTYPES[x.dtype] },
          { name: "Tindices", type: ATTR.type, value: DTYPE.int32 },
          { name: "Taxis", type: ATTR.type, value: DTYPE.int32 },
        ], [x, indices, axisTensor]);
      } finally {
        axisTensor.dispose();
      }
    },
  });
}

/**
 * Cross entropy of each row, with its gradient, by TensorFlow's fused operation.
 *
 * @param logits [N, V] float32
 * @param labels [N] int32 in [0, V)
 * @returns [N] float32: -log softmax(logits)[label], in nats; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const loss = sparseCrossEntropy(tf.zeros([1, 4]), tf.tensor1d([2], "int32"));
 * assertEquals(loss.dataSync()[0]!.toFixed(6), Math.log(4).toFixed(6));
 * ```
 */
export function sparseCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const compute = tf.customGrad((x, save) => {
    const [loss, gradient] = backend().executeMultipleOutputs(
      "SparseSoftmaxCrossEntropyWithLogits",
      [
        { name: "T", type: ATTR.type, value: DTYPE.float32 },
        { name: "Tlabels", type: ATTR.type, value: DTYPE.int32 },
      ],
      [x as Tensor, labels],
      2,
    ) as [Tensor, Tensor];
    (save as tf.GradSaveFunc)([gradient]);
    return {
      value: loss,
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(tf.expandDims(dy, -1), saved[0]!), // [N, V]
    };
  });
  return compute(logits);
}

/**
 * One of two tensors, element by element: as `tf.where`, but without tensors of their size for a condition or a number that
 * is the same everywhere. It has no gradient.
 *
 * @param condition bool, of a shape that broadcasts to theirs
 * @param x of any type
 * @param other where the condition is false: of the same type and a shape that broadcasts, or a number
 * @returns of the broadcast shape and that type; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.tensor1d([NaN, 2]);
 * assertEquals([...select(tf.scalar(false), x, 0).dataSync()], [0, 0]);
 * assertEquals([...select(tf.tensor1d([false, true], "bool"), x, tf.scalar(7)).dataSync()], [7, 2]);
 * ```
 */
export function select(condition: Tensor, x: Tensor, other: Tensor | number): Tensor {
  const attrs = [{ name: "T", type: ATTR.type, value: TFJS_DTYPES[x.dtype] }];
  return tf.tidy(() => {
    const otherwise = typeof other === "number" ? tf.scalar(other, x.dtype) : other;
    return backend().executeSingleOutput("SelectV2", attrs, [condition, x, otherwise]);
  });
}

/**
 * Writes rows into `cache` in place, without a copy, also inside a compiled step (not under XLA).
 *
 * The operation aliases its input on purpose: `cache` must have been made by `newCache` and be read only through
 * the result. A row number out of range would wrap silently, so the caller must have checked `rows`.
 *
 * @param cache [R, K] float32
 * @param rows [N] int32, each in [0, R)
 * @param values [N, K] float32
 * @returns `cache` after the write, [R, K]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const cache = tf.tensor2d([[0, 0], [1, 1], [2, 2]]);
 * writeRows(cache, tf.tensor1d([1], "int32"), tf.tensor2d([[8, 9]]));
 * assertEquals([...cache.dataSync()], [0, 0, 8, 9, 2, 2]);
 * ```
 */
export function writeRows(cache: Tensor, rows: Tensor, values: Tensor): Tensor {
  const attrs = [{ name: "T", type: ATTR.type, value: DTYPE.float32 }];
  return backend().executeSingleOutput("InplaceUpdate", attrs, [cache, rows, values]);
}
