/**
 * Phi-1, Phi-1.5 and Phi-2 (transformers, modeling_phi.py): one layer norm for attention and MLP, which are added side by
 * side, rotary positions on a part of each head, biases everywhere, on the output layer too.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { linear, linearShapes, mlp, normLayer, normShapes } from "./layers.ts";
import { llama, type LlamaConfig, readLlamaConfig } from "./llama.ts";
import { rotaryAttention, rotaryAttentionShapes } from "./rotary_attention.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 51200,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 24,
  hidden_act: "gelu_new",
};

/** The Phi family. */
export const phi: Architecture<LlamaConfig> = {
  ...llama,
  className: "PhiForCausalLM",
  readConfig: (json, file) => {
    const read = new ConfigReader(json, file);
    read.absent("qk_layernorm");
    const share = { field: "partial_rotary_factor", fallback: 0.5 };
    return {
      ...readLlamaConfig({ ...DEFAULTS, ...json }, file, { share }),
      modelType: "phi",
      normEpsilon: read.positive("layer_norm_eps", 1e-5),
      biases: { qkv: true, output: true, mlp: true },
    };
  },
  shapes,
  block,
  norm: (weights, { normEpsilon: epsilon }, x) =>
    normLayer(x, { weights, name: "model.final_layernorm", epsilon }),
  logits: (weights, config, x) => {
    const output = weights[config.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"]!;
    return linear({ "lm_head.weight": output, "lm_head.bias": weights["lm_head.bias"]! }, "lm_head", x); // [N, V]
  },
};

function shapes(config: LlamaConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V } = config;
  const result: Record<string, number[]> = { "model.embed_tokens.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    const { [`${h}.self_attn.o_proj.weight`]: output, [`${h}.self_attn.o_proj.bias`]: bias, ...projections } =
      rotaryAttentionShapes(`${h}.self_attn`, config, config.biases);
    Object.assign(result, {
      ...normShapes(`${h}.input_layernorm`, D),
      ...projections,
      [`${h}.self_attn.dense.weight`]: output,
      [`${h}.self_attn.dense.bias`]: bias,
      ...linearShapes(`${h}.mlp.fc1`, [F, D]),
      ...linearShapes(`${h}.mlp.fc2`, [D, F]),
    });
  }
  Object.assign(result, normShapes("model.final_layernorm", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  result["lm_head.bias"] = [V];
  return result;
}

function block(weights: Weights, config: LlamaConfig, x: Tensor, inputs: LayerInputs): Tensor {
  const { activation, normEpsilon: epsilon } = config;
  const h = `model.layers.${inputs.layer}`;
  const normed = normLayer(x, { weights, name: `${h}.input_layernorm`, epsilon });
  const attention = { ...inputs, sizes: config, weights, output: "dense" };
  const attended = rotaryAttention(`${h}.self_attn`, normed, attention);
  const inner = mlp(normed, { weights, names: [`${h}.mlp.fc1`, `${h}.mlp.fc2`], activation });
  return tf.add(tf.add(attended, inner), x);
}
