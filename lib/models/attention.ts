/**
 * Scaled dot-product attention in two forms that give the same numbers: over a whole sequence under a causal mask,
 * and for one new position of each row over a cache.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { AttentionWindows } from "./architecture.ts";

/** Added to scores that must not count; finite, so that a row without any key stays finite. */
export const MASKED = -1e9;

/**
 * 0 where position t may attend to s (s <= t, and within its window t - window < s), a large negative number elsewhere.
 *
 * @param window how many positions each may see, its own included. Default: all before it
 * @returns [T, T] float32; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(Array.from(causalBias(2).dataSync(), (value) => value < 0), [false, true, false, false]);
 * assertEquals(Array.from(causalBias(2, 1).dataSync(), (value) => value < 0), [false, true, true, false]);
 * ```
 */
export function causalBias(length: number, window?: number): Tensor {
  return tf.tidy(() => {
    const positions = tf.range(0, length, 1, "int32");
    return hiddenBias(tf.expandDims(positions, 1), tf.expandDims(positions, 0), window); // [T, T]
  });
}

/**
 * 0 where a query may attend to a key, a large negative number where the key comes after it or before its window.
 *
 * @param queries positions, int32 @param keys positions, int32, broadcastable with the queries'
 * @param window see `causalBias`
 * @returns float32 of their common shape
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const bias = hiddenBias(tf.scalar(2, "int32"), tf.range(0, 4, 1, "int32"), 2);
 * assertEquals(Array.from(bias.dataSync(), (value) => value === 0), [false, true, true, false]);
 * ```
 */
export function hiddenBias(queries: Tensor, keys: Tensor, window?: number): Tensor {
  const future = tf.less(queries, keys);
  const hidden = window === undefined
    ? future
    : tf.logicalOr(future, tf.lessEqual(keys, tf.sub(queries, tf.scalar(window, "int32"))));
  return tf.mul(tf.cast(hidden, "float32"), MASKED);
}

/**
 * The biases of layers by their windows; those of one window are one tensor.
 *
 * @param windows of each layer, null where it sees everything. Default: all layers do
 * @param make a bias of a window, or of undefined for layers that see everything
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const bias = layerBiases([3, null, 3], (window) => tf.scalar(window ?? 0));
 * assertEquals([bias(0) === bias(2), bias(0) === bias(1)], [true, false]);
 * ```
 */
export function layerBiases(
  windows: AttentionWindows | undefined,
  make: (window: number | undefined) => Tensor,
): (layer: number) => Tensor {
  const made = new Map([...new Set(windows ?? [null])].map((window) => [window, make(window ?? undefined)]));
  return (layer) => made.get(windows?.[layer] ?? null)!;
}

/**
 * 0 where a cache position has been written (s <= position of the row) and is within the row's window, a large negative
 * number elsewhere.
 *
 * @param positions [B] int32 @param window see `causalBias`
 * @returns [B, 1, 1, T] float32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const bias = cacheBias(tf.tensor1d([1], "int32"), 3);
 * assertEquals([bias.shape, [...bias.dataSync()].map((value) => value === 0)], [[1, 1, 1, 3], [true, true, false]]);
 * ```
 */
export function cacheBias(positions: Tensor, length: number, window?: number): Tensor {
  const range = tf.reshape(tf.range(0, length, 1, "int32"), [1, 1, 1, length]);
  return hiddenBias(tf.reshape(positions, [-1, 1, 1, 1]), range, window); // [B, 1, 1, T]
}

/**
 * softmax(q k^T scale + bias) v. With fewer heads in keys and values, G, each serves H / G neighbouring heads of
 * queries, which are one product.
 *
 * @param q [B, H, T, K] @param k [B, G, S, K] @param v [B, G, S, K]
 * @param bias broadcastable to [B, H, T, S]
 * @returns [B, H, T, K]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.ones([1, 1, 2, 3]); // equal values mix to themselves
 * const mixed = attend(x, x, x, { scale: 0.5, bias: causalBias(2) });
 * assertEquals([mixed.shape, mixed.dataSync()[0]], [[1, 1, 2, 3], 1]);
 * ```
 */
export function attend(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { scale, bias }: { scale: number; bias: Tensor },
): Tensor {
  const [B, H, T, K] = q.shape as [number, number, number, number];
  const [, G, S] = k.shape as [number, number, number];
  const grouped = (x: Tensor, width: number) => tf.reshape(x, [B, G, H / G * T, width]);
  const products = tf.matMul(grouped(tf.mul(q, scale), K), k, false, true); // [B, G, H / G T, S]
  const scores = tf.add(tf.reshape(products, [B, H, T, S]), bias); // [B, H, T, S]
  return tf.reshape(tf.matMul(grouped(tf.softmax(scores), S), v), [B, H, T, K]);
}

