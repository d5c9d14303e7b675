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
import { toDevice } from "../engine/devices.ts";
import { onceThere, recomputed } from "../engine/recompute.ts";
import { Adapter, bitsOfLayers, type DropoutBits, withAdapter, withNotes } from "./adapter.ts";
import type {
  Architecture,
  AroundLayer,
  AttentionFunction,
  ModelConfig,
  OwnConfig,
  Weights,
} from "./architecture.ts";
import { attend, attendInBlocks, causalBias, layerBiases } from "./attention.ts";
import { bindFamily, type BoundFamily } from "./bind_family.ts";
import { linearLayers, type LinearSize } from "./lora.ts";
import { type Trainable, trainableWeights } from "./trainable.ts";

/** Queries that a GPU takes at a time, of texts of at least twice as many. */
export const ATTENTION_BLOCK = 128;

/** What makes a model. */
export interface ModelParts<C extends ModelConfig = OwnConfig> {
  /** The family's maths. */
  architecture: Architecture<C>;
  /** Its sizes. */
  config: C;
  /** Its weights; the model owns them. */
  weights: Weights;
  /** What matrix products are to be computed in. Default "float32". */
  products?: Products;
  /** What messages call it, such as its folder. Default "new model". */
  name?: string;
  /** Which weights training updates. Default true: all. Of a model with an adapter it is the adapter's alone. */
  trainable?: Trainable;
  /** Stands beside the linear layers; the model owns it. Default: none. */
  adapter?: Adapter | undefined;
}

/** What a run over whole sequences does beside giving their hidden states. */
export interface HiddenOptions {
  /** Is given each layer's keys and values, [B, G, T, K]. */
  cache?: (layer: number, keys: Tensor, values: Tensor) => void;
  /** Stands around each layer. Default: runs it. */
  around?: AroundLayer;
  /** Is given what goes into each linear layer, [B T, in]. */
  inputs?: (layer: string, x: Tensor) => void;
  /** For a training's step: draws the adapter's dropout, see `DropoutStep`. Default: nothing is dropped. */
  seed?: Tensor | undefined;
  /** [B] int32: which of a larger batch's texts these are, for what is drawn. Default: from 0 on. */
  texts?: Tensor | undefined;
  /** For a training's step: keeps each layer's input alone, and computes the layer again for its gradients. Default false. */
  recomputesLayers?: boolean | undefined;
}

/** What a run over layers needs: positions and attention are made anew for each layer that is computed again. */
interface LayersOptions extends Pick<HiddenOptions, "seed" | "texts" | "recomputesLayers" | "inputs"> {
  newPositions: () => Tensor;
  newAttention: () => AttentionFunction;
  around?: AroundLayer | undefined;
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
export class Model<C extends ModelConfig = ModelConfig> implements Disposable {
  /** The sizes. */
  readonly config: C;
  /** The weights by name, float32 for tfjs. */
  readonly weights: Weights;
  /** What training updates: those of the weights that are not frozen, or the adapter's. */
  readonly trainable: Weights;
  /** What captured steps are to compute matrix products in. */
  readonly products: Products;
  /** What messages call it: its folder or file. */
  readonly name: string;
  /** Its class in transformers. */
  readonly className: string;
  /** What stands beside its linear layers. */
  readonly adapter: Adapter | null;
  /** The linear layers of its blocks: those that may have adapters. */
  readonly linearLayers: ReadonlyMap<string, LinearSize>;
  /** Whether their weights are stored as [in, out]. */
  readonly isInOut: boolean;
  /** Those of the trained weights that `project` uses. */
  readonly outputWeights: Weights;
  /** The output layer's matrix, which may be the embedding: [V, D]. */
  readonly outputMatrix: Tensor;
  readonly #with: (weights: Weights, adapter: Adapter | undefined) => Model<C>;
  readonly #bind: (weights: Weights) => BoundFamily;
  readonly #family: BoundFamily;

  /**
   * Takes over the weights.
   *
   * @throws {RangeError} when `trainable` names a weight that there is not, or chooses none
   */
  constructor(parts: ModelParts<C>) {
    const { config, weights, products = "float32", name = "new model", trainable = true } = parts;
    const { adapter = null } = parts;
    this.#with = (weights, adapter) => new Model({ ...parts, weights, adapter });
    this.#bind = (weights) => bindFamily({ ...parts, weights });
    this.#family = this.#bind(withAdapter(weights, adapter));
    this.className = parts.architecture.className;
    this.adapter = adapter;
    this.linearLayers = linearLayers(parts.architecture, config);
    this.isInOut = parts.architecture.isInOut ?? false;
    this.config = config;
    this.weights = weights;
    this.trainable = adapter ? adapter.weights : trainableWeights(weights, trainable, name);
    this.outputWeights = outputWeights(this.trainable, parts.architecture, config);
    this.outputMatrix = weights[parts.architecture[config.tiedEmbeddings ? "embeddingName" : "outputName"]]!;
    this.products = products;
    this.name = name;
  }

  /** How many numbers the weights are, without the adapter's. */
  get parameterCount(): number {
    return countOf(this.weights);
  }

  /** How many of them are trained. */
  get trainableCount(): number {
    return countOf(this.trainable);
  }

