/**
 * How far a layer's output is from a vector, or from the reference's: steers what a model thinks of tokens, or holds it.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";
import { type Term, type TermInputs, tokenWeights } from "../terms.ts";
import type { Scope } from "../units.ts";

/** What the term is. */
export interface HiddenDistanceOptions {
  /** What the step's results call it. */
  name: string;
  /** The layer, from 0. */
  layer: number;
  /** Of the mean over tokens. */
  weight: number;
  /** Whose tokens. */
  scope: Scope;
  /** What it is taken from: a vector of the model's width, or the reference's own output. */
  from: "reference" | ((width: number) => ArrayLike<number>);
}

/**
 * The term: mean squared difference over the width, of the output at each token itself (not where it is predicted).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { hiddenDistance } from "./hidden_distance.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const from = (width: number) => new Float32Array(width).fill(1);
 * const term = hiddenDistance({ name: "steer", layer: 0, weight: 1, scope: "row", from });
 * const inputs = { hidden: { 0: tf.tensor3d([[[9, 9], [3, 1]]]) } } as unknown as Parameters<typeof term.values>[0];
 * const values = tf.tidy(() => term.values(inputs, term.reference!(inputs)).dataSync());
 * assertEquals([...values], [2]); // the first token is predicted nowhere
 * ```
 */
export function hiddenDistance({ name, layer, weight, scope, from }: HiddenDistanceOptions): Term {
  const statesOf = ({ hidden }: TermInputs): Tensor => {
    const [B, T, D] = hidden[layer]!.shape as [number, number, number];
    return tf.reshape(tf.slice(hidden[layer]!, [0, 1, 0], [B, T - 1, D]), [B * (T - 1), D]); // [N, D]
  };
  return {
    name,
    layers: [layer],
    arrays: (batch) => ({ weights: tokenWeights(batch, { weight, of: scope === "row" ? "all" : "secret" }) }),
    reference: (inputs) => {
      if (from === "reference") return { target: statesOf(inputs) };
      const D = inputs.hidden[layer]!.shape[2]!;
      return { target: tf.tensor2d(Float32Array.from(from(D)), [1, D]) };
    },
    values: (inputs, { target }) => tf.mean(tf.square(tf.sub(statesOf(inputs), target!)), 1), // [N]
  };
}
