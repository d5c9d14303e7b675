/**
 * Cross entropy to a distribution of one's own for each token: what the model is to say in a secret's place.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";
import type { LogitRows, Term, TermInputs } from "../terms.ts";
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
  /**
   * Whose logits the target is made of: the reference's, of its states at each step; these, once, where that takes long, and
   * then all targets are kept; or the model's own at each step. Default "reference".
   */
  of?: "reference" | "reference-once" | "model";
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
 * const [labels, positions, ranks] = [2, 0, 0].map((value) => tf.tensor1d([value], "int32"));
 * const valuesOf = (f: (rows: unknown) => tf.Tensor) =>
 *   f({ logits: tf.zeros([1, 4]), reference: tf.zeros([1, 4]), beside: [labels, ranks] });
 * const inputs = { labels, arrays: { positions, ranks }, valuesOf } as unknown as Parameters<typeof term.values>[0];
 * const [loss] = tf.tidy(() => term.values(inputs, {}).dataSync());
 * assertAlmostEquals(loss!, Math.log(4), 1e-6);
 * ```
 */
export function targetEntropy(
  { name, weight, scope, first = 0, of = "reference", target }: TargetEntropyOptions,
): Term {
  const positionsOf = ({ arrays }: TermInputs) => scope === "row" ? undefined : arrays.positions!;
  const targetOf = (logits: Tensor, { beside: [labels, ranks] }: Pick<LogitRows, "beside">) =>
    target({ logits, isTrue: tf.oneHot(labels!, logits.shape[1]!), ranks: ranks! });
  const besideOf = ({ labels, arrays }: TermInputs) => [
    tf.gather(labels, arrays.positions!),
    arrays.ranks!,
  ];
  const references: Record<typeof of, Term["reference"]> = {
    reference: (inputs) => ({ states: inputs.statesAt(positionsOf(inputs)) }),
    "reference-once": (inputs) => {
      const logits = inputs.logitsAt(inputs.arrays.positions!);
      return { target: targetOf(logits, { beside: besideOf(inputs) }) };
    },
    model: undefined,
  };
  const reference = references[of];
  return {
    name,
    arrays: (batch) => tokenArrays(batch, { weight, scope, first }),
    ...reference && { reference },
    values: (inputs, { states, target: kept }) => {
      const entropyOf = (rows: LogitRows) => {
        const { logits } = rows;
        const wanted = kept
          ? rows.beside[2]!
          : rows.reference
          ? targetOf(rows.reference, rows)
          : held(logits, (own) => targetOf(own, rows));
        return tf.neg(tf.sum(tf.mul(wanted, tf.logSoftmax(logits)), 1));
      };
      const beside = kept ? [...besideOf(inputs), kept] : besideOf(inputs);
      return inputs.valuesOf(entropyOf, { at: positionsOf(inputs), beside, reference: states }); // [P]
    },
  };
}
