/**
 * The self-attention of Llama and what is built like it: projections, rotated queries and keys, grouped heads.
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

/** What attention computes with. */
export interface RotatedInputs extends LayerInputs {
  /** Its sizes. */
  sizes: RotaryAttentionSizes;
  /** The factor for scores. Default 1 / sqrt(K). */
  scale?: number;
  /** Which numbers of a head are rotated together. Default "halves". */
  pairs?: "halves" | "neighbours";
}

/** What the block computes with. */
export interface RotaryAttentionInputs extends RotatedInputs {
  /** The weights, by their names in the file. */
  weights: Weights;
  /** What is done to queries and keys before they are rotated, [B T, H K] and [B T, G K]. Default: nothing. */
  adjust?: (part: "q" | "k", x: Tensor) => Tensor;
  /** The last projection's name. Default "o_proj". */
  output?: string;
}

/**
 * Attention with rotated queries and keys, without its projections.
 *
 * @param projected queries [B T, H K], keys and values [B T, G K]
 * @returns [B T, H K]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { ropeAngles } from "./rope.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.tensor2d([[3, 4]]);
 * const result = attendRotated({ q: x, k: x, v: x }, {
 *   sizes: { heads: 1, cacheHeads: 1, headWidth: 2 },
 *   layer: 0,
 *   angles: ropeAngles(tf.tensor2d([[5]], [1, 1], "int32"), { frequencies: [Math.PI], magnitude: 1 }),
 *   shape: [1, 1],
 *   attention: ({ q }) => q,
 * });
 * assertEquals([...result.dataSync()].map(Math.round), [-3, -4]); // five halves of a turn
 * ```
 */
export function attendRotated(
  { q, k, v }: Record<"q" | "k" | "v", Tensor>,
  { sizes, layer, angles, shape: [B, T], attention, scale, pairs = "halves" }: RotatedInputs,
): Tensor {
  const { heads: H, cacheHeads: G, headWidth: K } = sizes;
  const rotated = (x: Tensor, heads: number) => rotate(splitHeads(x, [B, T, heads, K]), angles!, pairs);
  const mixed = attention({
    layer,
    q: rotated(q, H), // [B, H, T, K]
    k: rotated(k, G), // [B, G, T, K]
    v: splitHeads(v, [B, T, G, K]),
    scale: scale ?? 1 / Math.sqrt(K),
  });
  return mergeHeads(mixed);
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
  { weights, adjust = (_part, x) => x, output = "o_proj", ...inputs }: RotaryAttentionInputs,
): Tensor {
  const [q, k, v] = ["q_proj", "k_proj", "v_proj"].map((part) => linear(weights, `${name}.${part}`, x)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const mixed = attendRotated({ q: adjust("q", q), k: adjust("k", k), v }, inputs);
  return linear(weights, `${name}.${output}`, mixed);
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
