/**
 * Cross entropy to a distribution of one's own for each token: what the model is to say in a secret's place.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";
import type { NamedTensors, Term, TermInputs } from "../terms.ts";
import { type Scope, tokenArrays } from "../units.ts";
import { held } from "./held.ts";

/** What a target is made of. */
export interface TargetInputs {
  /** [P, V] */
  logits: Tensor;
  /** [P, V]: 1 for the true token. */
  isTrue: Tensor;
  /** [P] int32: which token of its secret or row each is, from 0. */
  ranks: Tensor;
}

/** What the term is. */
export interface TargetEntropyOptions {
  /** What the step's results call it. */
  name: string;
  /** Of the mean over tokens. */
  weight: number;
  /** Whose tokens. */
  scope: Scope;
  /** So many first tokens of each secret or row do not count. Default 0. */
  first?: number;
  /** Whose logits the target is made of: the reference's, once, or the model's own at each step. Default "reference". */
  of?: "reference" | "model";
  /** Gives the distribution, [P, V]. */
  target: (inputs: TargetInputs) => Tensor;
}

/**
 * The term: -sum of target times the log-probability over the vocabulary, nats. No gradient flows through a target.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { targetEntropy } from "./target_entropy.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const term = targetEntropy({
 *   ...{ name: "flat", weight: 1, scope: "secret" },
 *   target: ({ logits }) => tf.fill(logits.shape, 1 / 4),
 * });
 * const labels = tf.tensor1d([2], "int32");
 * const arrays = { positions: tf.tensor1d([0], "int32"), ranks: tf.tensor1d([0], "int32") };
 * const inputs = { labels, arrays, logitsAt: () => tf.zeros([1, 4]) } as unknown as Parameters<typeof term.values>[0];
 * const [loss] = tf.tidy(() => term.values(inputs, term.reference!(inputs)).dataSync());
 * assertAlmostEquals(loss!, Math.log(4), 1e-6);
 * ```
 */
export function targetEntropy(
  { name, weight, scope, first = 0, of = "reference", target }: TargetEntropyOptions,
): Term {
  const given = ({ labels, arrays }: TermInputs, logits: Tensor) =>
    target({
      logits,
      isTrue: tf.oneHot(tf.gather(labels, arrays.positions!), logits.shape[1]!),
      ranks: arrays.ranks!,
    });
  return {
    name,
    arrays: (batch) => tokenArrays(batch, { weight, scope, first }),
    ...of === "reference" && {
      reference: (inputs: TermInputs) => ({ target: given(inputs, logitsOf(inputs, scope)) }),
    },
    values: (inputs, kept: NamedTensors) => {
      const logits = logitsOf(inputs, scope);
      const wanted = kept.target ?? held(logits, (own) => given(inputs, own));
      return tf.neg(tf.sum(tf.mul(wanted, tf.logSoftmax(logits)), 1)); // [P]
    },
  };
}

/** Of whole rows all that there are, which other terms share. */
function logitsOf({ logitsAt, arrays, ...inputs }: TermInputs, scope: Scope): Tensor {
  return scope === "row" ? inputs.logits : logitsAt(arrays.positions!); // [P, V]
}
