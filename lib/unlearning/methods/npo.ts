/**
 * Negative preference optimization.
 *
 * @module
 */
import { defineMethod, retainWeights } from "../objective.ts";
import { logRatio } from "../terms/log_ratio.ts";

/**
 * -2 gamma / beta log sigmoid(-beta log(p / p_reference)) + alpha retain, p that of a whole sequence: Zhang et al., "Negative
 * Preference Optimization: From Catastrophic Collapse to Effective Unlearning" (COLM 2024). Symbols and defaults of
 * open-unlearning.
 *
 * A sequence is a secret, or a row. The sum over a row of 512 tokens has left the sigmoid's slope when its mean loss has
 * risen by a tenth of a nat, and then little more is forgotten; that over a secret of 20 tokens when it has risen by 2.6 nats.
 */
export const NPO = defineMethod({
  defaults: { gamma: 1, alpha: 1, beta: 0.1, retainLoss: "nll", scope: "secret" },
  objective: ({ gamma, beta, scope, ...keep }) => ({
    forget: {},
    terms: { forget: [logRatio({ name: "npo", weight: gamma, scope, beta, beside: "reference" })] },
    retain: retainWeights(keep),
    isJoint: true,
    keeps: [{ side: "forget", scope: "row", of: "losses" }],
  }),
});
