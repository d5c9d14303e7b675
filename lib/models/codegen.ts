/**
 * CodeGen (transformers, modeling_codegen.py): rotary positions on a part of each head, neighbouring numbers paired; one
 * layer norm for attention and MLP, which are added side by side; an output layer of its own with a bias.
 *
 * Queries, keys and values come from one product in the layout that the model was trained in, on four devices: of each
 * device all queries, then all values, then all keys of its heads.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { embed, linear, linearShapes, mlp, normLayer, normShapes } from "./layers.ts";
import { rotate } from "./rope.ts";
import { type Rope, ropeFrequencies } from "./rope_scaling.ts";

/** The fields of config.json that CodeGen's maths needs. */
export interface CodegenConfig extends ModelConfig {
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
}

/** The number of devices that the layout is for (`mp_num`). */
const DEVICES = 4;

/** The CodeGen family. */
export const codegen: Architecture<CodegenConfig> = {
  className: "CodeGenForCausalLM",
  prefix: "transformer.",
  outputName: "lm_head.weight",
  embeddingName: "transformer.wte.weight",
  readConfig,
  shapes,
  isBuffer: (name) => /\.attn\.(causal_mask|bias|masked_bias)$/.test(name),
  rope: ({ rope }) => rope,
  embed: (weights, _config, ids) => embed(weights, "transformer.wte", ids),
  block,
  norm: (weights, { layerNormEpsilon: epsilon }, x) =>
    normLayer(x, { weights, name: "transformer.ln_f", epsilon }),
  logits: (weights, config, x) => {
    const output = weights[config.tiedEmbeddings ? "transformer.wte.weight" : "lm_head.weight"]!;
    return linear({ "lm_head.weight": output, "lm_head.bias": weights["lm_head.bias"]! }, "lm_head", x); // [N, V]
  },
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): CodegenConfig {
  const config = readCodegenConfig(json, file);
  if (config.heads % DEVICES !== 0) new ConfigReader(json, file).refuse("n_head", `a multiple of ${DEVICES}`);
  return config;
}

/**
 * Reads what CodeGen's config.json has, which is what GPT-J's has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { heads, rope } = readCodegenConfig({ n_embd: 64, n_head: 2, rotary_dim: 8 }, "config.json");
 * assertEquals([heads, rope.frequencies.length], [2, 4]);
 * ```
 */
export function readCodegenConfig(json: Readonly<Record<string, unknown>>, file: string): CodegenConfig {
  const read = new ConfigReader(json, file);
  read.absent("quantization_config");
  const width = read.size("n_embd", 4096);
  const heads = read.size("n_head", 16);
  if (width % heads !== 0) read.refuse("n_head", `a divisor of n_embd = ${width}`);
  const headWidth = width / heads;
  const rotated = read.size("rotary_dim", 64);
  if (rotated > headWidth || rotated % 2 !== 0) {
    read.refuse("rotary_dim", `an even number, at most the width of a head = ${headWidth}`);
  }
  return {
    modelType: "codegen",
    vocabularySize: read.size("vocab_size", 50400),
    maxPositions: read.size("n_positions", 2048),
    width,
    layers: read.layers("n_layer", 28),
    heads,
    cacheHeads: heads,
    headWidth,
    innerWidth: read.size("n_inner", 4 * width),
    activation: read.choice("activation_function", Object.keys(ACTIVATIONS) as ActivationName[], "gelu_new"),
    layerNormEpsilon: read.positive("layer_norm_epsilon", 1e-5),
    rope: { frequencies: ropeFrequencies(rotated, 10_000), magnitude: 1 },
    tiedEmbeddings: read.flag("tie_word_embeddings", false),
  };
}

function shapes(config: CodegenConfig): Record<string, number[]> {
  const { width: D, innerWidth: F, vocabularySize: V } = config;
  const result: Record<string, number[]> = { "transformer.wte.weight": [V, D] };
  for (let l = 0; l < config.layers; l++) {
    const h = `transformer.h.${l}`;
    Object.assign(result, {
      ...normShapes(`${h}.ln_1`, D),
      [`${h}.attn.qkv_proj.weight`]: [3 * D, D],
      [`${h}.attn.out_proj.weight`]: [D, D],
      ...linearShapes(`${h}.mlp.fc_in`, [F, D]),
      ...linearShapes(`${h}.mlp.fc_out`, [D, F]),
    });
  }
  Object.assign(result, normShapes("transformer.ln_f", D));
  if (!config.tiedEmbeddings) result["lm_head.weight"] = [V, D];
  result["lm_head.bias"] = [V];
  return result;
}

/** [B T, 3 D] in the devices' layout to queries, values and keys, each [B, H, T, K]. */
function splitByDevice(qkv: Tensor, [B, T, H, K]: readonly [number, number, number, number]): Tensor[] {
  const parts = tf.split(tf.reshape(qkv, [B * T, DEVICES, 3, H / DEVICES * K]), 3, 2); // [B T, 4, 1, D / 4]
  return parts.map((part) => splitHeads(part, [B, T, H, K]));
}

function block(
  weights: Weights,
  config: CodegenConfig,
  x: Tensor,
  { layer, shape: [B, T], angles, attention }: LayerInputs,
): Tensor {
  const { heads: H, headWidth: K, activation, layerNormEpsilon: epsilon } = config;
  const h = `transformer.h.${layer}`;
  const normed = normLayer(x, { weights, name: `${h}.ln_1`, epsilon });
  const [q, v, k] = splitByDevice(linear(weights, `${h}.attn.qkv_proj`, normed), [B, T, H, K]);
  const mixed = attention({
    layer,
    q: rotate(q!, angles!, "neighbours"),
    k: rotate(k!, angles!, "neighbours"),
    v: v!,
    scale: 1 / Math.sqrt(K),
  });
  const attended = linear(weights, `${h}.attn.out_proj`, mergeHeads(mixed)); // [B T, D]
  const inner = mlp(normed, { weights, names: [`${h}.mlp.fc_in`, `${h}.mlp.fc_out`], activation });
  return tf.add(tf.add(attended, inner), x);
}
