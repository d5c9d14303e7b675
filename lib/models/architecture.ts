/**
 * What every model family offers: its configuration, the names and shapes of its weights, and the maths from token
 * ids through its layers to logits, one function a part. The attention of a layer is given from outside, so that one
 * forward serves teacher forcing, filling a cache and decoding from it.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import type { RopeAngles } from "./rope.ts";
import type { Rope } from "./rope_scaling.ts";

/**
 * What stands beside a model's linear layers.
 *
 * @param name a layer's, which is that of its weights without `.weight` @param x [N, in]
 * @returns what is added to the layer's result, [N, out]; undefined where nothing is
 */
export type LinearAdapter = (name: string, x: Tensor) => Tensor | undefined;

/** The key of what stands beside linear layers. */
export const ADAPTER: unique symbol = Symbol("adapter");

/** A model's weights by the names of its file, float32; and, where it has one, an adapter. */
export type Weights = Readonly<Record<string, Tensor>> & { readonly [ADAPTER]?: LinearAdapter };

/** How many positions each layer's queries see, their own included; null where they see all before them. */
export type AttentionWindows = readonly (number | null)[];

/** The sizes that caches, batches and checks need. */
export interface ModelConfig {
  /** `model_type` of config.json. */
  modelType: string;
  /** V */
  vocabularySize: number;
  /** The longest sequence. */
  maxPositions: number;
  /** D */
  width: number;
  /** L */
  layers: number;
  /** G, heads of keys and values: H, or a divisor of it where neighbouring heads of queries share them. */
  cacheHeads: number;
  /** K */
  headWidth: number;
  /** Whether the output weights are the embedding's. */
  tiedEmbeddings: boolean;
  /** Of layers with sliding windows. Without it all see everything. */
  windows?: AttentionWindows | undefined;
}

/** Queries, keys and values of one layer. */
export interface AttentionInputs {
  /** 0 to L - 1 */
  layer: number;
  /** [B, H, T, K], not yet scaled */
  q: Tensor;
  /** [B, G, T, K] */
  k: Tensor;
  /** [B, G, T, K] */
  v: Tensor;
  /** The factor for scores. */
  scale: number;
}

/** Computes the attention of one layer: [B, H, T, K]. */
export type AttentionFunction = (inputs: AttentionInputs) => Tensor;

/**
 * Stands around a layer: runs it and gives its output, having noted, edited or wrapped it.
 *
 * @param run the layer: [B T, D] to [B T, D]
 * @param x its input, [B T, D]
 * @param layer 0 to L - 1
 * @returns what the next layer is given, [B T, D]
 */
export type AroundLayer = (run: (x: Tensor) => Tensor, x: Tensor, layer: number) => Tensor;

/** What a layer is given beside its input. */
export interface LayerInputs {
  /** 0 to L - 1 */
  layer: number;
  /** [B, T] */
  shape: readonly [number, number];
  /** The positions' angles, where the family rotates: [B, 1, T, K / 2] or [1, 1, T, K / 2]. */
  angles: RopeAngles | null;
  /** Mixes the heads' values. */
  attention: AttentionFunction;
}

declare const own: unique symbol;

/**
 * The configuration of a family that is only known when the program runs: its functions are given what its own
 * `readConfig` gave, and nothing else.
 */
export interface OwnConfig extends ModelConfig {
  /** A mark that no other type has; it is not there when the program runs. */
  readonly [own]: never;
}

/**
 * One model family. Its parts are function properties, not methods, so that TypeScript refuses another family's
 * configuration.
 */
export interface Architecture<C extends ModelConfig = OwnConfig> {
  /** Checks config.json. */
  readConfig: (json: Readonly<Record<string, unknown>>, file: string) => C;
  /** Names and shapes of the weights. */
  shapes: (config: C) => Record<string, number[]>;
  /** Names that a file may hold and that are not weights: masks and frequencies that old versions saved. */
  isBuffer: (name: string) => boolean;
  /** Its class in transformers, for config.json's `architectures`. */
  className: string;
  /** What a file's names may lack in front. */
  prefix: string;
  /** The name of the output weights, and of the embedding that they may be tied to. */
  outputName: string;
  /** See `outputName`. */
  embeddingName: string;
  /** Whether the linear layers of its blocks are stored as [in, out]; without it they are [out, in]. */
  isInOut?: boolean;
  /** How positions rotate queries and keys; absent where the family embeds positions instead. */
  rope?: (config: C) => Rope;
  /**
   * What the first layer is given.
   *
   * @param ids [B, T] int32 @param positions [B, T] or [1, T] int32
   * @returns [B T, D]
   */
  embed: (weights: Weights, config: C, ids: Tensor, positions: Tensor) => Tensor;
  /**
   * One layer, what it adds to its input included.
   *
   * @param x [B T, D]
   * @returns [B T, D]
   */
  block: (weights: Weights, config: C, x: Tensor, inputs: LayerInputs) => Tensor;
  /**
   * What a layer adds of what its MLP's last linear layer gives. Default: that itself.
   *
   * @param x [N, D] @param layer 0 to L - 1
   * @returns [N, D]
   */
  afterMlp?: (weights: Weights, config: C, x: Tensor, layer: number) => Tensor;
  /**
   * The norm after the last layer.
   *
   * @param x [B T, D]
   * @returns [B T, D]
   */
  norm: (weights: Weights, config: C, x: Tensor) => Tensor;
  /**
   * Logits of hidden states after the last norm.
   *
   * @param hidden [N, D]
   * @returns [N, V]
   */
  logits: (weights: Weights, config: C, hidden: Tensor) => Tensor;
}
