/**
 * Attention of known continuations of known texts, all positions at once: each attends to its text's keys, which all
 * continuations of the text share, and to the continuation's own before it. One softmax over both.
 *
 * Positions are a batch of N texts with R continuations of S tokens each; M = N R S, text by text.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { AttentionFunction, AttentionWindows } from "../models/architecture.ts";
import { causalBias, layerBiases, MASKED } from "../models/attention.ts";

/** The texts' caches and the continuations' sizes. */
export interface SuffixTexts {
  /** Each layer's keys, [N, G, P, K]. */
  keys: readonly Tensor[];
  /** Each layer's values. */
  values: readonly Tensor[];
  /** [N] int32: how many positions of each text may be attended to, from none on. */
  lengths: Tensor;
  /** R */
  rows: number;
  /** S */
  tokens: number;
  /** Of the model's layers. */
  windows?: AttentionWindows | undefined;
}

/**
 * The attention of all positions, for `Model.decode` with each position as a row of its own.
 *
 * @returns from q of [M, H, 1, K], k and v of [M, G, 1, K] to [M, H, 1, K]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { suffixAttention } from "./suffix_attention.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const column = (values: number[]) => tf.reshape(tf.tensor1d(values), [-1, 1, 1, 1]);
 * const texts = { keys: [tf.zeros([1, 1, 2, 1])], values: [tf.fill([1, 1, 2, 1], 3)], lengths: tf.tensor1d([1], "int32") };
 * const attention = suffixAttention({ ...texts, rows: 1, tokens: 2 });
 * const mixed = attention({ layer: 0, q: column([0, 0]), k: column([0, 0]), v: column([9, 0]), scale: 1 });
 * assertEquals([...mixed.dataSync()], [6, 4]); // means of one text position and the own ones so far
 * ```
 */
export function suffixAttention(
  { keys, values, lengths, rows: R, tokens: S, windows }: SuffixTexts,
): AttentionFunction {
  const [N, G, P, K] = keys[0]!.shape as [number, number, number, number];
  const B = N * R;
  const places = tf.reshape(tf.range(0, P, 1, "int32"), [1, P]);
  const after = tf.greaterEqual(places, tf.reshape(lengths, [N, 1])); // [N, P]
  const textBias = layerBiases(windows, (window) => {
    if (window === undefined) return tf.reshape(tf.mul(tf.cast(after, "float32"), MASKED), [N, 1, 1, P]);
    const own = tf.add(tf.reshape(lengths, [N, 1, 1]), tf.reshape(tf.range(0, S, 1, "int32"), [1, S, 1])); // [N, S, 1]
    const before = tf.lessEqual(tf.reshape(places, [1, 1, P]), tf.sub(own, tf.scalar(window, "int32"))); // [N, S, P]
    const hidden = tf.logicalOr(before, tf.reshape(after, [N, 1, P]));
    const bias = tf.reshape(tf.mul(tf.cast(hidden, "float32"), MASKED), [N, 1, S, P]);
    return tf.tile(bias, [1, 1, R, 1]); // [N, 1, R S, P]
  });
  const ownBias = layerBiases(windows, (window) => causalBias(S, window)); // [S, S]
  return ({ layer, q, k, v, scale }) => {
    const H = q.shape[1]!;
    const own = (x: Tensor, heads: number) => tf.transpose(tf.reshape(x, [B, S, heads, K]), [0, 2, 1, 3]); // [B, heads, S, K]
    const queries = tf.reshape(own(tf.mul(q, scale), H), [B * G, H / G * S, K]);
    const [ownKeys, ownValues] = [k, v].map((x) => tf.reshape(own(x, G), [B * G, S, K])) as [Tensor, Tensor];
    const ofText = (x: Tensor) => tf.reshape(x, [N * G, P, K]);
    // heads before continuations, so that those of a text are one product with its keys
    const byText = (x: Tensor, width: number) =>
      tf.reshape(
        tf.transpose(tf.reshape(x, [N, R, H, S, width]), [0, 2, 1, 3, 4]),
        [N * G, H / G * R * S, width],
      );
    const byRow = (x: Tensor, width: number) =>
      tf.reshape(
        tf.transpose(tf.reshape(x, [N, H, R, S, width]), [0, 2, 1, 3, 4]),
        [B, H, S, width],
      );
    const toText = product(byText(queries, K), ofText(keys[layer]!), true); // [N G, H / G R S, P]
    const textScores = byRow(tf.add(tf.reshape(toText, [N, H, R * S, P]), textBias(layer)), P); // [B, H, S, P]
    const toOwn = product(queries, ownKeys, true); // [B G, H / G S, S]
    const ownScores = tf.add(tf.reshape(toOwn, [B, H, S, S]), ownBias(layer)); // [B, H, S, S]
    const weights = tf.softmax(tf.concat([textScores, ownScores], -1)); // [B, H, S, P + S]
    const part = (from: number, width: number) =>
      tf.slice(weights, [0, 0, 0, from], [B, H, S, width]) as Tensor;
    const fromText = product(byText(part(0, P), P), ofText(values[layer]!)); // [N G, H / G R S, K]
    const fromOwn = product(tf.reshape(part(P, S), [B * G, H / G * S, S]), ownValues); // [B G, H / G S, K]
    const mixed = tf.add(byRow(fromText, K), tf.reshape(fromOwn, [B, H, S, K])); // [B, H, S, K]
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B * S, H, 1, K]); // [M, H, 1, K]
  };
}

function product(a: Tensor, b: Tensor, transposeB = false): Tensor {
  return tf.matMul(a as tf.Tensor3D, b as tf.Tensor3D, false, transposeB);
}
