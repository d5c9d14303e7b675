/**
 * GPTBigCode: StarCoder, SantaCoder (transformers, modeling_gpt_bigcode.py): GPT-2 with weights as [out, in] and, mostly, one
 * head of keys and values that all heads of queries share.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { mergeHeads, splitFusedHeads, splitHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { embedWithPositions, linear, linearShapes, mlp, normLayer, normShapes } from "./layers.ts";

/** The fields of config.json that GPTBigCode's maths needs. */
export interface GptBigcodeConfig extends ModelConfig {
  /** H */
  heads: number;
  /** Width of the MLP. */
  innerWidth: number;
  /** The MLP's activation. */
  activation: ActivationName;
  /** Added to variances. */
  layerNormEpsilon: number;
  /** Whether scores are divided by sqrt(K). */
  scaleAttention: boolean;
}

/** The GPTBigCode family. */
export const gptBigcode: Architecture<GptBigcodeConfig> = {
  className: "GPTBigCodeForCausalLM",
  prefix: "transformer.",
  outputName: "lm_head.weight",
  embeddingName: "transformer.wte.weight",
  readConfig,
  shapes,
  isBuffer: (name) => /^transformer\.(h\.\d+\.attn\.)?(bias|masked_bias)$/.test(name),
  embed: (weights, _config, ids, positions) => embedWithPositions(weights, ids, positions),
  block,
  norm: (weights, { layerNormEpsilon: epsilon }, x) =>
    normLayer(x, { weights, name: "transformer.ln_f", epsilon }),
  logits: (weights, config, x) => linear(weights, config.tiedEmbeddings ? "transformer.wte" : "lm_head", x), // [N, V]
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): GptBigcodeConfig {
  const read = new ConfigReader(json, file);
  read.absent("add_cross_attention", "quantization_config");
  const width = read.size("n_embd", 768);
  const heads = read.size("n_head", 12);
  if (width % heads !== 0) read.refuse("n_head", `a divisor of n_embd = ${width}`);
  return {
    modelType: "gpt_bigcode",
    vocabularySize: read.size("vocab_size", 50257),
    maxPositions: read.size("n_positions", 1024),
    width,
    layers: read.layers("n_layer", 12),
    heads,
    cacheHeads: read.flag("multi_query", true) ? 1 : heads,
    headWidth: width / heads,
    innerWidth: read.size("n_inner", 4 * width),
    activation: read.choice(
      "activation_function",
      Object.keys(ACTIVATIONS) as ActivationName[],
      "gelu_pytorch_tanh",
    ),
    layerNormEpsilon: read.positive("layer_norm_epsilon", 1e-5),
    scaleAttention: read.flag("scale_attn_weights", true),
    tiedEmbeddings: read.flag("tie_word_embeddings", true),
  };
}

function shapes(config: GptBigcodeConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V, cacheHeads: G, headWidth: K } = config;
  const result: Record<string, number[]> = {
    "transformer.wte.weight": [V, D],
    "transformer.wpe.weight": [config.maxPositions, D],
  };
  for (let l = 0; l < config.layers; l++) {
    const h = `transformer.h.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.ln_1`, D),
      ...linearShapes(`${h}.attn.c_attn`, [D + 2 * G * K, D]),
      ...linearShapes(`${h}.attn.c_proj`, [D, D]),
      ...normShapes(`${h}.ln_2`, D),
      ...linearShapes(`${h}.mlp.c_fc`, [F, D]),
      ...linearShapes(`${h}.mlp.c_proj`, [D, F]),
    });
  }
  Object.assign(result, normShapes("transformer.ln_f", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

/** The product's queries, keys and values: head by head where each head has its own, else all queries first. */
function splitProduct(fused: Tensor, [B, T]: readonly [number, number], config: GptBigcodeConfig) {
  const { heads: H, cacheHeads: G, headWidth: K, width: D } = config;
  if (G > 1) return splitFusedHeads(fused, [B, T, H, K]);
  const [q, k, v] = tf.split(fused, [D, K, K], 1) as [Tensor, Tensor, Tensor];
  const shared = (x: Tensor) => splitHeads(x, [B, T, 1, K]);
  return { q: splitHeads(q, [B, T, H, K]), k: shared(k), v: shared(v) };
}

function block(
  weights: Weights,
  config: GptBigcodeConfig,
  x: Tensor,
  { layer, shape, attention }: LayerInputs,
): Tensor {
  const { activation, layerNormEpsilon: epsilon } = config;
  const h = `transformer.h.${layer}`;
  const scale = config.scaleAttention ? 1 / Math.sqrt(config.headWidth) : 1;
  const normed = normLayer(x, { weights, name: `${h}.ln_1`, epsilon });
  const fused = linear(weights, `${h}.attn.c_attn`, normed); // [B T, D + 2 G K]
  const mixed = mergeHeads(attention({ layer, ...splitProduct(fused, shape, config), scale })); // [B T, D]
  const attended = tf.add(x, linear(weights, `${h}.attn.c_proj`, mixed));
  const names = [`${h}.mlp.c_fc`, `${h}.mlp.c_proj`] as const;
  const inner = mlp(normLayer(attended, { weights, name: `${h}.ln_2`, epsilon }), {
    weights,
    names,
    activation,
  });
  return tf.add(attended, inner);
}
