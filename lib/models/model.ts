/**
 * A language model in memory: configuration, weights, and the two ways of running it, over whole sequences and one
 * position at a time over a KV cache.
 *
 * The functions are pure tensor maths that a step can capture; whoever calls them in eager mode wraps them in
 * `tf.tidy`. Sequences are padded on the right: under the causal mask a row's results do not depend on its padding.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Architecture, ModelConfig, Weights } from "./architecture.ts";
import { attend, cacheBias, causalBias } from "./attention.ts";
import { appendToCache, type CacheTensors } from "./kv_cache.ts";

/** What makes a model. */
export interface ModelParts {
  /** The family's maths. */
  architecture: Architecture;
  /** Its sizes. */
  config: ModelConfig;
  /** Its weights; the model owns them. */
  weights: Weights;
}

/** A language model; `using` frees its weights. */
export class Model implements Disposable {
  /** The sizes. */
  readonly config: ModelConfig;
  /** The weights by name, float32. */
  readonly weights: Weights;
  readonly #architecture: Architecture;

  /** Takes over the weights. */
  constructor({ architecture, config, weights }: ModelParts) {
    this.#architecture = architecture;
    this.config = config;
    this.weights = weights;
  }

  /** How many numbers the weights are. */
  get parameterCount(): number {
    return Object.values(this.weights).reduce((sum, weight) => sum + weight.size, 0);
  }

  /**
   * Hidden states of whole sequences under the causal mask.
   *
   * @param ids [B, T] int32
   * @param cache is given each layer's keys and values, [B, H, T, K]
   * @returns [B T, D]
   */
  hidden(ids: Tensor, cache?: (layer: number, keys: Tensor, values: Tensor) => void): Tensor {
    const length = ids.shape[1]!;
    if (length > this.config.maxPositions) {
      throw new RangeError(`Cannot run ${length} positions as the model has ${this.config.maxPositions}`);
    }
    const bias = causalBias(length);
    const positions = tf.expandDims(tf.range(0, length, 1, "int32"), 0); // [1, T]
    return this.#architecture.hidden(
      this.weights,
      this.config,
      ids,
      positions,
      ({ layer, q, k, v, scale }) => {
        cache?.(layer, k, v);
        return attend(q, k, v, { scale, bias });
      },
    );
  }

  /** Logits of hidden states: [N, D] to [N, V]. */
  project(hidden: Tensor): Tensor {
    return this.#architecture.logits(this.weights, this.config, hidden);
  }

  /**
   * Logits of whole sequences.
   *
   * @param ids [B, T] int32
   * @returns [B, T, V] float32
   */
  logits(ids: Tensor): Tensor {
    const [B, T] = ids.shape as [number, number];
    return tf.reshape(this.project(this.hidden(ids)), [B, T, this.config.vocabularySize]); // [B, T, V]
  }

  /**
   * Logits of one new token in each row; its keys and values are written into the cache in place.
   *
   * @param ids [B] int32 @param positions [B] int32, each below the cache's length (not checked here)
   * @returns [B, V]
   */
  decode(ids: Tensor, positions: Tensor, cache: CacheTensors): Tensor {
    const { cacheHeads: H, headWidth: K } = this.config;
    const B = ids.shape[0]!;
    const length = cache.keys[0]!.shape[0]! / (B * H);
    const bias = cacheBias(positions, length);
    const column = tf.expandDims(positions, 1); // [B, 1]
    const hidden = this.#architecture.hidden(
      this.weights,
      this.config,
      tf.expandDims(ids, 1),
      column,
      ({ layer, q, k, v, scale }) => {
        const keys = appendToCache(cache.keys[layer]!, positions, k);
        const values = appendToCache(cache.values[layer]!, positions, v);
        const all = (rows: Tensor) => tf.reshape(rows, [B, H, length, K]); // [B, H, S, K]
        return attend(q, all(keys), all(values), { scale, bias });
      },
    );
    return this.project(hidden);
  }

  /** Frees the weights. */
  [Symbol.dispose](): void {
    tf.dispose(Object.values(this.weights));
  }
}
