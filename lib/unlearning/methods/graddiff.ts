/**
 * Gradient difference: ascent on what is forgotten, descent on what is kept.
 *
 * @module
 */
import { defineMethod, retainWeights } from "../objective.ts";

/**
 * -gamma CE(forget) + alpha retain: Liu et al., "Continual Learning and Private Unlearning" (CoLLAs 2022), as Maini et al.,
 * "TOFU: A Task of Fictitious Unlearning for LLMs" (2024), have it. Symbols and defaults of open-unlearning.
 */
export const GRAD_DIFF = defineMethod({
  defaults: { gamma: 1, alpha: 1, retainLoss: "nll", scope: "secret" },
  objective: ({ gamma, scope, ...keep }) => ({
    forget: scope === "row" ? { crossEntropyAll: -gamma } : { crossEntropySecret: -gamma },
    retain: retainWeights(keep),
    isJoint: true,
  }),
});
