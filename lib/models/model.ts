/**
 * A language model in memory: configuration, weights, and the two ways of running it, over whole sequences and one
 * position at a time over a KV cache.
 *
 * The functions are pure tensor maths that a step can capture; whoever calls them in eager mode wraps them in
 * `tf.tidy`. Sequences are padded on the right: under the causal mask a row's results do not depend on its padding.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Products } from "../engine/compile.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import type { Architecture, AttentionFunction, ModelConfig, Weights } from "./architecture.ts";
import { attend, attendInBlocks, causalBias } from "./attention.ts";
import { ropeAngles } from "./rope.ts";

/** Queries that a GPU takes at a time, of texts of at least twice as many. */
const ATTENTION_BLOCK = 128;

/** What makes a model. */
export interface ModelParts {
  /** The family's maths. */
  architecture: Architecture;
  /** Its sizes. */
  config: ModelConfig;
  /** Its weights; the model owns them. */
  weights: Weights;
  /** What matrix products are to be computed in. Default "float32". */
  products?: Products;
  /** What messages call it, such as its folder. Default "new model". */
  name?: string;
}

/**
 * A language model; `using` frees its weights.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const logits = tf.tidy(() => loaded.model.logits(tf.tensor2d([[1, 2, 3]], [1, 3], "int32")));
 * assertEquals(logits.shape, [1, 3, loaded.model.config.vocabularySize]);
 * ```
 */
export class Model implements Disposable {
  /** The sizes. */
  readonly config: ModelConfig;
  /** The weights by name, float32 for tfjs. */
  readonly weights: Weights;
  /** What captured steps are to compute matrix products in. */
  readonly products: Products;
  /** What messages call it: its folder or file. */
  readonly name: string;
  readonly #architecture: Architecture;

  /** Takes over the weights. */
  constructor({ architecture, config, weights, products = "float32", name = "new model" }: ModelParts) {
    this.#architecture = architecture;
    this.config = config;
    this.weights = weights;
    this.products = products;
    this.name = name;
  }

  /** Its class in transformers. */
  get className(): string {
    return this.#architecture.className;
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
    const size = gpuMemory() === null ? length : ATTENTION_BLOCK;
    return this.#layers(ids, positions, ({ layer, q, k, v, scale }) => {
      cache?.(layer, k, v);
      if (length < 2 * size) return attend(q, k, v, { scale, bias });
      return attendInBlocks({ q, k, v }, { scale, bias, size });
    });
  }

  /** Hidden states after the last norm: [B, T] to [B T, D]. */
  #layers(ids: Tensor, positions: Tensor, attention: AttentionFunction): Tensor {
    const { weights, config } = this;
    const family = this.#architecture;
    const rope = family.rope?.(config);
    const angles = rope ? ropeAngles(positions, rope) : null;
    const shape = ids.shape as [number, number];
    let x = family.embed(weights, config, ids, positions); // [B T, D]
    for (let layer = 0; layer < config.layers; layer++) {
      x = family.block(weights, config, x, { layer, shape, angles, attention });
    }
    return family.norm(weights, config, x);
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
   * Logits of one new token in each row, with whatever attention the caller's cache gives.
   *
   * @param ids [B] int32 @param positions [B] int32 @param attention of [B, H, 1, K]
   * @returns [B, V]
   */
  decode(ids: Tensor, positions: Tensor, attention: AttentionFunction): Tensor {
    const [row, column] = [tf.expandDims(ids, 1), tf.expandDims(positions, 1)]; // [B, 1]
    return this.project(this.#layers(row, column, attention));
  }

  /** Frees the weights. */
  [Symbol.dispose](): void {
    tf.dispose(Object.values(this.weights));
  }
}
