/**
 * Weighted gradient ascent.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import { defineMethod, retainWeights } from "../objective.ts";
import { ownWeight } from "../terms/own_weight.ts";

/**
 * -gamma mean(p^beta CE) + alpha retain, p the model's own probability of each token: Wang et al., "Rethinking LLM Unlearning
 * Objectives: A Gradient Perspective and Go Beyond" (ICLR 2025). Symbols and defaults of open-unlearning.
 */
export const WGA = defineMethod({
  defaults: { gamma: 1, alpha: 1, beta: 1, retainLoss: "nll", scope: "secret" },
  objective: ({ gamma, beta, scope, ...keep }) => ({
    forget: {},
    terms: { forget: [ownWeight({ name: "wga", weight: -gamma, scope, weigh: (p) => tf.pow(p, beta) })] },
    retain: retainWeights(keep),
    isJoint: true,
  }),
});
