/**
 * The types that weights are stored in, to and from float32: float16 and bfloat16 widen exactly and are rounded to
 * nearest even, as torch does.
 *
 * @module
 */

/** Storage types of weights. */
export type StorageDtype = "F32" | "F16" | "BF16";

/** Bytes of one element. */
export const FLOAT_BYTES: Readonly<Record<StorageDtype, number>> = { F32: 4, F16: 2, BF16: 2 };

/** What rounds to infinity in a storage type, by its definition in IEEE 754 and in bfloat16. */
export const TOO_LARGE: Readonly<Record<StorageDtype, number>> = {
  F32: Infinity,
  F16: 65520,
  BF16: (2 - 2 ** -8) * 2 ** 127,
};

/**
 * Whether a type's name is one of the three.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([isStorageDtype("BF16"), isStorageDtype("I64"), isStorageDtype("toString")], [true, false, false]);
 * ```
 */
export function isStorageDtype(dtype: string): dtype is StorageDtype {
  return Object.hasOwn(FLOAT_BYTES, dtype);
}

let halves: Float32Array | undefined;

/** Every float16 as float32, by its bits. */
function halfTable(): Float32Array {
  return halves ??= Float32Array.from(
    new Float16Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer),
  );
}

/**
 * Widens stored bytes, which begin at a multiple of their elements' size in memory.
 *
 * @param values as many as `bytes` holds; written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const values = new Float32Array(1);
 * widen(new Uint8Array([0, 0x3c]), "F16", values);
 * assertEquals(values[0], 1);
 * ```
 */
export function widen(bytes: Uint8Array, dtype: StorageDtype, values: Float32Array): void {
  if (dtype === "F32") {
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes);
    return;
  }
  const narrow = new Uint16Array(bytes.buffer, bytes.byteOffset, values.length);
  if (dtype === "F16") {
    const table = halfTable();
    for (let i = 0; i < narrow.length; i++) values[i] = table[narrow[i]!]!;
  } else {
    const wide = new Int32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < narrow.length; i++) wide[i] = narrow[i]! << 16;
  }
}

/**
 * Rounds float32 values to a storage type, to nearest even.
 *
 * @param bytes memory for them, at a multiple of the type's size; written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(2);
 * narrow(new Float32Array([1]), "BF16", bytes);
 * assertEquals([...bytes], [0x80, 0x3f]);
 * ```
 */
export function narrow(values: Float32Array, dtype: StorageDtype, bytes: Uint8Array): void {
  if (dtype === "F32") bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  else if (dtype === "F16") new Float16Array(bytes.buffer, bytes.byteOffset, values.length).set(values);
  else {
    const wide = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const rounded = new Uint16Array(bytes.buffer, bytes.byteOffset, values.length);
    for (let i = 0; i < wide.length; i++) {
      const bits = wide[i]!;
      const isNan = (bits & 0x7fffffff) > 0x7f800000;
      rounded[i] = isNan ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    }
  }
}
