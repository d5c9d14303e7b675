/**
 * Attention of continuations that branch off from known texts: a row attends to its text's keys before the branch, which
 * all rows of the text share, and to the keys of its own new tokens. So no row copies its text's cache, and the shared
 * part is one product for all rows of a text. Each part has a softmax of its own; both are put together by their
 * maxima and sums.
 *
 * Rows are a batch of N texts with R rows each, text by text; B = N R. All rows take their steps together, so the own
 * caches are written at one position.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { AttentionFunction, AttentionWindows } from "../models/architecture.ts";
import { cacheBias, layerBiases, MASKED } from "../models/attention.ts";
import { appendToCache, cachePlaces } from "./kv_cache.ts";

/** The caches of a batch of branches. */
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
 * @param windows of the model's layers
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
export function branchAttention(
  cache: BranchCache,
  { starts, steps }: BranchRows,
  windows?: AttentionWindows,
): AttentionFunction {
  const [N, G, T, K] = cache.textKeys[0]!.shape as [number, number, number, number];
  const B = starts.shape[0]!;
  const R = B / N;
  const range = tf.reshape(tf.range(0, T, 1, "int32"), [1, 1, T]);
  const textBias = layerBiases(windows, (window) => {
    const after = tf.greaterEqual(range, tf.reshape(starts, [N, R, 1])); // [N, R, T]
    const first = window === undefined ? null : tf.sub(tf.add(starts, steps), tf.scalar(window - 1, "int32"));
    const hidden = first ? tf.logicalOr(after, tf.less(range, tf.reshape(first, [N, R, 1]))) : after;
    return tf.reshape(tf.mul(tf.cast(hidden, "float32"), MASKED), [N, 1, R, T]);
  });
  const S = cache.ownKeys[0]!.shape[0]! / (B * G);
  const ownBias = layerBiases(windows, (window) => cacheBias(steps, S, window)); // [B, 1, 1, S]
  const places = cachePlaces(steps, { heads: G, length: S }); // [B G]
  return ({ layer, q, k, v, scale }) => {
    const H = q.shape[1]!;
    const scaled = tf.mul(q, scale);
    // three dimensions, not four: TensorFlow's product of many small matrices is a quarter faster on them
    const ownKeys = tf.reshape(appendToCache(cache.ownKeys[layer]!, places, k), [B * G, S, K]); // [B G, S, K]
    const ownValues = tf.reshape(appendToCache(cache.ownValues[layer]!, places, v), [B * G, S, K]); // [B G, S, K]
    const ownScores = product(tf.reshape(scaled, [B * G, H / G, K]), ownKeys, true); // [B G, H / G, S]
    const own = partOf(tf.add(tf.reshape(ownScores, [B, H, 1, S]), ownBias(layer))); // [B, H, 1, S]
    const fromOwn = product(tf.reshape(own.weights, [B * G, H / G, S]), ownValues); // [B G, H / G, K]
    const byText = tf.transpose(tf.reshape(scaled, [N, R, H, K]), [0, 2, 1, 3]); // [N, H, R, K]
    const ofText = (x: Tensor) => tf.reshape(x, [N * G, T, K]); // [N G, T, K]
    const textScores = product(
      tf.reshape(byText, [N * G, H / G * R, K]),
      ofText(cache.textKeys[layer]!),
      true,
    ); // [N G, H / G R, T]
    const text = partOf(tf.add(tf.reshape(textScores, [N, H, R, T]), textBias(layer))); // [N, H, R, T]
    const fromText = product(
      tf.reshape(text.weights, [N * G, H / G * R, T]),
      ofText(cache.textValues[layer]!),
    ); // [N G, H / G R, K]
    const byRow = (x: Tensor, width: number) => tf.transpose(tf.reshape(x, [N, H, R, width]), [0, 2, 1, 3]);
    const inGrid = (x: Tensor, width: number) => tf.reshape(x, [N, R, H, width]); // [N, R, H, .]
    const mixed = mergeParts(
      { largest: inGrid(own.largest, 1), sum: inGrid(own.sum, 1), mixed: inGrid(fromOwn, K) },
      { largest: byRow(text.largest, 1), sum: byRow(text.sum, 1), mixed: byRow(fromText, K) },
    ); // [N, R, H, K]
    return tf.reshape(mixed, [B, H, 1, K]);
  };
}

/** What is left of a softmax over a part of the keys, to be put together with another part's; [..., 1] each but `mixed`. */
interface Part {
  /** The largest score. */
  largest: Tensor;
  /** Sum of exp(score - largest). */
  sum: Tensor;
  /** Sum of exp(score - largest) times value, [..., K]. */
  mixed: Tensor;
}

/** A part's softmax but for the division: the two parts of a row stand in different orders, so they are not joined. */
function partOf(scores: Tensor): Omit<Part, "mixed"> & { weights: Tensor } {
  const largest = tf.max(scores, -1, true);
  const weights = tf.exp(tf.sub(scores, largest));
  return { largest, weights, sum: tf.sum(weights, -1, true) };
}

/** The mean of both parts' values as one softmax over all keys gives it. */
function mergeParts(a: Part, b: Part): Tensor {
  const largest = tf.maximum(a.largest, b.largest);
  const [shareA, shareB] = [a, b].map((part) => tf.exp(tf.sub(part.largest, largest))) as [Tensor, Tensor];
  const sum = tf.add(tf.mul(a.sum, shareA), tf.mul(b.sum, shareB));
  return tf.add(tf.mul(a.mixed, tf.div(shareA, sum)), tf.mul(b.mixed, tf.div(shareB, sum)));
}

function product(a: Tensor, b: Tensor, transposeB = false): Tensor {
  return tf.matMul(a as tf.Tensor3D, b as tf.Tensor3D, false, transposeB);
}
