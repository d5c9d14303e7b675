/**
 * The KV cache of a decode: for each layer one buffer of keys and one of values, laid out as [B H T, K], so that one
 * operation writes a position of every row in place, each row at a position of its own, and a reshape gives
 * [B, H, T, K] without a copy.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { writeRows } from "../engine/kernels.ts";

/**
 * Where a cache's buffers hold each row's position, for all layers.
 *
 * @param positions [B] int32, each in [0, T); checked by `checkPositions` before the step
 * @param size H and T
 * @returns [B H] int32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const places = cachePlaces(tf.tensor1d([0, 2], "int32"), { heads: 2, length: 3 });
 * assertEquals([...places.dataSync()], [0, 3, 8, 11]);
 * ```
 */
export function cachePlaces(
  positions: Tensor,
  { heads: H, length }: { heads: number; length: number },
): Tensor {
  const B = positions.shape[0]!;
  const first = tf.mul(tf.reshape(tf.range(0, B * H, 1, "int32"), [B, H]), tf.scalar(length, "int32"));
  return tf.reshape(tf.add(first, tf.expandDims(positions, 1)), [B * H]); // [B H]
}

/**
 * Writes each row's new keys or values at the row's position, in place.
 *
 * @param buffer [B H T, K]: from `newCacheBuffer`, read nowhere else in the step
 * @param places [B H] int32, from `cachePlaces`
 * @param values [B, H, 1, K]
 * @returns the buffer after the write
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const buffer = newCacheBuffer({ rows: 2, heads: 1, length: 3, width: 1 });
 * const places = cachePlaces(tf.tensor1d([0, 2], "int32"), { heads: 1, length: 3 });
 * appendToCache(buffer, places, tf.tensor4d([7, 8], [2, 1, 1, 1]));
 * assertEquals([...buffer.dataSync()], [7, 0, 0, 0, 0, 8]);
 * ```
 */
export function appendToCache(buffer: Tensor, places: Tensor, values: Tensor): Tensor {
  const [B, H, , K] = values.shape as [number, number, number, number];
  return writeRows(buffer, places, tf.reshape(values, [B * H, K]));
}

/**
 * A new buffer, all zero, that shares its memory with nothing.
 *
 * @param rows B @param heads H @param length T @param width K
 * @returns [B H T, K] float32; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { newCacheBuffer } from "./kv_cache.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const buffer = newCacheBuffer({ rows: 2, heads: 3, length: 4, width: 5 });
 * assertEquals(buffer.shape, [24, 5]);
 * buffer.dispose();
 * ```
 */
export function newCacheBuffer(
  { rows, heads, length, width }: { rows: number; heads: number; length: number; width: number },
): Tensor {
  return tf.tidy(() => tf.fill([rows * heads * length, width], 0)); // tfjs leaves what a failing fill is made of
}

/**
 * A longer buffer with the same contents, zero behind them; frees the old one.
 *
 * @param buffer [B H S, K] @param rows B @param heads H @param length T of the new buffer, at least S
 * @returns [B H T, K] float32, sharing its memory with nothing; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { growCacheBuffer } from "./kv_cache.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const buffer = growCacheBuffer(tf.tensor2d([[1], [2]]), { rows: 1, heads: 2, length: 2 });
 * assertEquals([...buffer.dataSync()], [1, 0, 2, 0]);
 * buffer.dispose();
 * ```
 */
export function growCacheBuffer(
  buffer: Tensor,
  { rows, heads, length }: { rows: number; heads: number; length: number },
): Tensor {
  const [all, width] = buffer.shape as [number, number];
  const old = all / (rows * heads);
  const longer = tf.tidy(() => {
    const byHead = tf.reshape(buffer, [rows * heads, old, width]) as tf.Tensor3D;
    return tf.reshape(tf.pad(byHead, [[0, 0], [0, length - old], [0, 0]]), [rows * heads * length, width]); // [B H T, K]
  });
  buffer.dispose();
  return longer;
}

/**
 * A buffer of some of the rows, the first of them again where there are fewer than `to`; frees the old one.
 *
 * @param buffer [B G T, K] @param kept numbers of rows @param rows B @param to rows of the new buffer
 * @returns [to G T, K] float32, sharing its memory with nothing; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const buffer = keepCacheRows(tf.tensor2d([[1], [2], [3]]), { kept: [2], rows: 3, to: 2 });
 * assertEquals([...buffer.dataSync()], [3, 3]);
 * buffer.dispose();
 * ```
 */
export function keepCacheRows(
  buffer: Tensor,
  { kept, rows, to }: { kept: readonly number[]; rows: number; to: number },
): Tensor {
  const [all, width] = buffer.shape as [number, number];
  const picked = tf.tidy(() => {
    const numbers = tf.tensor1d(Int32Array.from({ length: to }, (_, i) => kept[i] ?? kept[0]!), "int32");
    const byRow = tf.gather(tf.reshape(buffer, [rows, all / rows * width]), numbers); // [to, G T K]
    return tf.reshape(byRow, [all / rows * to, width]); // [to G T, K]
  });
  buffer.dispose();
  return picked;
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
