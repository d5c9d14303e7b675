/**
 * Qwen3 (transformers, modeling_qwen3.py): Llama with a norm on each head of queries and keys, and Qwen2's windows.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { rmsLayer } from "./layers.ts";
import { llama, llamaBlock, type LlamaConfig, llamaShapes, readLlamaConfig } from "./llama.ts";
import { readQwenWindows } from "./qwen2.ts";
import { rotaryAttention, rotaryAttentionShapes } from "./rotary_attention.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 151936,
  intermediate_size: 22016,
  head_dim: 128,
  max_position_embeddings: 32768,
  sliding_window: 4096,
};

/** The Qwen3 family. */
export const qwen3: Architecture<LlamaConfig> = {
  ...llama,
  className: "Qwen3ForCausalLM",
  readConfig: (json, file) => {
    const fields = { ...DEFAULTS, ...json };
    const config = readLlamaConfig(fields, file);
    return {
      ...config,
      modelType: "qwen3",
      biases: { ...config.biases, mlp: false },
      windows: readQwenWindows(new ConfigReader(fields, file), config),
    };
  },
  shapes,
  block,
};

function shapes(config: LlamaConfig): Record<string, number[]> {
  const { headWidth: K } = config;
  return llamaShapes(config, {
    attention: (name) => ({
      ...rotaryAttentionShapes(name, config, config.biases),
      [`${name}.q_norm.weight`]: [K],
      [`${name}.k_norm.weight`]: [K],
    }),
  });
}

function block(weights: Weights, config: LlamaConfig, x: Tensor, inputs: LayerInputs): Tensor {
  const { headWidth: K, normEpsilon: epsilon } = config;
  const attend = (name: string, x: Tensor) => {
    const adjust = (part: "q" | "k", x: Tensor) => {
      const heads = tf.reshape(x, [-1, K]); // [B T H, K]
      return tf.reshape(rmsLayer(heads, { weights, name: `${name}.${part}_norm`, epsilon }), x.shape);
    };
    return rotaryAttention(name, x, { ...inputs, sizes: config, weights, adjust });
  };
  return llamaBlock({ weights, config, inputs }, x, { attend });
}
