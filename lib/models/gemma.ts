/**
 * Gemma and CodeGemma (transformers, modeling_gemma.py): Llama with embeddings times sqrt(D), and norms whose weights are
 * stored less one.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, Weights } from "./architecture.ts";
import { rmsNorm } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { llama, llamaBlock, type LlamaConfig, readLlamaConfig } from "./llama.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 256000,
  hidden_size: 3072,
  intermediate_size: 24576,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 16,
  head_dim: 256,
  hidden_act: "gelu_pytorch_tanh",
  max_position_embeddings: 8192,
  tie_word_embeddings: true,
};

/** The Gemma family. */
export const gemma: Architecture<LlamaConfig> = {
  ...llama,
  className: "GemmaForCausalLM",
  readConfig: (json, file) => {
    const read = new ConfigReader(json, file);
    read.absent("use_bidirectional_attention");
    const hidden_act = activationOf({ ...DEFAULTS, ...json });
    if (read.has("hidden_activation") && json.hidden_activation !== hidden_act) {
      read.refuse("hidden_activation", `"${hidden_act}" or none, by hidden_act`);
    }
    const config = readLlamaConfig({ ...DEFAULTS, ...json, hidden_act }, file);
    return { ...config, modelType: "gemma", biases: { ...config.biases, mlp: false } };
  },
  embed: (weights, config, ids, positions) =>
    tf.mul(llama.embed(weights, config, ids, positions), Math.sqrt(config.width)),
  block: (weights, config, x, inputs) =>
    llamaBlock({ weights, config, inputs }, x, { norm: (x, name) => norm(weights, config, x, name) }),
  norm: (weights, config, x) => norm(weights, config, x, "model.norm"),
};

/**
 * "gelu" in Gemma's first files means the tanh approximation, as transformers takes it (configuration_gemma.py). What
 * transformers 4 read beside it, hidden_activation, must say the same: transformers 5 does not read it.
 */
function activationOf({ hidden_act }: { hidden_act?: unknown }): unknown {
  return hidden_act === "gelu" ? DEFAULTS.hidden_act : hidden_act;
}

function norm(weights: Weights, { normEpsilon }: LlamaConfig, x: Tensor, name: string): Tensor {
  return rmsNorm(x, tf.add(weights[`${name}.weight`]!, 1), normEpsilon);
}