  /**
   * Hidden states of whole sequences under the causal mask.
   *
   * @param ids [B, T] int32
   * @returns [B T, D]
   */
  hidden(ids: Tensor, { cache, around, ...options }: HiddenOptions = {}): Tensor {
    const length = ids.shape[1]!;
    if (length > this.config.maxPositions) {
      throw new RangeError(`Cannot run ${length} positions as the model has ${this.config.maxPositions}`);
    }
    const size = gpuMemory() === null ? length : ATTENTION_BLOCK;
    const newAttention = (): AttentionFunction => {
      const biasOf = layerBiases(this.config.windows, (window) => causalBias(length, window));
      return ({ layer, q, k, v, scale }) => {
        cache?.(layer, k, v);
        const bias = biasOf(layer);
        if (length < 2 * size) return attend(q, k, v, { scale, bias });
        return attendInBlocks({ q, k, v }, { scale, bias, size });
      };
    };
    const newPositions = () => tf.expandDims(tf.range(0, length, 1, "int32"), 0); // [1, T]
    return this.#layers(ids, { ...options, newPositions, newAttention, around });
  }

  /** Hidden states after the last norm: [B, T] to [B T, D]. */
  #layers(ids: Tensor, { newPositions, newAttention, ...options }: LayersOptions): Tensor {
    const { around = (run, x) => run(x), inputs, seed, texts, recomputesLayers = false } = options;
    const shape = ids.shape as [number, number];
    const prepare = (drawn: DropoutBits | undefined) => {
      const weights = withNotes(withAdapter(this.weights, this.adapter, drawn), inputs);
      const family = drawn || inputs ? this.#bind(weights) : this.#family;
      const positions = newPositions();
      return { family, positions, angles: family.angles(positions), attention: newAttention() };
    };
    const drawn = seed && this.adapter?.draw({ seed, shape, texts });
    const all = prepare(drawn);
    const run = ({ family, angles, attention }: ReturnType<typeof prepare>, x: Tensor, layer: number) =>
      family.block(x, { layer, shape, angles, attention });
    const runAnew = (x: Tensor, layer: number) => {
      const own = drawn && bitsOfLayers(drawn, (name) => layerOf(name) === layer);
      // dropout is drawn once a layer's input is there, else all layers' masks would be there from the start
      const again = ([x]: Tensor[], bits: Tensor[]) =>
        run(prepare(own && { ...own, bits: onceThere(bits, [x!]) }), x!, layer);
      const weights = Object.entries(this.trainable).filter(([name]) => layerOf(name) === layer);
      return recomputed(again, { by: [x], given: own?.bits, weights: weights.map(([, weight]) => weight) });
    };
    const runLayer = (layer: number) => (x: Tensor) =>
      recomputesLayers ? runAnew(x, layer) : run(all, x, layer);
    let x = all.family.embed(ids, all.positions); // [B T, D]
    for (let layer = 0; layer < this.config.layers; layer++) x = around(runLayer(layer), x, layer);
    return all.family.norm(x);
  }

  /** What a layer adds of what its MLP's last linear layer gives: [N, D] to [N, D]. */
  afterMlp(x: Tensor, layer: number): Tensor {
    return this.#family.afterMlp(x, layer);
  }

  /** The norm after the last layer, of any layer's output: [N, D] to [N, D]. */
  norm(x: Tensor): Tensor {
    return this.#family.norm(x);
  }

  /** Logits of hidden states: [N, D] to [N, V]. */
  project(hidden: Tensor): Tensor {
    return this.#family.logits(hidden);
  }

  /** `project` with other weights in place of some. */
  projectWith(weights: Weights): (hidden: Tensor) => Tensor {
    const family = this.#bind({ ...this.weights, ...weights });
    return (hidden) => family.logits(hidden);
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
    return this.project(this.#layers(row, { newPositions: () => column, newAttention: () => attention }));
  }

  /**
   * A linear layer's weights with what the adapter adds, as they are stored.
   *
   * @param layer one of the adapter's @returns float32; the caller disposes it
   */
  merged(layer: string): Tensor {
    const weight = this.weights[`${layer}.weight`]!;
    return tf.tidy(() => tf.add(weight, this.adapter!.delta(layer, { isInOut: this.isInOut })));
  }

  /** The same model with copies of its weights and its adapter's on another device, which are the copy's. */
  onDevice(device: number): Model<C> {
    const copy = (weights: Weights) =>
      Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, toDevice(weight, device)]));
    const adapter = this.adapter ? new Adapter(this.adapter.options, copy(this.adapter.weights)) : undefined;
    return this.#with(copy(this.weights), adapter);
  }

  /** Frees the weights and the adapter. */
  [Symbol.dispose](): void {
    tf.dispose(Object.values(this.weights));
    this.adapter?.[Symbol.dispose]();
  }
}

/** Those of the weights that make logits: the output layer's, which may be the embedding. */
function outputWeights<C extends ModelConfig>(
  weights: Weights,
  { outputName, embeddingName }: Pick<Architecture<C>, "outputName" | "embeddingName">,
  { tiedEmbeddings }: ModelConfig,
): Weights {
  const names = [tiedEmbeddings ? embeddingName : outputName, outputName.replace(/weight$/, "bias")];
  return Object.fromEntries(Object.entries(weights).filter(([name]) => names.includes(name)));
}

/** The number of the layer that a weight belongs to; undefined where it belongs to none. */
function layerOf(name: string): number | undefined {
  const number = /\.(\d+)\./.exec(name)?.[1];
  return number === undefined ? undefined : Number(number);
}

function countOf(weights: Weights): number {
  return Object.values(weights).reduce((sum, weight) => sum + weight.size, 0);
}
