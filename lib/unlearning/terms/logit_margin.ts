/**
 * How far the largest logit stands out: of a flat distribution not at all.
 *
 * @module
 */
import * as tf from "../../npm/tfjs_core.ts";
import type { Term } from "../terms.ts";
import { type Scope, tokenArrays } from "../units.ts";

/**
 * The term: (largest less mean logit)^2 where each token is predicted.
 *
 * @param options.weight of the mean over tokens
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { logitMargin } from "./logit_margin.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const term = logitMargin({ name: "margin", weight: 1, scope: "secret" });
 * const valuesOf = (f: (rows: { logits: tf.Tensor }) => tf.Tensor) => f({ logits: tf.tensor2d([[1, 5]]) });
 * const inputs = { valuesOf, arrays: {} } as unknown as Parameters<typeof term.values>[0];
 * assertEquals([...tf.tidy(() => term.values(inputs, {}).dataSync())], [4]);
 * ```
 */
export function logitMargin(
  { name, weight, scope }: { name: string; weight: number; scope: Scope },
): Term {
  return {
    name,
    arrays: (batch) => tokenArrays(batch, { weight, scope }),
    values: ({ valuesOf, arrays }) =>
      valuesOf(({ logits }) => tf.square(tf.sub(tf.max(logits, 1), tf.mean(logits, 1))), {
        at: scope === "row" ? undefined : arrays.positions!,
      }), // [P]
  };
}
