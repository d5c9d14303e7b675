/**
 * Mistral and Codestral (transformers, modeling_mistral.py): Llama whose layers all see a sliding window, where the file
 * has one; newer models have `null`.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { llama, type LlamaConfig, readLlamaConfig } from "./llama.ts";
import { readWindows } from "./read_windows.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  intermediate_size: 14336,
  num_key_value_heads: 8,
  max_position_embeddings: 4096 * 32,
  sliding_window: 4096,
};

/** The Mistral family. */
export const mistral: Architecture<LlamaConfig> = {
  ...llama,
  className: "MistralForCausalLM",
  readConfig: (json, file) => {
    const fields = { ...DEFAULTS, ...json };
    const config = readLlamaConfig(fields, file);
    return {
      ...config,
      modelType: "mistral",
      biases: { qkv: false, output: false, mlp: false },
      windows: readWindows(new ConfigReader(fields, file), config),
    };
  },
};