/**
 * `attend` under the causal mask, some queries at a time with the keys that they may see: of all scores little more than
 * half are computed. Worth it where a GPU waits for their memory.
 *
 * @param q [B, H, T, K] @param k [B, G, T, K] @param v [B, G, T, K]
 * @param bias [T, T], from `causalBias`
 * @param size queries at a time
 * @returns [B, H, T, K]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [x, v] = [tf.zeros([1, 1, 4, 1]), tf.tensor4d([1, 3, 5, 7], [1, 1, 4, 1])]; // equal scores: means so far
 * const mixed = attendInBlocks({ q: x, k: x, v }, { scale: 1, bias: causalBias(4), size: 2 });
 * assertEquals([...mixed.dataSync()], [1, 2, 3, 4]);
 * ```
 */
export function attendInBlocks(
  { q, k, v }: Record<"q" | "k" | "v", Tensor>,
  { scale, bias, size }: { scale: number; bias: Tensor; size: number },
): Tensor {
  const [B, H, T, K] = q.shape as [number, number, number, number];
  const G = k.shape[1]!;
  const parts: Tensor[] = [];
  for (let first = 0; first < T; first += size) {
    const end = Math.min(T, first + size);
    const queries = tf.slice(q, [0, 0, first, 0], [B, H, end - first, K]);
    const seen = (x: Tensor) => tf.slice(x, [0, 0, 0, 0], [B, G, end, K]);
    const visible = tf.slice(bias, [first, 0], [end - first, end]);
    parts.push(attend(queries, seen(k), seen(v), { scale, bias: visible }));
  }
  return tf.concat(parts, 2);
}

/**
 * [B T, H K] to [B, H, T, K].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.tensor2d([[1, 2], [3, 4]]); // two positions, two heads of width 1
 * assertEquals([...splitHeads(x, [1, 2, 2, 1]).dataSync()], [1, 3, 2, 4]);
 * ```
 */
export function splitHeads(x: Tensor, [B, T, H, K]: readonly [number, number, number, number]): Tensor {
  return tf.transpose(tf.reshape(x, [B, T, H, K]), [0, 2, 1, 3]); // [B, H, T, K]
}

/**
 * Queries, keys and values of a product that holds them head by head: [B T, H 3 K] to three of [B, H, T, K].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.tensor2d([[1, 2, 3, 4, 5, 6]]); // two heads of width 1
 * const { q, v } = splitFusedHeads(x, [1, 1, 2, 1]);
 * assertEquals([[...q.dataSync()], [...v.dataSync()]], [[1, 4], [3, 6]]);
 * ```
 */
export function splitFusedHeads(
  x: Tensor,
  [B, T, H, K]: readonly [number, number, number, number],
): Record<"q" | "k" | "v", Tensor> {
  const [q, k, v] = tf.split(splitHeads(x, [B, T, H, 3 * K]), 3, -1) as [Tensor, Tensor, Tensor];
  return { q, k, v };
}

/**
 * [B, H, T, K] to [B T, H K].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.tensor2d([[1, 2], [3, 4]]);
 * assertEquals([...mergeHeads(splitHeads(x, [1, 2, 2, 1])).dataSync()], [1, 2, 3, 4]);
 * ```
 */
export function mergeHeads(x: Tensor): Tensor {
  const [B, H, T, K] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B * T, H * K]); // [B T, H K]
}

/**
 * Root mean square normalization over the last axis.
 *
 * @param x [N, D] @param gain [D]
 * @returns [N, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const result = rmsNorm(tf.tensor2d([[7, 1]]), tf.tensor1d([5, 10]), 1e-12);
 * assertEquals([...result.dataSync()].map(Math.round), [7, 2]);
 * ```
 */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon: number): Tensor {
  const meanSquare = tf.mean(tf.square(x), -1, true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), gain);
}

/**
 * Layer normalization over the last axis.
 *
 * @param x [N, D] @param gain [D] @param bias [D]
 * @returns [N, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const result = layerNorm(tf.tensor2d([[1, 3]]), tf.ones([2]), tf.tensor1d([0, 10]), 1e-12);
 * assertEquals([...result.dataSync()].map(Math.round), [-1, 11]);
 * ```
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), gain), bias);
}
