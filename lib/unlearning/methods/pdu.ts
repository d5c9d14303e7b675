/**
 * Primal-dual unlearning: flat logits on what is forgotten, with a loss on what is kept that must not grow.
 *
 * @module
 */
import { defineMethod, dualWeights } from "../objective.ts";
import { logitMargin } from "../terms/logit_margin.ts";

/**
 * gamma mean((largest - mean logit)^2) + weight (retain loss - epsilon): the weight begins at alpha and, after the warm-up,
 * grows by dualStep times what the retain loss, CE or KL, is above epsilon, at each step, never below 0: Entesari et al.,
 * "Constrained Entropic Unlearning: A Primal-Dual Framework for Large Language Models" (NeurIPS 2025). Symbols and defaults of
 * open-unlearning, whose configuration has no epsilon; here it is the retain loss of the model as it came, for KL 0. Its code
 * takes the logits of the forgotten tokens' own positions, which predict the tokens after them; here it takes those that
 * predict them. CE is no named default, so that runs by earlier versions, which knew no other, are of the same settings.
 */
export const PDU = defineMethod({
  defaults: { gamma: 1, alpha: 1, epsilon: null, dualStep: 1, warmup: 5, retainLoss: null, scope: "secret" },
  objective: ({ gamma, alpha, epsilon, dualStep, warmup, retainLoss = "nll", scope }) => ({
    forget: {},
    terms: { forget: [logitMargin({ name: "pdu", weight: gamma, scope })] },
    retain: dualWeights({ weight: alpha, retainLoss }),
    isJoint: true,
    dual: { weight: alpha, step: dualStep, warmup, ...epsilon !== undefined && { bound: epsilon } },
  }),
});
