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
import type { Architecture, AttentionFunction, ModelConfig, Weights } from "./architecture.ts";
import { layerNorm, mergeHeads, splitHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";

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
  isBuffer: (name) => /\.attn\.(bias|masked_bias)$/.test(name),
  hidden,
  logits: (weights, config, x) => {
    const output = config.tiedEmbeddings ? weights["transformer.wte.weight"]! : weights["lm_head.weight"]!;
    return tf.matMul(x as tf.Tensor2D, output as tf.Tensor2D, false, true); // [N, V]
  },
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
    innerWidth: json.n_inner === null || json.n_inner === undefined ? 4 * width : read.size("n_inner"),
    activation: read.choice("activation_function", Object.keys(ACTIVATIONS) as ActivationName[], "gelu_new"),
    layerNormEpsilon: read.positive("layer_norm_epsilon", 1e-5),
    scaleAttention: read.flag("scale_attn_weights", true),
    scaleByInverseLayer: read.flag("scale_attn_by_inverse_layer_idx", false),
    tiedEmbeddings: read.flag("tie_word_embeddings", true),
  };
}

function shapes(config: Gpt2Config): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V } = config;
  const result: Record<string, number[]> = {
    "transformer.wte.weight": [V, D],
    "transformer.wpe.weight": [config.maxPositions, D],
  };
  for (let l = 0; l < config.layers; l++) {
    const h = `transformer.h.${l}`;
    Object.assign(result, {
      [`${h}.ln_1.weight`]: [D],
      [`${h}.ln_1.bias`]: [D],
      [`${h}.attn.c_attn.weight`]: [D, 3 * D],
      [`${h}.attn.c_attn.bias`]: [3 * D],
      [`${h}.attn.c_proj.weight`]: [D, D],
      [`${h}.attn.c_proj.bias`]: [D],
      [`${h}.ln_2.weight`]: [D],
      [`${h}.ln_2.bias`]: [D],
      [`${h}.mlp.c_fc.weight`]: [D, F],
      [`${h}.mlp.c_fc.bias`]: [F],
      [`${h}.mlp.c_proj.weight`]: [F, D],
      [`${h}.mlp.c_proj.bias`]: [D],
    });
  }
  result["transformer.ln_f.weight"] = [D];
  result["transformer.ln_f.bias"] = [D];
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  return result;
}

function linear(weights: Weights, name: string, x: Tensor): Tensor {
  return tf.add(
    tf.matMul(x as tf.Tensor2D, weights[`${name}.weight`] as tf.Tensor2D),
    weights[`${name}.bias`]!,
  );
}

function hidden(
  weights: Weights,
  config: Gpt2Config,
  ids: Tensor,
  positions: Tensor,
  attention: AttentionFunction,
): Tensor {
  const [B, T] = ids.shape as [number, number];
  const { width: D, heads: H, headWidth: K } = config;
  const norm = (x: Tensor, name: string) =>
    layerNorm(x, weights[`${name}.weight`]!, weights[`${name}.bias`]!, config.layerNormEpsilon);
  const embedded = tf.add(
    tf.gather(weights["transformer.wte.weight"]!, ids),
    tf.gather(weights["transformer.wpe.weight"]!, positions),
  ); // [B, T, D]
  let x = tf.reshape(embedded, [B * T, D]); // [B T, D]
  for (let layer = 0; layer < config.layers; layer++) {
    const h = `transformer.h.${layer}`;
    const qkv = linear(weights, `${h}.attn.c_attn`, norm(x, `${h}.ln_1`)); // [B T, 3 D]
    const [q, k, v] = tf.split(qkv, 3, 1).map((part) => splitHeads(part, [B, T, H, K])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const scale = (config.scaleAttention ? 1 / Math.sqrt(K) : 1) /
      (config.scaleByInverseLayer ? layer + 1 : 1);
    const mixed = mergeHeads(attention({ layer, q, k, v, scale })); // [B T, D]
    x = tf.add(x, linear(weights, `${h}.attn.c_proj`, mixed));
    const inner = ACTIVATIONS[config.activation](linear(weights, `${h}.mlp.c_fc`, norm(x, `${h}.ln_2`)));
    x = tf.add(x, linear(weights, `${h}.mlp.c_proj`, inner));
  }
  return norm(x, "transformer.ln_f");
}
