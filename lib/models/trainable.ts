/**
 * Which of a model's weights are trained: what gradients, an optimizer's moments and checkpoints of a run are made of.
 *
 * @module
 */
import type { Weights } from "./architecture.ts";

/** All weights, those of some names, or those of which a function says so. */
export type Trainable = true | readonly string[] | ((name: string) => boolean);

/**
 * The chosen ones of a model's weights, in the model's order.
 *
 * @param model what messages call it
 * @throws {RangeError} when a name is not a weight's, or none is chosen
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "a.weight": tf.scalar(1), "a.bias": tf.scalar(2) };
 * assertEquals(trainableWeights(weights, (name) => name.endsWith(".bias"), "m"), { "a.bias": weights["a.bias"] });
 * const message = 'Cannot train "b" of model "m": it has no such weight';
 * assertThrows(() => trainableWeights(weights, ["b"], "m"), RangeError, message);
 * ```
 */
export function trainableWeights(weights: Weights, trainable: Trainable, model: string): Weights {
  if (trainable === true) return weights;
  const isChosen = typeof trainable === "function" ? trainable : (name: string) => trainable.includes(name);
  if (typeof trainable !== "function") {
    const unknown = trainable.find((name) => !Object.hasOwn(weights, name));
    if (unknown !== undefined) {
      throw new RangeError(`Cannot train "${unknown}" of model "${model}": it has no such weight`);
    }
  }
  const chosen = Object.fromEntries(Object.entries(weights).filter(([name]) => isChosen(name)));
  if (Object.keys(chosen).length > 0) return chosen;
  const [first] = Object.keys(weights);
  throw new RangeError(
    `Cannot train model "${model}": none of its weights is chosen: they have names such as "${first}"`,
  );
}
