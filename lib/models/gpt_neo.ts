/**
 * GPT-Neo, and PyCodeGPT (transformers, modeling_gpt_neo.py): GPT-2 with weights as [out, in], queries, keys and values from
 * products of their own, scores that are not scaled, and windows on its local layers.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { type ActivationName, ACTIVATIONS } from "./activations.ts";
import type { Architecture, AttentionWindows, LayerInputs, Weights } from "./architecture.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { gpt2, type Gpt2Config } from "./gpt2.ts";
import { gptBigcode } from "./gpt_bigcode.ts";
import { linear, linearShapes, mlp, normLayer } from "./layers.ts";

/** The GPT-Neo family. */
export const gptNeo: Architecture<Gpt2Config> = {
  ...gpt2,
  className: "GPTNeoForCausalLM",
  readConfig,
  shapes,
  isInOut: false,
  isBuffer: (name) => /\.attn\.attention\.(bias|masked_bias)$/.test(name),
  block,
};

function readConfig(json: Readonly<Record<string, unknown>>, file: string): Gpt2Config {
  const read = new ConfigReader(json, file);
  read.absent("quantization_config");
  const width = read.size("hidden_size", 2048);
  const heads = read.size("num_heads", 16);
  if (width % heads !== 0) read.refuse("num_heads", `a divisor of hidden_size = ${width}`);
  const layers = read.layers("num_layers", 24);
  const maxPositions = read.size("max_position_embeddings", 2048);
  return {
    modelType: "gpt_neo",
    vocabularySize: read.size("vocab_size", 50257),
    maxPositions,
    width,
    layers,
    heads,
    cacheHeads: heads,
    headWidth: width / heads,
    innerWidth: read.size("intermediate_size", 4 * width),
    activation: read.choice("activation_function", Object.keys(ACTIVATIONS) as ActivationName[], "gelu_new"),
    layerNormEpsilon: read.positive("layer_norm_epsilon", 1e-5),
    scaleAttention: false,
    scaleByInverseLayer: false,
    tiedEmbeddings: read.flag("tie_word_embeddings", true),
    windows: readLocalWindows(json, file, { layers, maxPositions }),
  };
}

/** `attention_types` is a list of [kinds, how often they are repeated]; "local" layers see `window_size` positions. */
function readLocalWindows(
  json: Readonly<Record<string, unknown>>,
  file: string,
  { layers, maxPositions }: { layers: number; maxPositions: number },
): AttentionWindows | undefined {
  const read = new ConfigReader(json, file);
  const { attention_types: types = [[["global", "local"], layers / 2]] } = json;
  const isKind = (kind: unknown) => kind === "global" || kind === "local";
  const isEntry = (entry: unknown) =>
    Array.isArray(entry) && entry.length === 2 && Array.isArray(entry[0]) && entry[0].every(isKind) &&
    Number.isInteger(entry[1]) && entry[1] >= 0 && entry[0].length * entry[1] <= layers;
  const isList = Array.isArray(types) && types.length <= layers && types.every(isEntry);
  const kinds = isList
    ? (types as [string[], number][]).flatMap(([kinds, count]) => Array<string[]>(count).fill(kinds).flat())
    : [];
  if (kinds.length !== layers) {
    read.refuse("attention_types", `[[["global", "local"], times], ...] for num_layers = ${layers}`);
  }
  const window = read.size("window_size", 256);
  if (window >= maxPositions || !kinds.includes("local")) return undefined;
  return kinds.map((kind) => kind === "local" ? window : null);
}

/** GPTBigCode's, with other products in attention. */
function shapes(config: Gpt2Config): Record<string, number[]> {
  const { width: D } = config;
  const result = gptBigcode.shapes(config);
  for (let l = 0; l < config.layers; l++) {
    const name = `transformer.h.${l}.attn`;
    for (const part of ["c_attn", "c_proj"]) {
      delete result[`${name}.${part}.weight`];
      delete result[`${name}.${part}.bias`];
    }
    for (const part of ["q_proj", "k_proj", "v_proj"]) result[`${name}.attention.${part}.weight`] = [D, D];
    Object.assign(result, linearShapes(`${name}.attention.out_proj`, [D, D]));
  }
  return result;
}

function block(
  weights: Weights,
  config: Gpt2Config,
  x: Tensor,
  { layer, shape: [B, T], attention }: LayerInputs,
): Tensor {
  const { heads: H, headWidth: K, activation, layerNormEpsilon: epsilon } = config;
  const h = `transformer.h.${layer}`;
  const normed = normLayer(x, { weights, name: `${h}.ln_1`, epsilon });
  const project = (part: string) =>
    splitHeads(linear(weights, `${h}.attn.attention.${part}`, normed), [B, T, H, K]);
  const heads = { q: project("q_proj"), k: project("k_proj"), v: project("v_proj") };
  const mixed = mergeHeads(attention({ layer, ...heads, scale: 1 })); // [B T, D]
  const attended = tf.add(x, linear(weights, `${h}.attn.attention.out_proj`, mixed));
  const middle = normLayer(attended, { weights, name: `${h}.ln_2`, epsilon });
  return tf.add(attended, mlp(middle, { weights, names: [`${h}.mlp.c_fc`, `${h}.mlp.c_proj`], activation }));
}
