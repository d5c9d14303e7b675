/**
 * TensorFlow's numbers for data types (`tensorflow/core/framework/types.proto`) and the numbers that tfjs-node's
 * kernels use for attribute kinds (`binding.TF_ATTR_*`).
 *
 * @module
 */

/** `TF_DataType` by name. */
export const DTYPE = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int16: 5,
  int8: 6,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
} as const;

/** Bytes of an element by data type, where all elements have as many. */
export const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  [DTYPE.float32]: 4,
  [DTYPE.float64]: 8,
  [DTYPE.int32]: 4,
  [DTYPE.uint8]: 1,
  [DTYPE.int16]: 2,
  [DTYPE.int8]: 1,
  [DTYPE.complex64]: 8,
  [DTYPE.int64]: 8,
  [DTYPE.bool]: 1,
  [DTYPE.bfloat16]: 2,
  [DTYPE.float16]: 2,
};

/** Attribute kinds of an operation. */
export const ATTR = {
  string: 0,
  int: 1,
  float: 2,
  bool: 3,
  type: 4,
  shape: 5,
  func: 6,
  resource: 99,
} as const;

/**
 * The numbers under the names that tfjs-node's kernels read from its binding.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(new BindingConstants().TF_FLOAT, DTYPE.float32);
 * ```
 */
export class BindingConstants {
  readonly TF_FLOAT = DTYPE.float32;
  readonly TF_INT32 = DTYPE.int32;
  readonly TF_INT64 = DTYPE.int64;
  readonly TF_BOOL = DTYPE.bool;
  readonly TF_COMPLEX64 = DTYPE.complex64;
  readonly TF_STRING = DTYPE.string;
  readonly TF_RESOURCE = DTYPE.resource;
  readonly TF_UINT8 = DTYPE.uint8;
  readonly TF_ATTR_STRING = ATTR.string;
  readonly TF_ATTR_INT = ATTR.int;
  readonly TF_ATTR_FLOAT = ATTR.float;
  readonly TF_ATTR_BOOL = ATTR.bool;
  readonly TF_ATTR_TYPE = ATTR.type;
  readonly TF_ATTR_SHAPE = ATTR.shape;
  readonly TF_ATTR_RESOURCE = ATTR.resource;
}

/** One attribute of an operation, as tfjs-node's kernels give it. */
export interface OpAttr {
  /** The attribute's name in TensorFlow's registry. */
  name: string;
  /** One of `ATTR`. */
  type: number;
  /** The value; a list where the attribute is one. */
  value: unknown;
}

/** `TF_DataType` by tfjs's names. */
export const TFJS_DTYPES: Readonly<Record<string, number>> = {
  float32: DTYPE.float32,
  int32: DTYPE.int32,
  bool: DTYPE.bool,
};
