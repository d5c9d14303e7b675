/**
 * GPTBigCode: StarCoder, SantaCoder (transformers, modeling_gpt_bigcode.py): GPT-2 with weights as [out, in] and, mostly, one
 * head of keys and values that all heads of queries share.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { mergeHeads, splitFusedHeads, splitHeads } from "./attention.ts";
import { ConfigReader } from "./config.ts";
import { gpt2, type Gpt2Config } from "./gpt2.ts";
import { linear, mlp, normLayer } from "./layers.ts";

/** The GPTBigCode family. */
export const gptBigcode: Architecture<Gpt2Config> = {
  ...gpt2,
  className: "GPTBigCodeForCausalLM",
  readConfig: (json, file) => {
    const config = gpt2.readConfig({ activation_function: "gelu_pytorch_tanh", ...json }, file);
    const isShared = new ConfigReader(json, file).flag("multi_query", true);
    return {
      ...config,
      modelType: "gpt_bigcode",
      cacheHeads: isShared ? 1 : config.heads,
      scaleByInverseLayer: false,
    };
  },
  shapes,
  isInOut: false,
  isBuffer: (name) => /^transformer\.(h\.\d+\.attn\.)?(bias|masked_bias)$/.test(name),
  block,
};

/** GPT-2's, with the projections' weights as [out, in]. */
function shapes(config: Gpt2Config): Record<string, number[]> {
  const isProjection = (name: string) => /\.(c_attn|c_proj|c_fc)\.weight$/.test(name);
  return Object.fromEntries(
    Object.entries(gpt2.shapes(config)).map((
      [name, shape],
    ) => [name, isProjection(name) ? shape.toReversed() : shape]),
  );
}

/** The product's queries, keys and values: head by head where each head has its own, else all queries first. */
function splitProduct(fused: Tensor, [B, T]: readonly [number, number], config: Gpt2Config) {
  const { heads: H, cacheHeads: G, headWidth: K, width: D } = config;
  if (G > 1) return splitFusedHeads(fused, [B, T, H, K]);
  const [q, k, v] = tf.split(fused, [D, K, K], 1) as [Tensor, Tensor, Tensor];
  const shared = (x: Tensor) => splitHeads(x, [B, T, 1, K]);
  return { q: splitHeads(q, [B, T, H, K]), k: shared(k), v: shared(v) };
}

function block(
  weights: Weights,
  config: Gpt2Config,
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
  const middle = normLayer(attended, { weights, name: `${h}.ln_2`, epsilon });
  return tf.add(attended, mlp(middle, { weights, names: [`${h}.mlp.c_fc`, `${h}.mlp.c_proj`], activation }));
}
