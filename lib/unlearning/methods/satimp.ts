/**
 * Ascent weighted by saturation and importance.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import { defineMethod, retainWeights } from "../objective.ts";
import { ownWeight } from "../terms/own_weight.ts";

/**
 * -gamma mean(p^beta1 (1 - p)^beta2 CE) + alpha retain, p the model's own probability of each token: Yang et al., "Exploring
 * Criteria of Loss Reweighting to Enhance LLM Unlearning" (ICML 2025). Symbols of open-unlearning, and the defaults of its
 * configuration: those of its class have gamma and alpha the other way round.
 */
export const SAT_IMP = defineMethod({
  defaults: { gamma: 0.1, alpha: 1, beta1: 5, beta2: 1, retainLoss: "nll", scope: "secret" },
  objective: ({ gamma, beta1, beta2, scope, ...keep }) => ({
    forget: {},
    terms: {
      forget: [ownWeight({
        ...{ name: "satimp", weight: -gamma, scope },
        weigh: (p) => tf.mul(tf.pow(p, beta1), tf.pow(tf.sub(1, p), beta2)),
      })],
    },
    retain: retainWeights(keep),
    isJoint: true,
  }),
});
