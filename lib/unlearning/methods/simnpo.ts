/**
 * Negative preference optimization without a reference.
 *
 * @module
 */
import { defineMethod, retainWeights } from "../objective.ts";
import { logRatio } from "../terms/log_ratio.ts";

/**
 * -2 gamma / beta log sigmoid(beta (mean CE - delta)) + alpha retain, the mean over a sequence: Fan et al., "Simplicity
 * Prevails: Rethinking Negative Preference Optimization for LLM Unlearning" (2024). Symbols and defaults of open-unlearning:
 * its delta is the paper's gamma.
 */
export const SIM_NPO = defineMethod({
  defaults: { gamma: 0.125, alpha: 1, beta: 4.5, delta: 0, retainLoss: "nll", scope: "secret" },
  objective: ({ gamma, beta, delta, scope, ...keep }) => ({
    forget: {},
    terms: { forget: [logRatio({ name: "simnpo", weight: gamma, scope, beta, beside: delta })] },
    retain: retainWeights(keep),
    isJoint: true,
  }),
});
