/**
 * GPT-2 and CodeParrot (transformers, modeling_gpt2.py): learned positions, pre-norm blocks, fused q, k, v, weights
 * of linear layers as [in, out].
 *
 * `scale_attn_by_inverse_layer_idx` divides layer l's scores by l + 1; `reorder_and_upcast_attn` orders and widens
 * operations for float16 only, and changes nothing in float32, in which all is computed here.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { embedWithPositions, linear, type NormLayer, normLayer, normShapes } from "./layers.ts";

/** The fields of config.json that GPT-2's maths needs. */
export interface Gpt2Config extends ModelConfig {
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
  /** Whether scores are also divided by the layer's number. */
  scaleByInverseLayer: boolean;
}

/** The GPT-2 family. */
export const gpt2: Architecture<Gpt2Config> = {
  className: "GPT2LMHeadModel",
  prefix: "transformer.",
  outputName: "lm_head.weight",
  embeddingName: "transformer.wte.weight",
  readConfig,
  shapes,
  isInOut: true,
  isBuffer: (name) => /\.attn\.(bias|masked_bias)$/.test(name),
  embed: (weights, _config, ids, positions) => embedWithPositions(weights, ids, positions),
  block,
  norm: (weights, config, x) => normLayer(x, normOf(weights, config, "transformer.ln_f")),
  logits: (weights, config, x) => linear(weights, config.tiedEmbeddings ? "transformer.wte" : "lm_head", x), // [N, V]
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): Gpt2Config {
  const read = new ConfigReader(json, file);
  read.absent("add_cross_attention", "quantization_config");
  const width = read.size("n_embd", 768);
  const heads = read.size("n_head", 12);
  if (width % heads !== 0) read.refuse("n_head", `a divisor of n_embd = ${width}`);
  return {
    modelType: "gpt2",
    vocabularySize: read.size("vocab_size", 50257),
    maxPositions: read.size("n_positions", 1024),
    width,
    layers: read.layers("n_layer", 12),
    heads,
    cacheHeads: heads,
    headWidth: width / heads,
    innerWidth: read.size("n_inner", 4 * width),
    activation: read.choice("activation_function", Object.keys(ACTIVATIONS) as ActivationName[], "gelu_new"),
    layerNormEpsilon: read.positive("layer_norm_epsilon", 1e-5),
    scaleAttention: read.flag("scale_attn_weights", true),
    scaleByInverseLayer: read.flag("scale_attn_by_inverse_layer_idx", false),
    tiedEmbeddings: read.flag("tie_word_embeddings", true),
  };
}

function shapes(config: Gpt2Config): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V, cacheHeads: G, headWidth: K } = config;
  const result: Record<string, number[]> = {
    "transformer.wte.weight": [V, D],
    "transformer.wpe.weight": [config.maxPositions, D],
  };
  for (let l = 0; l < config.layers; l++) {
    const h = `transformer.h.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.ln_1`, D),
      ...projectionShapes(`${h}.attn.c_attn`, [D, D + 2 * G * K]),
      ...projectionShapes(`${h}.attn.c_proj`, [D, D]),
      ...normShapes(`${h}.ln_2`, D),
      ...projectionShapes(`${h}.mlp.c_fc`, [D, F]),
      ...projectionShapes(`${h}.mlp.c_proj`, [F, D]),
    });
  }
  Object.assign(result, normShapes("transformer.ln_f", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

/** GPT-2 stores its projections as [in, out], all other families as [out, in]. */
function projectionShapes(name: string, size: [number, number]): Record<string, number[]> {
  return { [`${name}.weight`]: size, [`${name}.bias`]: [size[1]] };
}

/** [N, in] to [N, out] */
function project(weights: Weights, name: string, x: Tensor): Tensor {
  return linear(weights, name, x, { isInOut: true });
}

function normOf(weights: Weights, { layerNormEpsilon: epsilon }: Gpt2Config, name: string): NormLayer {
  return { weights, name, epsilon };
}

function block(
  weights: Weights,
  config: Gpt2Config,
  x: Tensor,
  { layer, shape: [B, T], attention }: LayerInputs,
): Tensor {
  const { heads: H, headWidth: K } = config;
  const h = `transformer.h.${layer}`;
  const qkv = project(weights, `${h}.attn.c_attn`, normLayer(x, normOf(weights, config, `${h}.ln_1`))); // [B T, 3 D]
  const [q, k, v] = tf.split(qkv, 3, 1).map((part) => splitHeads(part, [B, T, H, K])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const scale = (config.scaleAttention ? 1 / Math.sqrt(K) : 1) / (config.scaleByInverseLayer ? layer + 1 : 1);
  const mixed = mergeHeads(attention({ layer, q, k, v, scale })); // [B T, D]
  const attended = tf.add(x, project(weights, `${h}.attn.c_proj`, mixed));
  const normed = normLayer(attended, normOf(weights, config, `${h}.ln_2`));
  const inner = ACTIVATIONS[config.activation](project(weights, `${h}.mlp.c_fc`, normed));
  return tf.add(attended, project(weights, `${h}.mlp.c_proj`, inner));
}
