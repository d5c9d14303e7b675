/**
 * Tokens' ranks edited in value vectors.
 *
 * @module
 */
import { defineMethod } from "../objective.ts";

/**
 * The rarest tokens of each secret get low ranks, by edits of the neurons that write them: Ashuach, Tutek and Belinkov, "REVS:
 * Unlearning Sensitive Information in Language Models via Rank Editing in the Vocabulary Space" (Findings of ACL 2025). The
 * defaults are those of the authors' demonstration on GPT-J, ranks as shares of its 50,400 tokens: 1,000 in the residual stream,
 * 30,000 in a neuron, two tokens of a secret, 30 neurons of a layer. Each epoch takes two tokens more, so that the stopping rule
 * finds how many are enough. No gradient, no retain term.
 */
export const REVS = defineMethod({
  defaults: { tokens: 2, neurons: 30, residualRank: 0.02, neuronRank: 0.6 },
  objective: ({ tokens, ...ranks }) => ({ forget: {}, retain: null, edits: { tokens, ...ranks } }),
});
