/**
 * The self-attention block of Llama, Qwen2 and StarCoder2: three projections, rotated queries and keys, grouped heads.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import type { LayerInputs, Weights } from "./architecture.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { linear, linearShapes } from "./layers.ts";
import { rotate } from "./rope.ts";

/** Sizes of the block. */
export interface RotaryAttentionSizes {
  /** H */
  heads: number;
  /** G */
  cacheHeads: number;
  /** K */
  headWidth: number;
}

/** What the block computes with. */
export interface RotaryAttentionInputs extends LayerInputs {
  /** Its sizes. */
  sizes: RotaryAttentionSizes;
  /** The weights, by their names in the file. */
  weights: Weights;
}

/**
 * The block of weights `name.q_proj`, `k_proj`, `v_proj` and `o_proj`.
 *
 * @param x [B T, D]
 * @returns [B T, D]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { ropeAngles } from "./rope.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const names = ["q_proj", "k_proj", "v_proj", "o_proj"];
 * const weights = Object.fromEntries(names.map((name) => [`a.${name}.weight`, tf.eye(2)]));
 * const still = { frequencies: [0], magnitude: 1 };
 * const result = rotaryAttention("a", tf.tensor2d([[3, 4]]), {
 *   sizes: { heads: 1, cacheHeads: 1, headWidth: 2 },
 *   layer: 0,
 *   angles: ropeAngles(tf.tensor2d([[5]], [1, 1], "int32"), still),
 *   shape: [1, 1],
 *   attention: ({ v }) => v,
 *   weights,
 * });
 * assertEquals([...result.dataSync()], [3, 4]);
 * ```
 */
export function rotaryAttention(
  name: string,
  x: Tensor,
  { sizes, layer, angles, shape: [B, T], attention, weights }: RotaryAttentionInputs,
): Tensor {
  const { heads: H, cacheHeads: G, headWidth: K } = sizes;
  const project = (part: string, heads: number) =>
    splitHeads(linear(weights, `${name}.${part}`, x), [B, T, heads, K]);
  const mixed = attention({
    layer,
    q: rotate(project("q_proj", H), angles!, "halves"), // [B, H, T, K]
    k: rotate(project("k_proj", G), angles!, "halves"), // [B, G, T, K]
    v: project("v_proj", G), // [B, G, T, K]
    scale: 1 / Math.sqrt(K),
  });
  return linear(weights, `${name}.o_proj`, mergeHeads(mixed));
}

/** Which of the block's linear layers have biases. */
export interface RotaryAttentionBiases {
  /** Whether those of queries, keys and values have them. */
  qkv: boolean;
  /** Whether that of what attention gives has them. */
  output: boolean;
}

/**
 * The block's weights.
 *
 * @param sizes with D
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const sizes = { width: 8, heads: 4, cacheHeads: 1, headWidth: 2 };
 * const shapes = rotaryAttentionShapes("a", sizes, { qkv: true, output: false });
 * assertEquals([shapes["a.k_proj.weight"], shapes["a.k_proj.bias"], shapes["a.o_proj.bias"]], [[2, 8], [2], undefined]);
 * ```
 */
export function rotaryAttentionShapes(
  name: string,
  sizes: RotaryAttentionSizes & { width: number },
  biases: RotaryAttentionBiases,
): Record<string, number[]> {
  const { width: D, heads: H, cacheHeads: G, headWidth: K } = sizes;
  return {
    ...linearShapes(`${name}.q_proj`, [H * K, D], { bias: biases.qkv }),
    ...linearShapes(`${name}.k_proj`, [G * K, D], { bias: biases.qkv }),
    ...linearShapes(`${name}.v_proj`, [G * K, D], { bias: biases.qkv }),
    ...linearShapes(`${name}.o_proj`, [D, H * K], { bias: biases.output }),
  };
}
