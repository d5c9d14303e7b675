/**
 * The memory of single tensors, seen as it is: weights of many gigabytes are filled and read by pieces, without a copy
 * in JavaScript's heap. A view is valid only until it is disposed, or while its function runs.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { backend } from "./backend.ts";
import { DTYPE } from "./dtypes.ts";
import { allocateTensor, memoryOf } from "./native_tensors.ts";
import { currentEngine } from "./state.ts";

/** A tensor's elements where they lie. */
export type TensorView = Float32Array<ArrayBuffer>;

/**
 * A new float32 tensor whose memory `fill` writes; it must write all of it. The caller disposes the tensor.
 *
 * @throws {RangeError} when no tensor has that shape or there is not that much memory; whatever `fill` throws: nothing is left then
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = await fillTensor([2, 2], (values) => values.set([1, 2, 3, 4]));
 * assertEquals([x.shape, [...x.dataSync()]], [[2, 2], [1, 2, 3, 4]]);
 * ```
 */
export async function fillTensor(
  shape: readonly number[],
  fill: (values: TensorView) => void | Promise<void>,
): Promise<Tensor> {
  return await allocate(shape, DTYPE.float32, (memory) => fill(new Float32Array(memory)));
}

/**
 * A new tensor that is kept in bfloat16: half the memory. tfjs takes it for float32; matrix products use it as it is,
 * other operations widen it, and it cannot be assigned to. The caller disposes it.
 *
 * @param fill writes all elements, the upper halves of float32 numbers
 * @throws as `fillTensor`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = await fillBfloat16Tensor([2], (halves) => halves.set([0x3f80, 0x4000]));
 * assertEquals([x.dtype, [...x.dataSync()]], ["float32", [1, 2]]);
 * ```
 */
export async function fillBfloat16Tensor(
  shape: readonly number[],
  fill: (halves: Uint16Array<ArrayBuffer>) => void | Promise<void>,
): Promise<Tensor> {
  return await allocate(shape, DTYPE.bfloat16, (memory) => fill(new Uint16Array(memory)));
}

async function allocate(
  shape: readonly number[],
  dtype: number,
  fill: (memory: ArrayBuffer) => void | Promise<void>,
): Promise<Tensor> {
  const { symbols, binding } = currentEngine();
  const { tensor, memory } = allocateTensor(symbols, shape, dtype);
  try {
    await fill(memory);
  } catch (error) {
    symbols.TF_DeleteTensor(tensor);
    throw error;
  }
  return backend().wrap({ id: binding.adoptTensor(tensor), shape: [...shape], dtype });
}

/**
 * Whether a tensor is kept in bfloat16, although tfjs takes it for float32.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [x, y] = [await fillTensor([1], () => {}), await fillBfloat16Tensor([1], () => {})];
 * assertEquals([isNarrow(x), isNarrow(y)], [false, true]);
 * ```
 */
export function isNarrow(tensor: Tensor): boolean {
  return currentEngine().binding.isNarrow(backend().idOf(tensor));
}

/**
 * A float32 tensor's memory until the view is disposed; on a GPU it is copied to the host first, and of one that is
 * kept in bfloat16 it is a widened copy. The tensor must not be assigned to meanwhile.
 *
 * @throws {TypeError} when the tensor is not float32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using view = viewTensor(tf.tensor1d([3, 4]));
 * assertEquals(view.values[1], 4);
 * ```
 */
export function viewTensor(tensor: Tensor): { values: TensorView } & Disposable {
  if (tensor.dtype !== "float32") {
    throw new TypeError(`Cannot view a tensor as float32: it is ${tensor.dtype}`);
  }
  const { symbols, binding } = currentEngine();
  const id = backend().idOf(tensor);
  if (binding.isNarrow(id)) {
    return { values: binding.tensorDataSync(id) as TensorView, [Symbol.dispose]: () => {} };
  }
  const native = binding.resolveTensor(id);
  const free = () => symbols.TF_DeleteTensor(native);
  try {
    return { values: new Float32Array(memoryOf(symbols, native, 4 * tensor.size)), [Symbol.dispose]: free };
  } catch (error) {
    free();
    throw error;
  }
}
