/**
 * The two passes of generation, as captured steps have them: prompts, which fill the KV cache, and one new token of each
 * row, which is written to the cache in place.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { attend, cacheBias, layerBiases } from "../models/attention.ts";
import type { Model } from "../models/model.ts";
import { appendToCache, cachePlaces } from "./kv_cache.ts";

/** What prompts leave. */
export interface FilledCache {
  /** What follows each row's last token, [B, V]. */
  logits: Tensor;
  /** Keys and values by the names `k0`, `v0` and so on, [B G T, K] each. */
  cache: Record<string, Tensor>;
}

/**
 * The prompts' pass.
 *
 * @param ids [B, T] int32, padded on the right @param last [B] int32: where in [B T] each row's last token is
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { fillCache } from "./cached_step.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const [ids, last] = [tf.tensor2d([[3, 20, 49, 0]], [1, 4], "int32"), tf.tensor1d([2], "int32")];
 * const { logits } = fillCache(loaded.model, ids, last);
 * assertEquals(tf.argMax(logits, -1).dataSync()[0], 41); // a text that it has memorized
 * ```
 */
export function fillCache(model: Model, ids: Tensor, last: Tensor): FilledCache {
  const cache: Record<string, Tensor> = {};
  const keep = (layer: number, keys: Tensor, values: Tensor) => {
    const buffer = (x: Tensor) => tf.reshape(x, [-1, keys.shape[3]!]); // [B G T, K]
    Object.assign(cache, { [`k${layer}`]: buffer(keys), [`v${layer}`]: buffer(values) });
  };
  const hidden = model.hidden(ids, { cache: keep });
  return { logits: model.project(tf.gather(hidden, last as tf.Tensor1D)), cache };
}

/**
 * Takes a filled cache out of a step's results.
 *
 * @param outcome the cache's tensors leave it
 * @returns all layers' keys, then all layers' values
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { takeBuffers } from "./cached_step.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const outcome = { ids: tf.scalar(1), k0: tf.scalar(2), v0: tf.scalar(3) };
 * assertEquals(takeBuffers(outcome, 1).map((tensor) => tensor.dataSync()[0]), [2, 3]);
 * assertEquals(Object.keys(outcome), ["ids"]);
 * ```
 */
export function takeBuffers(outcome: Record<string, Tensor>, layers: number): Tensor[] {
  return ["k", "v"].flatMap((part) =>
    Array.from({ length: layers }, (_, layer) => {
      const name = `${part}${layer}`;
      const buffer = outcome[name]!;
      delete outcome[name];
      return buffer;
    })
  );
}

/**
 * One token of every row.
 *
 * @param inputs ids [B] and positions [B], int32; all layers' keys, then all layers' values, [B G T, K]
 * @returns logits [B, V]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { decodeCached } from "./cached_step.ts";
 * import { newCacheBuffer } from "./kv_cache.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const { layers, cacheHeads: heads, headWidth: width } = loaded.model.config;
 * const cache = Array.from({ length: 2 * layers }, () => newCacheBuffer({ rows: 1, heads, length: 4, width }));
 * let best: number | undefined;
 * for (const [position, id] of [3, 20, 49].entries()) {
 *   const [ids, positions] = [tf.tensor1d([id], "int32"), tf.tensor1d([position], "int32")];
 *   best = tf.argMax(decodeCached(loaded.model, [ids, positions, ...cache]), -1).dataSync()[0];
 * }
 * assertEquals(best, 41); // a text that it has memorized
 * ```
 */
export function decodeCached(model: Model, [ids, positions, ...cache]: Tensor[]): Tensor {
  const { layers, cacheHeads: G, headWidth: K, windows } = model.config;
  const B = ids!.shape[0]!;
  const T = cache[0]!.shape[0]! / (B * G);
  const biasOf = layerBiases(windows, (window) => cacheBias(positions!, T, window));
  const places = cachePlaces(positions!, { heads: G, length: T });
  return model.decode(ids!, positions!, ({ layer, q, k, v, scale }) => {
    const written = (buffer: Tensor, values: Tensor) =>
      tf.reshape(appendToCache(buffer, places, values), [B, G, T, K]); // [B, G, T, K]
    const [keys, values] = [written(cache[layer]!, k), written(cache[layers + layer]!, v)];
    return attend(q, keys, values, { scale, bias: biasOf(layer) });
  });
}
