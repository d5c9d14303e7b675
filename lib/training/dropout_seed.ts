/**
 * What draws an adapter's dropout in a step: a function of the run's seed and of the step, so that a run that is continued
 * drops what an uninterrupted one would have.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { philox } from "../decoding/philox.ts";
import type { Model } from "../models/model.ts";

/**
 * Whether a step of this model drops anything.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(hasDropout({ adapter: null }), false);
 * ```
 */
export function hasDropout({ adapter }: Pick<Model, "adapter">): boolean {
  return adapter !== null && adapter.options.dropout > 0;
}

/**
 * The seed of one step, whatever micro-batches it has.
 *
 * @param seed the run's @param step its number @param draw of several in one step, from 0
 * @returns [2] int32, twice the same number; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const draw = (step: number) => dropoutSeed(42, step).dataSync()[0];
 * assertEquals([draw(1), draw(1) === draw(2)], [draw(1), false]);
 * ```
 */
export function dropoutSeed(seed: number, step: number, draw = 0): tf.Tensor1D {
  const number = philox([seed, Math.floor(seed / 2 ** 32)], [step, draw, 0, 0])[0] | 0;
  return tf.tensor1d([number, number], "int32");
}
