/**
 * Native tensors without tfjs: memory of TensorFlow's own filled from and read into typed arrays.
 *
 * @module
 */
import { DTYPE, ELEMENT_BYTES } from "./dtypes.ts";
import type { Symbols } from "./symbols.ts";

/** TensorFlow ends the process for a tensor of more dimensions (`TensorShape::MaxDimensions`). */
const MOST_DIMENSIONS = 254;

/**
 * A typed array as the C type of `dtype` wants it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 *
 * assertEquals([...toBytes([1, -1], DTYPE.int32)], [1, 0, 0, 0, 255, 255, 255, 255]);
 * ```
 */
export function toBytes(values: unknown, dtype: number): Uint8Array<ArrayBuffer> {
  let array: ArrayBufferView<ArrayBuffer>;
  if (dtype === DTYPE.float32) {
    array = values instanceof Float32Array
      ? values as Float32Array<ArrayBuffer>
      : Float32Array.from(values as number[]);
  } else if (dtype === DTYPE.int32) {
    array = values instanceof Int32Array
      ? values as Int32Array<ArrayBuffer>
      : Int32Array.from(values as number[]);
  } else if (dtype === DTYPE.int64 && values instanceof Int32Array) {
    array = values as Int32Array<ArrayBuffer>; // tfjs-node's form: lower and upper halves
  } else if (dtype === DTYPE.int64) {
    array = BigInt64Array.from(Array.from(values as number[], BigInt));
  } else if (dtype === DTYPE.bool || dtype === DTYPE.uint8) {
    array = Uint8Array.from(values as number[]);
  } else if (ArrayBuffer.isView(values)) {
    array = values as ArrayBufferView<ArrayBuffer>;
  } else {
    throw new TypeError(
      `Cannot upload values as TensorFlow's data type ${dtype}: only numbers and booleans can be`,
    );
  }
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * How many bytes a tensor takes. TensorFlow itself ends the process for a shape that is none.
 *
 * @throws {RangeError} when no tensor has that shape; {TypeError} when its elements are of no fixed size
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 *
 * assertEquals(byteSize([2, 3], DTYPE.float32), 24);
 * assertThrows(() => byteSize([2, -1], DTYPE.float32), RangeError, "shape [2, -1]");
 * ```
 */
export function byteSize(shape: readonly number[], dtype: number): number {
  const bytes = ELEMENT_BYTES[dtype];
  if (bytes === undefined) {
    throw new TypeError(
      `Cannot make a tensor of TensorFlow's data type ${dtype}: its elements have no fixed size`,
    );
  }
  const what = () => `Cannot make a tensor of shape [${shape.slice(0, 8).join(", ")}]`;
  if (shape.length > MOST_DIMENSIONS) {
    throw new RangeError(
      `${what()} and so on: it has ${shape.length} dimensions, at most ${MOST_DIMENSIONS} can be`,
    );
  }
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new RangeError(`${what()}: its dimensions must be whole numbers of at least 0`);
  }
  const size = bytes * shape.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(size)) throw new RangeError(`${what()}: it would take ${size} bytes`);
  return size;
}

/**
 * A tensor's memory as it is.
 *
 * @throws {RangeError} when there is none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { symbols } = currentEngine();
 * const tensor = newTensor(symbols, [2], DTYPE.uint8, new Uint8Array([7, 8]));
 * assertEquals([...new Uint8Array(memoryOf(symbols, tensor, 2))], [7, 8]);
 * symbols.TF_DeleteTensor(tensor);
 * ```
 */
export function memoryOf(symbols: Symbols, tensor: Deno.PointerValue, size: number): ArrayBuffer {
  if (size === 0) return new ArrayBuffer(0);
  const data = tensor && symbols.TF_TensorData(tensor);
  if (!data) throw new RangeError(`Cannot allocate a tensor of ${size} bytes: there is not that much memory`);
  return Deno.UnsafePointerView.getArrayBuffer(data, size);
}

