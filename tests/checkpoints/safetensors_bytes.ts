/**
 * Small safetensors files as bytes, and their values as float32.
 *
 * @module
 */
import {
  FLOAT_BYTES,
  isStorageDtype,
  narrow,
  type StorageDtype,
  widen,
} from "../../lib/checkpoints/float_types.ts";
import { encodeHeader, type TensorEntry } from "../../lib/checkpoints/safetensors.ts";

/** A tensor to write. */
export interface TensorToStore extends TensorEntry {
  /** Its values. */
  values: Float32Array;
}

/**
 * The bytes of a safetensors file, tensors in the given order; for small files, as it holds them all at once.
 */
export function encodeSafetensors(
  tensors: readonly TensorToStore[],
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const parts = tensors.map(({ values, dtype }) => fromFloat32(values, dtype));
  const head = encodeHeader(tensors, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, head.length));
  bytes.set(head);
  let position = head.length;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/**
 * Stored bytes as new float32 values.
 *
 * @throws {TypeError} when the type is not a float of 16 or 32 bits
 */
export function toFloat32(bytes: Uint8Array, dtype: string, name: string): Float32Array {
  if (!isStorageDtype(dtype)) {
    throw new TypeError(`Cannot load tensor "${name}": it is stored as ${dtype}, expected F32, F16 or BF16`);
  }
  const values = new Float32Array(bytes.length / FLOAT_BYTES[dtype]);
  widen(bytes.slice(), dtype, values);
  return values;
}

/**
 * Float32 values as new bytes of a storage type.
 */
export function fromFloat32(values: Float32Array, dtype: StorageDtype): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * FLOAT_BYTES[dtype]);
  narrow(values, dtype, bytes);
  return bytes;
}
