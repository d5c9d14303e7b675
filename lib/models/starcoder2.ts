/**
 * StarCoder2 (transformers, modeling_starcoder2.py): Llama's attention, with layer norms, an MLP of two layers and biases
 * everywhere.
 *
 * Sequences are limited to the sliding window: within it every position sees all before it, and longer ones are refused.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { embed, linear, linearShapes, mlp, normLayer, normShapes } from "./layers.ts";
import { readHeads } from "./read_heads.ts";
import { readRope, type Rope } from "./rope_scaling.ts";
import { rotaryAttention, rotaryAttentionShapes } from "./rotary_attention.ts";

/** The fields of config.json that StarCoder2's maths needs. */
export interface Starcoder2Config extends ModelConfig {
  /** H */
  heads: number;
  /** Width of the MLP. */
  innerWidth: number;
  /** The MLP's activation. */
  activation: ActivationName;
  /** Added to variances. */
  normEpsilon: number;
  /** How positions rotate. */
  rope: Rope;
  /** Whether linear layers have biases. */
  bias: boolean;
}

/** The StarCoder2 family. */
export const starcoder2: Architecture<Starcoder2Config> = {
  className: "Starcoder2ForCausalLM",
  prefix: "model.",
  outputName: "lm_head.weight",
  embeddingName: "model.embed_tokens.weight",
  readConfig,
  shapes,
  isBuffer: (name) => name.endsWith("rotary_emb.inv_freq"),
  rope: ({ rope }) => rope,
  embed: (weights, _config, ids) => embed(weights, "model.embed_tokens", ids),
  block,
  norm: (weights, { normEpsilon: epsilon }, x) => normLayer(x, { weights, name: "model.norm", epsilon }),
  logits: (weights, config, x) =>
    linear(weights, config.tiedEmbeddings ? "model.embed_tokens" : "lm_head", x), // [N, V]
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): Starcoder2Config {
  const read = new ConfigReader({ num_key_value_heads: 2, ...json }, file);
  read.absent("quantization_config");
  const width = read.size("hidden_size", 3072);
  const heads = readHeads(read, { width, heads: 24 });
  const positions = read.size("max_position_embeddings", 4096);
  return {
    modelType: "starcoder2",
    vocabularySize: read.size("vocab_size", 49152),
    maxPositions: Math.min(positions, read.size("sliding_window", positions)),
    width,
    layers: read.layers("num_hidden_layers", 30),
    ...heads,
    innerWidth: read.size("intermediate_size", 12288),
    activation: read.choice("hidden_act", Object.keys(ACTIVATIONS) as ActivationName[], "gelu_pytorch_tanh"),
    normEpsilon: read.positive("norm_epsilon", 1e-5),
    rope: readRope(read, { headWidth: heads.headWidth, positions }),
    bias: read.flag("use_bias", true),
    tiedEmbeddings: read.flag("tie_word_embeddings", true),
  };
}

function shapes(config: Starcoder2Config): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V, bias } = config;
  const result: Record<string, number[]> = { "model.embed_tokens.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.input_layernorm`, D),
      ...rotaryAttentionShapes(`${h}.self_attn`, config, { qkv: bias, output: bias }),
      ...normShapes(`${h}.post_attention_layernorm`, D),
      ...linearShapes(`${h}.mlp.c_fc`, [F, D], { bias }),
      ...linearShapes(`${h}.mlp.c_proj`, [D, F], { bias }),
    });
  }
  Object.assign(result, normShapes("model.norm", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

function block(weights: Weights, config: Starcoder2Config, x: Tensor, inputs: LayerInputs): Tensor {
  const { activation, normEpsilon: epsilon } = config;
  const h = `model.layers.${inputs.layer}`;
  const normed = normLayer(x, { weights, name: `${h}.input_layernorm`, epsilon });
  const attended = tf.add(
    x,
    rotaryAttention(`${h}.self_attn`, normed, { ...inputs, sizes: config, weights }),
  );
  const middle = normLayer(attended, { weights, name: `${h}.post_attention_layernorm`, epsilon });
  return tf.add(attended, mlp(middle, { weights, names: [`${h}.mlp.c_fc`, `${h}.mlp.c_proj`], activation }));
}