/**
 * A new `TF_Tensor*`, which the caller fills and frees, and its memory.
 *
 * @throws as `byteSize` and `memoryOf`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { symbols } = currentEngine();
 * const { tensor, memory } = allocateTensor(symbols, [2, 3], DTYPE.float32);
 * assertEquals(memory.byteLength, 24);
 * symbols.TF_DeleteTensor(tensor);
 * ```
 */
export function allocateTensor(
  symbols: Symbols,
  shape: readonly number[],
  dtype: number,
): { tensor: Deno.PointerValue; memory: ArrayBuffer } {
  const size = byteSize(shape, dtype);
  const dims = BigInt64Array.from(shape, BigInt);
  const tensor = symbols.TF_AllocateTensor(dtype, dims, shape.length, BigInt(size));
  return { tensor, memory: memoryOf(symbols, tensor, size) }; // freeing one without memory makes TensorFlow complain
}

/**
 * A new `TF_Tensor*` that holds a copy of `bytes`; the caller frees it.
 *
 * @throws {RangeError} when the bytes are not as many as the shape takes, or there is not that much memory
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { symbols } = currentEngine();
 * const tensor = newTensor(symbols, [2], DTYPE.uint8, new Uint8Array([7, 8]));
 * assertEquals(symbols.TF_TensorByteSize(tensor), 2n);
 * symbols.TF_DeleteTensor(tensor);
 * ```
 */
export function newTensor(
  symbols: Symbols,
  shape: readonly number[],
  dtype: number,
  bytes: Uint8Array,
): Deno.PointerValue {
  const size = byteSize(shape, dtype);
  if (bytes.byteLength !== size) {
    throw new RangeError(
      `Cannot make a tensor of shape [${shape}] of ${bytes.byteLength} bytes: it takes ${size}`,
    );
  }
  const { tensor, memory } = allocateTensor(symbols, shape, dtype);
  new Uint8Array(memory).set(bytes);
  return tensor;
}

/**
 * A copy of a `TF_Tensor`'s bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { symbols } = currentEngine();
 * const tensor = newTensor(symbols, [2], DTYPE.uint8, new Uint8Array([7, 8]));
 * assertEquals(new Uint8Array(tensorBytes(symbols, tensor)), new Uint8Array([7, 8]));
 * symbols.TF_DeleteTensor(tensor);
 * ```
 */
export function tensorBytes(symbols: Symbols, tensor: Deno.PointerValue): ArrayBuffer {
  const size = Number(symbols.TF_TensorByteSize(tensor));
  const data = symbols.TF_TensorData(tensor);
  return data && size > 0 ? Deno.UnsafePointerView.getArrayBuffer(data, size).slice(0) : new ArrayBuffer(0);
}

/**
 * Bytes as the typed array that tfjs expects for `dtype`.
 *
 * @throws {TypeError} when no array holds such elements
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 *
 * assertEquals(fromBytes(new Uint8Array([1, 0, 0, 0]).buffer, DTYPE.int32), new Int32Array([1]));
 * ```
 */
export function fromBytes(
  bytes: ArrayBuffer,
  dtype: number,
): Float32Array | Int32Array | Uint8Array | BigInt64Array {
  if (dtype === DTYPE.float32) return new Float32Array(bytes);
  if (dtype === DTYPE.int32) return new Int32Array(bytes);
  if (dtype === DTYPE.int64) return new BigInt64Array(bytes);
  if (dtype === DTYPE.bfloat16) return widenBfloat16(new Uint16Array(bytes));
  if (dtype === DTYPE.bool || dtype === DTYPE.uint8) return new Uint8Array(bytes);
  throw new TypeError(
    `Cannot read a tensor of TensorFlow's data type ${dtype}: only numbers and booleans can be`,
  );
}

/** The upper halves of float32 values as such. */
function widenBfloat16(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return values;
}
