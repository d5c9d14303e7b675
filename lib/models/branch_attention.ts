/**
 * Attention of continuations that branch off from known texts: a row attends to its text's keys before the branch, which
 * all rows of the text share, and to the keys of its own new tokens. So no row copies its text's cache, and the shared
 * part is one product for all rows of a text.
 *
 * Rows are a grid of N texts with R rows each, text by text; B = N R. All rows take their steps together, so the own
 * caches are written at one position.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { AttentionFunction } from "./architecture.ts";
import { cacheBias, MASKED } from "./attention.ts";
import { appendToCache } from "./kv_cache.ts";

/** The caches of a grid of branches. */
export interface BranchCache {
  /** Each layer's keys of the texts, [N, G, T, K]. */
  textKeys: readonly Tensor[];
  /** Each layer's values of the texts. */
  textValues: readonly Tensor[];
  /** Each layer's keys of the new tokens, [B G S, K]; written in place. */
  ownKeys: readonly Tensor[];
  /** Each layer's values of the new tokens. */
  ownValues: readonly Tensor[];
}

/** Where the rows are. */
export interface BranchRows {
  /** [B] int32: the position of each row's first new token; it attends to its text before that. */
  starts: Tensor;
  /** [B] int32: how many new tokens came before; equal for all rows, below S. */
  steps: Tensor;
}

/**
 * The attention of one new token of every row.
 *
 * @returns for `Model.decode`: from q of [B, H, 1, K], k and v of [B, G, 1, K] to [B, H, 1, K]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { newCacheBuffer } from "./kv_cache.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const own = () => [newCacheBuffer({ rows: 1, heads: 1, length: 1, width: 1 })];
 * const cache = { textKeys: [tf.zeros([1, 1, 2, 1])], textValues: [tf.fill([1, 1, 2, 1], 3)], ownKeys: own(), ownValues: own() };
 * const one = (value: number) => tf.tensor1d([value], "int32");
 * const attention = branchAttention(cache, { starts: one(1), steps: one(0) });
 * const [zero, nine] = [tf.zeros([1, 1, 1, 1]), tf.fill([1, 1, 1, 1], 9)];
 * const mixed = attention({ layer: 0, q: zero, k: zero, v: nine, scale: 1 });
 * assertEquals(mixed.dataSync()[0], 6); // the mean of one text position and its own
 * ```
 */
export function branchAttention(cache: BranchCache, { starts, steps }: BranchRows): AttentionFunction {
  const [N, , T] = cache.textKeys[0]!.shape as [number, number, number];
  const B = starts.shape[0]!;
  const R = B / N;
  const range = tf.reshape(tf.range(0, T, 1, "int32"), [1, 1, 1, T]);
  const after = tf.greaterEqual(range, tf.reshape(starts, [N, 1, R, 1])); // [N, 1, R, T]
  const textBias = tf.mul(tf.cast(after, "float32"), MASKED);
  return ({ layer, q, k, v, scale }) => {
    const [, H, , K] = q.shape as [number, number, number, number];
    const G = k.shape[1]!;
    const S = cache.ownKeys[layer]!.shape[0]! / (B * G);
    const byText = (x: Tensor, width: number) => tf.transpose(tf.reshape(x, [N, R, H, width]), [0, 2, 1, 3]); // [N, H, R, .]
    const byRow = (x: Tensor, width: number) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B, H, 1, width]); // [B, H, 1, .]
    const scaled = tf.mul(q, scale);
    // three dimensions, not four: TensorFlow's product of many small matrices is a quarter faster on them
    const keys = tf.reshape(appendToCache(cache.ownKeys[layer]!, steps, k), [B * G, S, K]); // [B G, S, K]
    const values = tf.reshape(appendToCache(cache.ownValues[layer]!, steps, v), [B * G, S, K]); // [B G, S, K]
    const byGroup = (x: Tensor, width: number) => tf.reshape(x, [B * G, H / G, width]); // [B G, H / G, .]
    const ownScores = tf.matMul(byGroup(scaled, K), keys, false, true); // [B G, H / G, S]
    const own = tf.add(tf.reshape(ownScores, [B, H, 1, S]), cacheBias(steps, S)); // [B, H, 1, S]
    const ofText = (x: Tensor, width: number) => tf.reshape(x, [N, G, H / G * R, width]); // [N, G, H / G R, .]
    const textScores = tf.matMul(ofText(byText(scaled, K), K), cache.textKeys[layer]!, false, true);
    const text = tf.add(tf.reshape(textScores, [N, H, R, T]), textBias); // [N, H, R, T]
    const weights = tf.softmax(tf.concat([text, byText(own, S)], -1)); // [N, H, R, T + S]
    const [textWeights, ownWeights] = tf.split(weights, [T, S], -1) as [Tensor, Tensor];
    const mixed = tf.matMul(ofText(textWeights, T), cache.textValues[layer]!); // [N, G, H / G R, K]
    const fromText = byRow(tf.reshape(mixed, [N, H, R, K]), K);
    const fromOwn = tf.matMul(byGroup(byRow(ownWeights, S), S), values); // [B G, H / G, K]
    return tf.add(fromText, tf.reshape(fromOwn, [B, H, 1, K])); // [B, H, 1, K]
  };
}
