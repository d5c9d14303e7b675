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
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { linearShapes, mlp, normLayer, normShapes } from "./layers.ts";
import { llama, type LlamaConfig } from "./llama.ts";
import { rotaryAttention, rotaryAttentionShapes } from "./rotary_attention.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 49152,
  hidden_size: 3072,
  num_hidden_layers: 30,
  num_attention_heads: 24,
  num_key_value_heads: 2,
  intermediate_size: 12288,
  max_position_embeddings: 4096,
  hidden_act: "gelu_pytorch_tanh",
  tie_word_embeddings: true,
};

/** The StarCoder2 family. */
export const starcoder2: Architecture<LlamaConfig> = {
  ...llama,
  className: "Starcoder2ForCausalLM",
  readConfig: (json, file) => {
    const config = llama.readConfig({ ...DEFAULTS, ...json }, file);
    const read = new ConfigReader(json, file);
    const bias = read.flag("use_bias", true);
    return {
      ...config,
      modelType: "starcoder2",
      maxPositions: Math.min(config.maxPositions, read.size("sliding_window", config.maxPositions)),
      normEpsilon: read.positive("norm_epsilon", 1e-5),
      biases: { qkv: bias, output: bias, mlp: bias },
    };
  },
  shapes,
  block,
  norm: (weights, { normEpsilon: epsilon }, x) => normLayer(x, { weights, name: "model.norm", epsilon }),
};

function shapes(config: LlamaConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V } = config;
  const bias = config.biases.mlp;
  const result: Record<string, number[]> = { "model.embed_tokens.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.input_layernorm`, D),
      ...rotaryAttentionShapes(`${h}.self_attn`, config, config.biases),
      ...normShapes(`${h}.post_attention_layernorm`, D),
      ...linearShapes(`${h}.mlp.c_fc`, [F, D], { bias }),
      ...linearShapes(`${h}.mlp.c_proj`, [D, F], { bias }),
    });
  }
  Object.assign(result, normShapes("model.norm", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

function block(weights: Weights, config: LlamaConfig, x: Tensor, inputs: LayerInputs): Tensor {
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
