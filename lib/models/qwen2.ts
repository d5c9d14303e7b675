/**
 * Qwen2 and Qwen2.5-Coder (transformers, modeling_qwen2.py): Llama with biases on queries, keys and values.
 *
 * Where some layers see a sliding window, sequences are limited to its length: within it they see everything, and longer
 * ones are refused.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { llama, type LlamaConfig } from "./llama.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = { vocab_size: 151936, intermediate_size: 22016, max_position_embeddings: 32768 };

/** The Qwen2 family. */
export const qwen2: Architecture<LlamaConfig> = {
  ...llama,
  className: "Qwen2ForCausalLM",
  readConfig: (json, file) => {
    const config = llama.readConfig({ ...DEFAULTS, ...json }, file);
    const read = new ConfigReader(json, file);
    const isLimited = read.flag("use_sliding_window", false) && read.has("sliding_window");
    return {
      ...config,
      modelType: "qwen2",
      maxPositions: isLimited
        ? Math.min(config.maxPositions, read.size("sliding_window"))
        : config.maxPositions,
      biases: { qkv: true, output: false, mlp: false },
    };
  },
};
