/**
 * GPT-NeoX: Pythia, PolyCoder (transformers, modeling_gpt_neox.py): rotary positions on a part of each head, queries, keys
 * and values from one product head by head, attention and MLP side by side or one after the other.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { mergeHeads, splitFusedHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { embed, linear, linearShapes, mlp, normLayer, normShapes } from "./layers.ts";
import { rotate } from "./rope.ts";
import { readRope, type Rope } from "./rope_scaling.ts";

/** The fields of config.json that GPT-NeoX's maths needs. */
export interface GptNeoxConfig extends ModelConfig {
  /** H */
  heads: number;
  /** Width of the MLP. */
  innerWidth: number;
  /** The MLP's activation. */
  activation: ActivationName;
  /** Added to variances. */
  layerNormEpsilon: number;
  /** How positions rotate. */
  rope: Rope;
  /** Whether attention and MLP see the same input. */
  isParallel: boolean;
  /** Whether attention's linear layers have biases. */
  attentionBias: boolean;
}

/** The GPT-NeoX family. */
export const gptNeox: Architecture<GptNeoxConfig> = {
  className: "GPTNeoXForCausalLM",
  prefix: "gpt_neox.",
  outputName: "embed_out.weight",
  embeddingName: "gpt_neox.embed_in.weight",
  readConfig,
  shapes,
  isBuffer: (name) => /\.attention\.(masked_)?bias$|rotary_emb\.inv_freq$/.test(name),
  rope: ({ rope }) => rope,
  embed: (weights, _config, ids) => embed(weights, "gpt_neox.embed_in", ids),
  block,
  norm: (weights, { layerNormEpsilon: epsilon }, x) =>
    normLayer(x, { weights, name: "gpt_neox.final_layer_norm", epsilon }),
  logits: (weights, config, x) =>
    linear(weights, config.tiedEmbeddings ? "gpt_neox.embed_in" : "embed_out", x), // [N, V]
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): GptNeoxConfig {
  const read = new ConfigReader(json, file);
  read.absent("quantization_config");
  const width = read.size("hidden_size", 6144);
  const heads = read.size("num_attention_heads", 64);
  if (width % heads !== 0) read.refuse("num_attention_heads", `a divisor of hidden_size = ${width}`);
  const positions = read.size("max_position_embeddings", 2048);
  return {
    modelType: "gpt_neox",
    vocabularySize: read.size("vocab_size", 50432),
    maxPositions: positions,
    width,
    layers: read.layers("num_hidden_layers", 44),
    heads,
    cacheHeads: heads,
    headWidth: width / heads,
    innerWidth: read.size("intermediate_size", 24576),
    activation: read.choice("hidden_act", Object.keys(ACTIVATIONS) as ActivationName[], "gelu"),
    layerNormEpsilon: read.positive("layer_norm_eps", 1e-5),
    rope: readRope(read, {
      headWidth: width / heads,
      positions,
      thetaField: "rotary_emb_base",
      share: { field: "rotary_pct", fallback: 0.25 },
    }),
    isParallel: read.flag("use_parallel_residual", true),
    attentionBias: read.flag("attention_bias", true),
    tiedEmbeddings: read.flag("tie_word_embeddings", false),
  };
}

function shapes(config: GptNeoxConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V, attentionBias: bias } = config;
  const result: Record<string, number[]> = { "gpt_neox.embed_in.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `gpt_neox.layers.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.input_layernorm`, D),
      ...normShapes(`${h}.post_attention_layernorm`, D),
      ...linearShapes(`${h}.attention.query_key_value`, [3 * D, D], { bias }),
      ...linearShapes(`${h}.attention.dense`, [D, D], { bias }),
      ...linearShapes(`${h}.mlp.dense_h_to_4h`, [F, D]),
      ...linearShapes(`${h}.mlp.dense_4h_to_h`, [D, F]),
    });
  }
  Object.assign(result, normShapes("gpt_neox.final_layer_norm", D));
  if (!config.tiedEmbeddings) result["embed_out.weight"] = [V, D];
  return result;
}

function block(
  weights: Weights,
  config: GptNeoxConfig,
  x: Tensor,
  { layer, shape: [B, T], angles, attention }: LayerInputs,
): Tensor {
  const { heads: H, headWidth: K, activation, layerNormEpsilon: epsilon } = config;
  const h = `gpt_neox.layers.${layer}`;
  const norm = (x: Tensor, name: string) => normLayer(x, { weights, name, epsilon });
  const fused = linear(weights, `${h}.attention.query_key_value`, norm(x, `${h}.input_layernorm`)); // [B T, 3 D]
  const { q, k, v } = splitFusedHeads(fused, [B, T, H, K]);
  const turned = { q: rotate(q, angles!, "halves"), k: rotate(k, angles!, "halves") };
  const mixed = mergeHeads(attention({ layer, ...turned, v, scale: 1 / Math.sqrt(K) })); // [B T, D]
  const attended = tf.add(x, linear(weights, `${h}.attention.dense`, mixed));
  const names = [`${h}.mlp.dense_h_to_4h`, `${h}.mlp.dense_4h_to_h`] as const;
  const input = norm(config.isParallel ? x : attended, `${h}.post_attention_layernorm`);
  return tf.add(attended, mlp(input, { weights, names, activation }));
}
