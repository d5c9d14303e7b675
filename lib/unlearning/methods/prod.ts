/**
 * Probabilistic redistribution: a secret's probability goes to what else the model would have said.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import { defineMethod } from "../objective.ts";
import { likeliest } from "../terms/likeliest.ts";
import { targetEntropy } from "../terms/target_entropy.ts";

/** Taken off a logit, it leaves no probability. */
const ALL = 1e9;

/**
 * CE(the reference's likeliest tokens without the true one, model): Jiang et al., "Large Language Model Unlearning for Source
 * Code" (AAAI 2026). Defaults of its code: top-p 0.8, no temperature, the true token kept where a sequence begins; no retain
 * term. Its code leaves the true token there in the choice of the likeliest but takes its probability away afterwards, so that
 * the target's sum is below 1; here it stays.
 */
export const PROD = defineMethod({
  defaults: { topP: 0.8, temperature: 1, first: 1, scope: "secret" },
  objective: ({ topP, temperature, first, scope }) => ({
    forget: {},
    terms: {
      forget: [targetEntropy({
        ...{ name: "prod", weight: 1, scope, of: "reference-once" }, // each target sorts the vocabulary
        target: ({ logits, isTrue, ranks }) => {
          const goes = tf.expandDims(tf.cast(tf.greaterEqual(ranks, first), "float32"), 1); // [P, 1]
          const others = tf.sub(logits, tf.mul(tf.mul(isTrue, goes), ALL));
          return tf.softmax(tf.div(likeliest(others, topP), temperature));
        },
      })],
    },
    retain: null,
    keeps: [{ side: "forget", scope, of: "distributions" }],
  }),
});
