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

/** One attribute of an operation, as tfjs-node's kernels give it. */
export interface OpAttr {
  /** The attribute's name in TensorFlow's registry. */
  name: string;
  /** One of `ATTR`. */
  type: number;
  /** The value; a list where the attribute is one. */
  value: unknown;
}
