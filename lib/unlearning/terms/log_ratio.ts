/**
 * A sigmoid of how much less likely a whole secret, or row, is than asked: preference losses without a preferred answer.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Tensor } from "../../npm/tfjs_core.ts";
import type { Term, TermInputs } from "../terms.ts";
import { type Scope, sumUnits, unitArrays } from "../units.ts";

/** What the term is. */
export interface LogRatioOptions {
  /** What the step's results call it. */
  name: string;
  /** Of the mean over secrets, or rows. */
  weight: number;
  /** Of what each value is. */
  scope: Scope;
  /** Inverse temperature: the larger, the sooner the push ends. */
  beta: number;
  /** What the loss of a sequence is taken beside: the reference's, summed, or a mean loss per token, nats. */
  beside: "reference" | number;
}

/**
 * The term: -2 / beta log sigmoid(beta s), of s the summed log-ratio of reference and model, or mean loss less that asked.
 * The reference's losses are computed once.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { logRatio } from "./log_ratio.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const term = logRatio({ name: "npo", weight: 1, scope: "row", beta: 0.5, beside: "reference" });
 * const arrays = { units: tf.tensor1d([0, 0], "int32"), weights: tf.tensor1d([1]) };
 * const losses = tf.fill([2], Math.log(4));
 * const inputs = { ids: tf.zeros([1, 3]), labels: tf.tensor1d([1, 2], "int32"), losses, arrays };
 * const given = inputs as unknown as Parameters<typeof term.values>[0];
 * const [value] = tf.tidy(() => term.values(given, term.reference!(given)).dataSync());
 * assertAlmostEquals(value!, 4 * Math.log(2), 1e-6); // the model is the reference
 * ```
 */
export function logRatio({ name, weight, scope, beta, beside }: LogRatioOptions): Term {
  return {
    name,
    arrays: (batch) => unitArrays(batch, { weight, scope }),
    ...beside === "reference" && { reference: ({ losses }: TermInputs) => ({ losses }) },
    values: (inputs, { losses }) => {
      const sums = sum(inputs, inputs.losses);
      const excess = beside === "reference" ? tf.sub(sums, sum(inputs, losses!)) : tf.sub(
        tf.div(sums, tf.maximum(sum(inputs, tf.onesLike(inputs.labels).cast("float32")), 1)),
        beside,
      );
      return tf.mul(tf.softplus(tf.mul(excess, -beta)), 2 / beta); // [B slots]
    },
  };
}

/** The sum over each secret or row. */
function sum({ ids, arrays }: TermInputs, values: Tensor): Tensor {
  const rows = ids.shape[0]!;
  return sumUnits(values, arrays.units!, { rows, slots: arrays.weights!.size / rows });
}
