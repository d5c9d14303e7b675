/**
 * Representation misdirection: what a layer makes of a secret is steered to a random vector.
 *
 * @module
 */
import { PythonRandom } from "../../datasets/python_random.ts";
import { defineMethod, retainWeights } from "../objective.ts";
import { hiddenDistance } from "../terms/hidden_distance.ts";

/** The layer of open-unlearning's configuration. */
const LAYER = 7;

/**
 * A vector of uniform numbers of [0, 1), brought to a length.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { steeringVector } from "./rmu.ts";
 *
 * const vector = steeringVector(16, { length: 2, seed: 42 });
 * assertAlmostEquals(Math.hypot(...vector), 2, 1e-6);
 * ```
 */
export function steeringVector(
  width: number,
  { length, seed }: { length: number; seed: number },
): Float32Array {
  const random = new PythonRandom(seed);
  const vector = Array.from({ length: width }, () => random.random());
  const norm = Math.hypot(...vector);
  return Float32Array.from(vector, (x) => x / norm * length);
}

/**
 * gamma |h(forget) - u|^2 / D + alpha |h(retain) - h_reference(retain)|^2 / D, h a layer's output and u a random vector of a
 * given length: Li et al., "The WMDP Benchmark: Measuring and Reducing Malicious Use with Unlearning" (ICML 2024). Symbols and
 * defaults of open-unlearning's configuration: all weights are trained, layer 7 (the last of smaller models) is steered.
 */
export const RMU = defineMethod({
  defaults: { gamma: 1, alpha: 1, steering: 2, layer: null, retainLoss: "hidden", scope: "secret" },
  objective: ({ gamma, alpha, steering, retainLoss, scope, seed = 42, modelLayers = Infinity, ...given }) => {
    const layer = given.layer ?? Math.min(LAYER, modelLayers - 1);
    const from = (width: number) => steeringVector(width, { length: steering, seed });
    const held = { name: "rmuRetain", layer, weight: alpha, scope: "row", from: "reference" } as const;
    const isHidden = retainLoss === "hidden" && alpha !== 0;
    return {
      forget: {},
      terms: {
        forget: [hiddenDistance({ name: "rmu", layer, weight: gamma, scope, from })],
        ...isHidden && { retain: [hiddenDistance(held)] },
      },
      retain: isHidden ? {} : retainWeights({ alpha, retainLoss }),
      isJoint: true,
      ...isHidden && { keeps: [{ side: "retain", scope: "row", of: "outputs" }] },
    };
  },
});
