/**
 * Llama and what is built like it: SmolLM2, DeepSeek-Coder 1.x, CodeLlama (transformers, modeling_llama.py): rotary
 * positions, pre-norm blocks of grouped attention and a gated MLP, root mean square norms, weights of linear layers as
 * [out, in].
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { embed, gatedMlp, gatedMlpShapes, linear, rmsLayer } from "./layers.ts";
import { readHeads } from "./read_heads.ts";
import { readRope, type Rope, type RopeFields } from "./rope_scaling.ts";
import { rotaryAttention, type RotaryAttentionBiases, rotaryAttentionShapes } from "./rotary_attention.ts";

/** The fields of config.json that Llama's maths needs. */
export interface LlamaConfig extends ModelConfig {
  /** H */
  heads: number;
  /** Width of the MLP. */
  innerWidth: number;
  /** The MLP's activation. */
  activation: ActivationName;
  /** Added to mean squares. */
  normEpsilon: number;
  /** How positions rotate. */
  rope: Rope;
  /** Which linear layers have biases. */
  biases: RotaryAttentionBiases & { mlp: boolean };
}

/** The Llama family. */
export const llama: Architecture<LlamaConfig> = {
  className: "LlamaForCausalLM",
  prefix: "model.",
  outputName: "lm_head.weight",
  embeddingName: "model.embed_tokens.weight",
  readConfig: (json, file) => readLlamaConfig(json, file),
  shapes: (config) => llamaShapes(config),
  isBuffer: (name) => name.endsWith("rotary_emb.inv_freq"),
  rope: ({ rope }) => rope,
  embed: (weights, _config, ids) => embed(weights, "model.embed_tokens", ids),
  block: (weights, config, x, inputs) => llamaBlock({ weights, config, inputs }, x),
  norm: (weights, { normEpsilon: epsilon }, x) => rmsLayer(x, { weights, name: "model.norm", epsilon }),
  logits: (weights, config, x) => {
    const name = config.tiedEmbeddings ? "model.embed_tokens" : "lm_head";
    return linear(weights, name, x); // [N, V]
  },
};

/**
 * Reads what Llama's config.json has; families with other defaults give them as fields before those of the file.
 *
 * @param own what the family's rotary positions may be beside Llama's
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { heads, headWidth, rope } = readLlamaConfig({ hidden_size: 64, num_attention_heads: 4 }, "config.json");
 * assertEquals([heads, headWidth, rope.frequencies.length], [4, 16, 8]);
 * ```
 */
export function readLlamaConfig(
  json: Readonly<Record<string, unknown>>,
  file: string,
  own: Pick<RopeFields, "share" | "isLong"> = {},
): LlamaConfig {
  const read = new ConfigReader(json, file);
  read.absent("quantization_config");
  const attentionBias = read.flag("attention_bias", false);
  const width = read.size("hidden_size", 4096);
  const heads = readHeads(read, { width, heads: 32 });
  const maxPositions = read.size("max_position_embeddings", 2048);
  return {
    modelType: "llama",
    vocabularySize: read.size("vocab_size", 32000),
    maxPositions,
    width,
    layers: read.layers("num_hidden_layers", 32),
    ...heads,
    innerWidth: read.size("intermediate_size", 11008),
    activation: read.choice("hidden_act", Object.keys(ACTIVATIONS) as ActivationName[], "silu"),
    normEpsilon: read.positive("rms_norm_eps", 1e-6),
    rope: readRope(read, { headWidth: heads.headWidth, positions: maxPositions, ...own }),
    biases: { qkv: attentionBias, output: attentionBias, mlp: read.flag("mlp_bias", false) },
    tiedEmbeddings: read.flag("tie_word_embeddings", false),
  };
}

/** What weights families that are built like Llama have otherwise, each by the name before theirs. */
export interface LlamaShapes {
  /** A norm's. Default: those of `rmsLayer`. */
  norm?: (name: string) => Record<string, number[]>;
  /** Attention's. Default: those of `rotaryAttention`. */
  attention?: (name: string) => Record<string, number[]>;
  /** The MLP's. Default: those of `gatedMlp`. */
  mlp?: (name: string) => Record<string, number[]>;
}

/**
 * The names and shapes of Llama's weights.
 *
 * @param own what the family has otherwise
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 };
 * const shapes = llamaShapes(readLlamaConfig(sizes, "config.json"), { mlp: (name) => ({ [`${name}.fc.weight`]: [4, 8] }) });
 * assertEquals([shapes["model.layers.0.mlp.fc.weight"], shapes["model.norm.weight"]], [[4, 8], [8]]);
 * ```
 */
export function llamaShapes(config: LlamaConfig, own: LlamaShapes = {}): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V, biases } = config;
  const {
    norm = (name) => ({ [`${name}.weight`]: [D] }),
    attention = (name) => rotaryAttentionShapes(name, config, biases),
    mlp = (name) => gatedMlpShapes(name, [D, F], { bias: biases.mlp }),
  } = own;
  const result: Record<string, number[]> = { "model.embed_tokens.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    Object.assign(result, {
      ...norm(`${h}.input_layernorm`),
      ...attention(`${h}.self_attn`),
      ...norm(`${h}.post_attention_layernorm`),
      ...mlp(`${h}.mlp`),
    });
  }
  Object.assign(result, norm("model.norm"));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

/** What families that are built like Llama do otherwise in a layer. */
export interface LlamaBlock {
  /** The norm of a name. Default: the root mean square norm. */
  norm?: (x: Tensor, name: string) => Tensor;
  /** What attention adds. Default: `rotaryAttention`. */
  attend?: (name: string, x: Tensor) => Tensor;
  /** What the MLP adds. Default: `gatedMlp`. */
  mlp?: (name: string, x: Tensor) => Tensor;
  /** The factor for what is added to a layer's input. Default 1. */
  residual?: number;
}

/**
 * Llama's layer: what attention gives of the normed input is added to it, then what the MLP gives of that.
 *
 * @param x [B T, D]
 * @param own what the family does otherwise
 * @returns [B T, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const config = llama.readConfig({}, "config.json");
 * const inputs = { layer: 0, shape: [1, 1], angles: null, attention: ({ v }: { v: tf.Tensor }) => v } as const;
 * const same = (x: tf.Tensor) => x;
 * const own = { norm: same, attend: (_: string, x: tf.Tensor) => x, mlp: (_: string, x: tf.Tensor) => x, residual: 0.5 };
 * const result = llamaBlock({ weights: {}, config, inputs }, tf.tensor2d([[4]]), own);
 * assertEquals([...result.dataSync()], [9]);
 * ```
 */
export function llamaBlock(
  { weights, config, inputs }: { weights: Weights; config: LlamaConfig; inputs: LayerInputs },
  x: Tensor,
  own: LlamaBlock = {},
): Tensor {
  const { normEpsilon: epsilon, activation } = config;
  const {
    norm = (x, name) => rmsLayer(x, { weights, name, epsilon }),
    attend = (name, x) => rotaryAttention(name, x, { ...inputs, sizes: config, weights }),
    mlp = (name, x) => gatedMlp(x, { weights, name, activation }),
    residual = 1,
  } = own;
  const add = (x: Tensor, more: Tensor) => tf.add(x, residual === 1 ? more : tf.mul(more, residual));
  const h = `model.layers.${inputs.layer}`;
  const attended = add(x, attend(`${h}.self_attn`, norm(x, `${h}.input_layernorm`)));
  return add(attended, mlp(`${h}.mlp`, norm(attended, `${h}.post_attention_layernorm`)));
}
