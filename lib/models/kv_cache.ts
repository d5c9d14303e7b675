/**
 * The KV cache of a decode: for each layer one buffer of keys and one of values, laid out as [B H T, K], so that one
 * operation writes a position of every row in place, each row at a position of its own, and a reshape gives
 * [B, H, T, K] without a copy.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { writeRows } from "../engine/kernels.ts";

/** One buffer a layer, each [B H T, K] float32. */
export interface CacheTensors {
  /** Keys by layer. */
  keys: readonly Tensor[];
  /** Values by layer. */
  values: readonly Tensor[];
}

/**
 * Writes each row's new keys or values at the row's position, in place.
 *
 * @param buffer [B H T, K]: from `newCacheBuffer`, read nowhere else in the step
 * @param positions [B] int32, each in [0, T); checked by `checkPositions` before the step
 * @param values [B, H, 1, K]
 * @returns the buffer after the write
 */
export function appendToCache(buffer: Tensor, positions: Tensor, values: Tensor): Tensor {
  const [B, H, , K] = values.shape as [number, number, number, number];
  const length = buffer.shape[0]! / (B * H);
  const firstRows = tf.mul(tf.reshape(tf.range(0, B * H, 1, "int32"), [B, H]), tf.scalar(length, "int32"));
  const rows = tf.reshape(tf.add(firstRows, tf.expandDims(positions, 1)), [B * H]); // [B H]
  return writeRows(buffer, rows, tf.reshape(values, [B * H, K]));
}

/**
 * Rows of a filled cache as new, unshared buffers: row i of the result is row `rows[i]` of the source.
 *
 * @param filled [N, H, S, K] keys or values of whole sequences
 * @param rows [B] int32
 * @param length T of the new buffer, at least S
 * @returns [B H T, K]; the caller disposes it
 */
export function newCacheBuffer(filled: Tensor, rows: Tensor, length: number): Tensor {
  return tf.tidy(() => {
    const [, H, S, K] = filled.shape as [number, number, number, number];
    const picked = tf.gather(filled, rows); // [B, H, S, K]
    const padded = S === length
      ? picked
      : tf.pad(picked as tf.Tensor4D, [[0, 0], [0, 0], [0, length - S], [0, 0]]);
    return tf.reshape(padded, [rows.shape[0]! * H * length, K]); // [B H T, K]
  });
}

/**
 * Refuses positions outside the cache: TensorFlow's in-place write would wrap them silently.
 *
 * @throws {RangeError} naming the row
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => checkPositions([0, 8], 8), RangeError, "row 1");
 * ```
 */
export function checkPositions(positions: ArrayLike<number>, length: number): void {
  for (let row = 0; row < positions.length; row++) {
    const position = positions[row]!;
    if (!(position >= 0 && position < length)) {
      throw new RangeError(
        `Cannot write to a cache of ${length} positions: row ${row} asks for position ${position}`,
      );
    }
  }
}
