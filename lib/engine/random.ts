/**
 * Random numbers as a function of a seed, in a step too: tfjs's own are drawn anew in each capture and then for ever the same.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { ATTR, DTYPE } from "./dtypes.ts";
import { currentEngine } from "./state.ts";

/** Odd numbers and shifts that mix the bits of a number (MurmurHash3's finalizer, without its last steps). */
const MIX = { first: 0x85ebca6b | 0, second: 0xc2b2ae35 | 0, shift: 15 };

/**
 * Uniform numbers in [0, 1) that are a function of a seed: the same in every call, eager or captured, so that a step may
 * draw them whose seed is an input. XLA's and TensorFlow's own may differ.
 *
 * @param shape of what is drawn
 * @param seed [2] int32
 * @returns float32; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const draw = (seed: number) => statelessUniform([3], tf.tensor1d([seed, 7], "int32")).dataSync();
 * assertEquals([draw(1), draw(1).join() === draw(2).join()], [draw(1), false]);
 * ```
 */
export function statelessUniform(shape: readonly number[], seed: Tensor): Tensor {
  return draw("StatelessRandomUniform", DTYPE.float32, { shape, seed });
}

/**
 * Numbers of 32 random bits that are a function of a seed, as `statelessUniform`'s.
 *
 * @param shape of what is drawn
 * @param seed [2] int32
 * @returns int32; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const draw = () => statelessBits([3], tf.tensor1d([1, 7], "int32")).dataSync();
 * assertEquals([draw(), new Set(draw()).size], [draw(), 3]);
 * ```
 */
export function statelessBits(shape: readonly number[], seed: Tensor): Tensor {
  return draw("StatelessRandomUniformFullInt", DTYPE.int32, { shape, seed });
}

/**
 * A matrix of 0 and 1, of which a share is 0, by a number for each row and each column: those of each pair are mixed, which
 * takes a tenth of the time of drawing a number for each, and XLA does it where the mask is used.
 *
 * @param rows [rows] int32, of `statelessBits` @param columns [columns] int32, likewise
 * @param share from 0 to less than 1
 * @returns [rows, columns] bool; the caller disposes it
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [rows, columns] = [300, 200].map((size) => statelessBits([size], tf.tensor1d([1, size], "int32")));
 * const kept = randomMask(rows!, columns!, 0.25);
 * assert(Math.abs(tf.mean(kept).dataSync()[0]! - 0.75) < 0.01);
 * ```
 */
export function randomMask(rows: Tensor, columns: Tensor, share: number): Tensor {
  return tf.tidy(() => {
    const pairs = bitwise("BitwiseXor", tf.expandDims(rows, 1), tf.expandDims(columns, 0));
    const first = tf.mul(pairs, tf.scalar(MIX.first, "int32"));
    const shifted = bitwise("RightShift", first, tf.scalar(MIX.shift, "int32"));
    const mixed = tf.mul(bitwise("BitwiseXor", first, shifted), tf.scalar(MIX.second, "int32"));
    return tf.greaterEqual(mixed, tf.scalar(Math.round(share * 2 ** 32) - 2 ** 31, "int32"));
  });
}

/** MurmurHash3's finalizer: bits are shifted to the right, and the number is multiplied but for the last time. */
const FINALIZER = [[16, MIX.first], [13, MIX.second], [16, undefined]] as const;
/** What two numbers that are near one another are set apart by, before they are mixed: 2^32 over the golden ratio. */
const APART = 0x9e3779b9 | 0;

/**
 * Numbers of 32 bits for pairs of numbers, which look drawn at random though neither of a pair does: such as a text's number and a
 * token's. That of a pair does not depend on what others there are.
 *
 * @param a int32, such as of `statelessBits` @param b int32, of a shape that broadcasts with a's
 * @returns int32, of both shapes together; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const mixed = mixBits(tf.tensor1d([7], "int32"), tf.tensor1d([0, 1, 2], "int32"));
 * const [last] = mixBits(tf.tensor1d([7], "int32"), tf.tensor1d([2], "int32")).dataSync();
 * assertEquals([new Set(mixed.dataSync()).size, mixed.dataSync()[2]], [3, last]);
 * ```
 */
export function mixBits(a: Tensor, b: Tensor): Tensor {
  return tf.tidy(() => {
    let mixed = bitwise("BitwiseXor", a, tf.mul(tf.add(b, tf.scalar(1, "int32")), tf.scalar(APART, "int32")));
    for (const [shift, factor] of FINALIZER) {
      const arithmetic = bitwise("RightShift", mixed, tf.scalar(shift, "int32"));
      const shifted = bitwise("BitwiseAnd", arithmetic, tf.scalar(2 ** (32 - shift) - 1, "int32"));
      mixed = bitwise("BitwiseXor", mixed, shifted);
      if (factor !== undefined) mixed = tf.mul(mixed, tf.scalar(factor, "int32"));
    }
    return mixed;
  });
}

function bitwise(name: "BitwiseXor" | "BitwiseAnd" | "RightShift", a: Tensor, b: Tensor): Tensor {
  const attrs = [{ name: "T", type: ATTR.type, value: DTYPE.int32 }];
  return currentEngine().backend.executeSingleOutput(name, attrs, [a, b]);
}

function draw(
  name: string,
  dtype: number,
  { shape, seed }: { shape: readonly number[]; seed: Tensor },
): Tensor {
  const attrs = [
    { name: "dtype", type: ATTR.type, value: dtype },
    { name: "T", type: ATTR.type, value: DTYPE.int32 },
    { name: "Tseed", type: ATTR.type, value: DTYPE.int32 },
  ];
  const sizes = tf.tensor1d([...shape], "int32");
  try {
    return currentEngine().backend.executeSingleOutput(name, attrs, [sizes, seed]);
  } finally {
    sizes.dispose();
  }
}
