/**
 * Cross entropy unlearning.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import { defineMethod } from "../objective.ts";
import { targetEntropy } from "../terms/target_entropy.ts";

/** Taken off a logit, it leaves no probability. */
const ALL = 1e9;

/**
 * CE(the model's own distribution without the true token, model), the first token of each sequence left out: Yang, "CE-U: Cross
 * Entropy Unlearning" (2025). Defaults of the paper and of open-unlearning (`ignore_first_n_answer_tokens`); it has no retain
 * term.
 */
export const CE_U = defineMethod({
  defaults: { first: 1, scope: "secret" },
  objective: ({ first, scope }) => ({
    forget: {},
    terms: {
      forget: [targetEntropy({
        ...{ name: "ceu", weight: 1, scope, first, of: "model" },
        target: ({ logits, isTrue }) => tf.softmax(tf.sub(logits, tf.mul(isTrue, ALL))),
      })],
    },
    retain: null,
  }),
});
