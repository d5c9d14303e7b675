/**
 * StableLM and Stable Code (transformers, modeling_stablelm.py): Llama with layer norms, and rotary positions on a part of
 * each head.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { gatedMlpShapes, normLayer, normShapes } from "./layers.ts";
import { llama, llamaBlock, type LlamaConfig, readLlamaConfig } from "./llama.ts";
import { rotaryAttentionShapes } from "./rotary_attention.ts";

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
  shapes,
  block: (weights, config, x, inputs) => {
    const norm = (x: Parameters<typeof normLayer>[0], name: string) =>
      normLayer(x, { weights, name, epsilon: config.normEpsilon });
    return llamaBlock({ weights, config, inputs }, x, { norm });
  },
  norm: (weights, { normEpsilon: epsilon }, x) => normLayer(x, { weights, name: "model.norm", epsilon }),
};

function shapes(config: LlamaConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V } = config;
  const result: Record<string, number[]> = { "model.embed_tokens.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `model.layers.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.input_layernorm`, D),
      ...rotaryAttentionShapes(`${h}.self_attn`, config, config.biases),
      ...normShapes(`${h}.post_attention_layernorm`, D),
      ...gatedMlpShapes(`${h}.mlp`, [D, F], { bias: false }),
    });
  }
  Object.assign(result, normShapes("model.norm", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}
