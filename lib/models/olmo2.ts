/**
 * OLMo 2 (transformers, modeling_olmo2.py): Llama with its norms after attention and MLP instead of before them, and a norm
 * on all queries and one on all keys of a position.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { gatedMlp, rmsLayer } from "./layers.ts";
import { llama, type LlamaConfig, readLlamaConfig } from "./llama.ts";
import { rotaryAttention } from "./rotary_attention.ts";

/** The OLMo 2 family. */
export const olmo2: Architecture<LlamaConfig> = {
  ...llama,
  className: "Olmo2ForCausalLM",
  readConfig: (json, file) => {
    const config = readLlamaConfig({ vocab_size: 50304, rms_norm_eps: 1e-5, ...json }, file);
    return { ...config, modelType: "olmo2", biases: { ...config.biases, mlp: false } };
  },
  shapes,
  block,
  afterMlp,
};

function shapes(config: LlamaConfig): Record<string, number[]> {
  const result = llama.shapes(config);
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    delete result[`${h}.input_layernorm.weight`];
    Object.assign(result, {
      [`${h}.self_attn.q_norm.weight`]: [config.heads * config.headWidth],
      [`${h}.self_attn.k_norm.weight`]: [config.cacheHeads * config.headWidth],
      [`${h}.post_feedforward_layernorm.weight`]: [config.width],
    });
  }
  return result;
}

function block(weights: Weights, config: LlamaConfig, x: Tensor, inputs: LayerInputs): Tensor {
  const { activation, normEpsilon: epsilon } = config;
  const h = `model.layers.${inputs.layer}`;
  const norm = (x: Tensor, name: string) => rmsLayer(x, { weights, name: `${h}.${name}`, epsilon });
  const adjust = (part: "q" | "k", x: Tensor) => norm(x, `self_attn.${part}_norm`);
  const mixed = rotaryAttention(`${h}.self_attn`, x, { ...inputs, sizes: config, weights, adjust });
  const attended = tf.add(x, norm(mixed, "post_attention_layernorm"));
  const inner = gatedMlp(attended, { weights, name: `${h}.mlp`, activation });
  return tf.add(attended, afterMlp(weights, config, inner, inputs.layer));
}

function afterMlp(weights: Weights, { normEpsilon: epsilon }: LlamaConfig, x: Tensor, layer: number): Tensor {
  return rmsLayer(x, { weights, name: `model.layers.${layer}.post_feedforward_layernorm`, epsilon });
}
