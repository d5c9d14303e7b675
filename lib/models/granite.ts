/**
 * Granite (transformers, modeling_granite.py): Llama with factors of its own for embeddings, scores, what layers add, and
 * logits.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Architecture } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { llama, llamaBlock, type LlamaConfig, readLlamaConfig } from "./llama.ts";
import { rotaryAttention } from "./rotary_attention.ts";

/** Llama's fields, and the factors. */
export interface GraniteConfig extends LlamaConfig {
  /** Of embeddings. */
  embeddingScale: number;
  /** Of scores, in the place of 1 / sqrt(K). */
  attentionScale: number;
  /** Of what a layer's attention and MLP add. */
  residualScale: number;
  /** What logits are divided by. */
  logitsDivisor: number;
}

/** The Granite family. */
export const granite: Architecture<GraniteConfig> = {
  ...llama,
  className: "GraniteForCausalLM",
  readConfig: (json, file) => {
    const read = new ConfigReader(json, file);
    return {
      ...readLlamaConfig(json, file),
      modelType: "granite",
      embeddingScale: read.positive("embedding_multiplier", 1),
      attentionScale: read.positive("attention_multiplier", 1),
      residualScale: read.positive("residual_multiplier", 1),
      logitsDivisor: read.positive("logits_scaling", 1),
    };
  },
  embed: (weights, config, ids, positions) =>
    tf.mul(llama.embed(weights, config, ids, positions), config.embeddingScale),
  block: (weights, config, x, inputs) =>
    llamaBlock({ weights, config, inputs }, x, {
      attend: (name, x) =>
        rotaryAttention(name, x, { ...inputs, sizes: config, weights, scale: config.attentionScale }),
      residual: config.residualScale,
    }),
  afterMlp: (_weights, config, x) => tf.mul(x, config.residualScale),
  logits: (weights, config, x) => tf.div(llama.logits(weights, config, x), config.logitsDivisor), // [N, V]
};
