/**
 * Phi-3 and Phi-4-mini (transformers, modeling_phi3.py): Llama with one product for queries, keys and values, one for the
 * MLP's gate and what it opens, and a sliding window where the file has one. Models that LongRoPE stretches take texts of
 * the length that they had before it, 4096 tokens: longer ones rotate otherwise, and are refused.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { linear } from "./layers.ts";
import { llama, llamaBlock, type LlamaConfig, llamaShapes, readLlamaConfig } from "./llama.ts";
import { readWindows } from "./read_windows.ts";
import { attendRotated } from "./rotary_attention.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 32064,
  hidden_size: 3072,
  intermediate_size: 8192,
  max_position_embeddings: 4096,
  rms_norm_eps: 1e-5,
};

/** The Phi-3 family. */
export const phi3: Architecture<LlamaConfig> = {
  ...llama,
  className: "Phi3ForCausalLM",
  readConfig: (json, file) => {
    const fields: Record<string, unknown> = { ...DEFAULTS, ...json };
    for (const field of ["rope_scaling", "rope_parameters"]) fields[field] = withNewName(fields[field]);
    const share = { field: "partial_rotary_factor", fallback: 1 };
    const config = readLlamaConfig(fields, file, { share, isLong: true });
    return {
      ...config,
      modelType: "phi3",
      maxPositions: Math.min(config.maxPositions, config.rope.positions ?? Infinity),
      biases: { qkv: false, output: false, mlp: false },
      windows: readWindows(new ConfigReader(fields, file), config),
    };
  },
  shapes,
  block,
};

/** LongRoPE was called "su" and "yarn" in this family's first files. */
function withNewName(scaling: unknown): unknown {
  if (scaling === null || typeof scaling !== "object") return scaling;
  const { rope_type: newer, type = newer } = scaling as Record<string, unknown>;
  return type === "su" || type === "yarn" ? { ...scaling, rope_type: "longrope" } : scaling;
}

function shapes(config: LlamaConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, heads: H, cacheHeads: G, headWidth: K } = config;
  return llamaShapes(config, {
    attention: (name) => ({
      [`${name}.qkv_proj.weight`]: [(H + 2 * G) * K, D],
      [`${name}.o_proj.weight`]: [D, H * K],
    }),
    mlp: (name) => ({ [`${name}.gate_up_proj.weight`]: [2 * F, D], [`${name}.down_proj.weight`]: [D, F] }),
  });
}

function block(weights: Weights, config: LlamaConfig, x: Tensor, inputs: LayerInputs): Tensor {
  const { heads: H, cacheHeads: G, headWidth: K } = config;
  return llamaBlock({ weights, config, inputs }, x, {
    attend: (name, x) => {
      const fused = linear(weights, `${name}.qkv_proj`, x); // [B T, (H + 2 G) K]
      const [q, k, v] = tf.split(fused, [H * K, G * K, G * K], 1) as [Tensor, Tensor, Tensor];
      return linear(weights, `${name}.o_proj`, attendRotated({ q, k, v }, { ...inputs, sizes: config }));
    },
    mlp: (name, x) => {
      const [gate, up] = tf.split(linear(weights, `${name}.gate_up_proj`, x), 2, 1) as [Tensor, Tensor];
      return linear(weights, `${name}.down_proj`, tf.mul(up, ACTIVATIONS[config.activation](gate)));
    },
  });
}
