/**
 * StarCoder2 (transformers, modeling_starcoder2.py): Llama's attention, with layer norms, an MLP of two layers and biases
 * everywhere.
 *
 * Where there is a `sliding_window`, every layer sees no more than it.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { linearShapes, mlp, normLayer, normShapes } from "./layers.ts";
import { llama, llamaBlock, type LlamaConfig, llamaShapes, readLlamaConfig } from "./llama.ts";
import { readWindows } from "./read_windows.ts";

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
    const config = readLlamaConfig({ ...DEFAULTS, ...json }, file);
    const read = new ConfigReader(json, file);
    const bias = read.flag("use_bias", true);
    return {
      ...config,
      modelType: "starcoder2",
      normEpsilon: read.positive("norm_epsilon", 1e-5),
      biases: { qkv: bias, output: bias, mlp: bias },
      windows: readWindows(read, config),
    };
  },
  shapes: (config) => {
    const { width: D, innerWidth: F, biases: { mlp: bias } } = config;
    return llamaShapes(config, {
      norm: (name) => normShapes(name, D),
      mlp: (name) => ({
        ...linearShapes(`${name}.c_fc`, [F, D], { bias }),
        ...linearShapes(`${name}.c_proj`, [D, F], { bias }),
      }),
    });
  },
  block: (weights, config, x, inputs) => {
    const { activation, normEpsilon: epsilon } = config;
    return llamaBlock({ weights, config, inputs }, x, {
      norm: (x, name) => normLayer(x, { weights, name, epsilon }),
      mlp: (name, x) => mlp(x, { weights, names: [`${name}.c_fc`, `${name}.c_proj`], activation }),
    });
  },
  norm: (weights, { normEpsilon: epsilon }, x) => normLayer(x, { weights, name: "model.norm", epsilon }),
};
