/**
 * Self-distillation with adjusted logits.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import { defineMethod, retainWeights } from "../objective.ts";
import { targetEntropy } from "../terms/target_entropy.ts";

/**
 * gamma CE(softmax(reference's logits - beta at the true token), model) + alpha retain: Dong et al., "UNDIAL: Self-Distillation
 * with Adjusted Logits for Robust Unlearning in Large Language Models" (NAACL 2025). Symbols and defaults of open-unlearning,
 * which keeps nothing (alpha 0). Its code takes the mean over all positions, prompt and padding too; here it is one over the
 * tokens that are forgotten.
 */
export const UNDIAL = defineMethod({
  defaults: { gamma: 1, alpha: 0, beta: 10, retainLoss: "nll", scope: "secret" },
  objective: ({ gamma, beta, scope, ...keep }) => ({
    forget: {},
    terms: {
      forget: [targetEntropy({
        ...{ name: "undial", weight: gamma, scope },
        target: ({ logits, isTrue }) => tf.softmax(tf.sub(logits, tf.mul(isTrue, beta))),
      })],
    },
    retain: retainWeights(keep),
    isJoint: true,
    keeps: [{ side: "forget", scope, of: "states" }],
  }),
});
