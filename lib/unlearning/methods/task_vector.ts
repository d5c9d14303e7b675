/**
 * A task vector taken away.
 *
 * @module
 */
import { defineMethod } from "../objective.ts";

/**
 * The model before, less lambda times what training on the forget set's secrets (or rows) would add to its weights: Ilharco et
 * al., "Editing Models with Task Arithmetic" (ICLR 2023). Each epoch trains one step further and takes the vector so far away
 * anew, so that the stopping rule finds the length that is enough. It has no retain term.
 */
export const TASK_VECTOR = defineMethod({
  defaults: { lambda: 1, scope: "secret" },
  objective: ({ lambda, scope }) => ({
    forget: scope === "secret" ? { crossEntropySecret: 1 } : { crossEntropyAll: 1 },
    retain: null,
    controls: {},
    negates: lambda,
  }),
});
