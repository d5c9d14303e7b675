/**
 * StableLM and Stable Code (transformers, modeling_stablelm.py): Llama with layer norms, and rotary positions on a part of
 * each head.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { normLayer, normShapes } from "./layers.ts";
import { llama, llamaBlock, type LlamaConfig, llamaShapes, readLlamaConfig } from "./llama.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 50304,
  hidden_size: 2560,
  intermediate_size: 6912,
  max_position_embeddings: 4096,
};

/** The StableLM family. */
export const stablelm: Architecture<LlamaConfig> = {
  ...llama,
  className: "StableLmForCausalLM",
  readConfig: (json, file) => {
    const read = new ConfigReader(json, file);
    read.absent("qk_layernorm", "use_parallel_residual");
    const share = { field: "partial_rotary_factor", fallback: 0.25 };
    return {
      ...readLlamaConfig({ ...DEFAULTS, ...json }, file, { share }),
      modelType: "stablelm",
      normEpsilon: read.positive("layer_norm_eps", 1e-5),
      biases: { qkv: read.flag("use_qkv_bias", false), output: false, mlp: false },
    };
  },
  shapes: (config) => llamaShapes(config, { norm: (name) => normShapes(name, config.width) }),
  block: (weights, config, x, inputs) => {
    const norm = (x: Parameters<typeof normLayer>[0], name: string) =>
      normLayer(x, { weights, name, epsilon: config.normEpsilon });
    return llamaBlock({ weights, config, inputs }, x, { norm });
  },
  norm: (weights, { normEpsilon: epsilon }, x) => normLayer(x, { weights, name: "model.norm", epsilon }),
};
