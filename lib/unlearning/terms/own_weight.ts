/**
 * Cross entropy of tokens, each weighted by what the model itself says of it: what it knows well is pushed harder.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";
import { type Term, tokenWeights, upTo } from "../terms.ts";
import type { Scope } from "../units.ts";
import { held } from "./held.ts";

/** What the term is. */
export interface OwnWeightOptions {
  /** What the step's results call it. */
  name: string;
  /** Of the mean over tokens. */
  weight: number;
  /** Whose tokens. */
  scope: Scope;
  /** The weight of each token by its probability, [N] of [N]; no gradient flows through it. */
  weigh: (probabilities: Tensor) => Tensor;
}

/**
 * The term: weight times cross entropy, nats, as far as it counts where it is brought to a loss.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { ownWeight } from "./own_weight.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const term = ownWeight({ name: "wga", weight: -1, scope: "row", weigh: (p) => p });
 * const inputs = { losses: tf.tensor1d([Math.log(4)]), arrays: {} };
 * const [value] = tf.tidy(() => term.values(inputs as unknown as Parameters<typeof term.values>[0], {}).dataSync());
 * assertAlmostEquals(value!, Math.log(4) / 4, 1e-6);
 * ```
 */
export function ownWeight({ name, weight, scope, weigh }: OwnWeightOptions): Term {
  return {
    name,
    arrays: (batch) => ({
      weights: tokenWeights(batch, { weight, of: scope === "row" ? "all" : "secret" }),
      ...batch.ceilings && { ceilings: batch.ceilings },
    }),
    values: ({ losses, arrays }) => {
      const weights = held(losses, (own) => weigh(tf.exp(tf.neg(own))));
      return tf.mul(weights, upTo(arrays.ceilings, losses));
    },
  };
}
