/**
 * Adam's moments in 8 bits: block-wise dynamic quantization after Dettmers et al., "8-bit Optimizers via Block-wise
 * Quantization" (ICLR 2022). Each block of 256 numbers has a scale, its largest magnitude; a number is stored by its decade
 * below that and a step within the decade, of which larger decades have more: seven decades in 7 bits and a sign, or
 * eight decades in 8 bits where nothing is negative.
 *
 * Unlike theirs, a second moment above 0 is never stored as 0: an update divides by its root.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { packBytes, unpackBytes } from "../engine/pack_bytes.ts";

/** Numbers of a block. */
export const BLOCK = 256;

/** Stands for 0 where that is divided by or has no logarithm. */
const LEAST = 1e-30;

/** A tensor's numbers, four in each float32, and their blocks' scales. */
export interface QuantizedTensor {
  /** [blocks, 64] float32, see `packBytes` */
  packed: Tensor;
  /** [blocks] float32 */
  scales: Tensor;
}

/** How numbers are stored: with a sign in 8 bits, or without. */
export interface QuantizeOptions {
  /** Whether they may be negative. */
  isSigned: boolean;
}

/**
 * Stores numbers in 8 bits each.
 *
 * @param x of any shape
 *
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const stored = quantize(tf.tensor1d([4, -2, 0, 0.001]), { isSigned: true });
 * const [a, b, c, d] = dequantize(stored, [4], { isSigned: true }).dataSync();
 * assertAlmostEquals(a!, 4, 1e-5); // a block's largest is kept
 * assertAlmostEquals(b!, -2, 0.03);
 * assertEquals(c, 0);
 * assertAlmostEquals(d!, 0.001, 1e-4);
 * ```
 */
export function quantize(x: Tensor, { isSigned }: QuantizeOptions): QuantizedTensor {
  return tf.tidy(() => {
    const { decades, top } = formOf(isSigned);
    const blocks = Math.ceil(x.size / BLOCK);
    const flat = tf.pad(tf.reshape(x, [x.size]) as tf.Tensor1D, [[0, blocks * BLOCK - x.size]]);
    const numbers = tf.reshape(flat, [blocks, BLOCK]);
    const scales = tf.div(tf.max(tf.abs(numbers), 1), top); // the largest is in the middle of the last step
    const shares = tf.div(tf.abs(numbers), tf.maximum(tf.expandDims(scales, 1), LEAST));
    const logs = tf.div(tf.log(tf.maximum(shares, LEAST)), Math.LN10);
    const decade = tf.clipByValue(tf.add(tf.floor(logs), decades), 0, decades - 1); // 0 is the smallest
    const inDecade = tf.mul(shares, tf.exp(tf.mul(tf.sub(decades - 1, decade), Math.LN10))); // [0.1, 1)
    const steps = tf.round(tf.exp(tf.mul(decade, Math.LN2))); // 2^decade
    const step = tf.maximum(tf.floor(tf.mul(tf.div(tf.sub(inDecade, 0.1), 0.9), steps)), 0);
    const magnitude = tf.add(steps, tf.minimum(step, tf.sub(steps, 1))); // 1 to 127, or to 255
    const isThere = isSigned ? tf.greater(shares, 10 ** -decades) : tf.greater(shares, 0);
    const code = tf.mul(magnitude, tf.cast(isThere, "float32"));
    const signed = isSigned ? tf.add(code, tf.mul(tf.cast(tf.less(numbers, 0), "float32"), 128)) : code;
    const codes = tf.reshape(tf.cast(signed, "int32"), [blocks, BLOCK / 4, 4]);
    return { packed: packBytes(codes), scales };
  });
}

/**
 * The numbers that were stored, within half a step.
 *
 * @param shape of the tensor that was stored
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const stored = quantize(tf.zeros([3, 100]), { isSigned: false });
 * assertEquals([...dequantize(stored, [3, 100], { isSigned: false }).dataSync()].every((value) => value === 0), true);
 * ```
 */
export function dequantize(
  { packed, scales }: QuantizedTensor,
  shape: readonly number[],
  { isSigned }: QuantizeOptions,
): Tensor {
  return tf.tidy(() => {
    const codes = tf.reshape(unpackBytes(packed), [-1, BLOCK]); // [blocks, 256]
    const values = tf.gather(tf.tensor1d(storedValues(isSigned)), codes as tf.Tensor2D);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const flat = tf.reshape(tf.mul(values, tf.expandDims(scales, 1)), [-1]);
    return tf.reshape(tf.slice(flat, [0], [size]), [...shape]);
  });
}

/**
 * What each of the 256 codes stands for, of a block's scale.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const values = storedValues(true);
 * assertEquals([values[0], values[127]! > 0.99, values[255]! < -0.99], [0, true, true]);
 * ```
 */
export function storedValues(isSigned: boolean): Float32Array {
  const { decades } = formOf(isSigned);
  return Float32Array.from({ length: 256 }, (_, code) => {
    const magnitude = isSigned ? code % 128 : code;
    if (magnitude === 0) return 0;
    const decade = Math.floor(Math.log2(magnitude));
    const middle = 0.1 + 0.9 * (magnitude - 2 ** decade + 0.5) / 2 ** decade;
    return middle * 10 ** (decade - decades + 1) * (isSigned && code >= 128 ? -1 : 1);
  });
}

/** Decades, and the middle of the last step of the largest of them. */
function formOf(isSigned: boolean): { decades: number; top: number } {
  const decades = isSigned ? 7 : 8;
  const levels = 2 ** (decades - 1);
  return { decades, top: 0.1 + 0.9 * (levels - 0.5) / levels };
}
