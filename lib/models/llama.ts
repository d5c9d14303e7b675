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
import { rmsNorm } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { embed, linear, linearShapes } from "./layers.ts";
import { readHeads } from "./read_heads.ts";
import { readRope, type Rope } from "./rope_scaling.ts";
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
  readConfig,
  shapes,
  isBuffer: (name) => name.endsWith("rotary_emb.inv_freq"),
  rope: ({ rope }) => rope,
  embed: (weights, _config, ids) => embed(weights, "model.embed_tokens", ids),
  block,
  norm: (weights, config, x) => norm(weights, config, x, "model.norm"),
  logits: (weights, config, x) => {
    const name = config.tiedEmbeddings ? "model.embed_tokens" : "lm_head";
    return linear(weights, name, x); // [N, V]
  },
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): LlamaConfig {
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
    rope: readRope(read, { headWidth: heads.headWidth, positions: maxPositions }),
    biases: { qkv: attentionBias, output: attentionBias, mlp: read.flag("mlp_bias", false) },
    tiedEmbeddings: read.flag("tie_word_embeddings", false),
  };
}

function shapes(config: LlamaConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V } = config;
  const bias = config.biases.mlp;
  const result: Record<string, number[]> = { "model.embed_tokens.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    Object.assign(result, {
      [`${h}.input_layernorm.weight`]: [D],
      ...rotaryAttentionShapes(`${h}.self_attn`, config, config.biases),
      [`${h}.post_attention_layernorm.weight`]: [D],
      ...linearShapes(`${h}.mlp.gate_proj`, [F, D], { bias }),
      ...linearShapes(`${h}.mlp.up_proj`, [F, D], { bias }),
      ...linearShapes(`${h}.mlp.down_proj`, [D, F], { bias }),
    });
  }
  result["model.norm.weight"] = [D];
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

function norm(weights: Weights, { normEpsilon }: LlamaConfig, x: Tensor, name: string): Tensor {
  return rmsNorm(x, weights[`${name}.weight`]!, normEpsilon);
}

function block(weights: Weights, config: LlamaConfig, x: Tensor, inputs: LayerInputs): Tensor {
  const h = `model.layers.${inputs.layer}`;
  const input = norm(weights, config, x, `${h}.input_layernorm`);
  const attended = tf.add(x, rotaryAttention(`${h}.self_attn`, input, { ...inputs, sizes: config, weights }));
  const normed = norm(weights, config, attended, `${h}.post_attention_layernorm`);
  const gate = ACTIVATIONS[config.activation](linear(weights, `${h}.mlp.gate_proj`, normed)); // [B T, F]
  const inner = tf.mul(gate, linear(weights, `${h}.mlp.up_proj`, normed)); // [B T, F]
  return tf.add(attended, linear(weights, `${h}.mlp.down_proj`, inner));
}
