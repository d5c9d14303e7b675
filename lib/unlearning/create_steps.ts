/**
 * Which steps a method's epochs have: training by gradients, or edits.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import { type Objective, objectiveOf } from "./objectives.ts";
import { RankEditSteps } from "./rank_edit_steps.ts";
import { checkReference } from "./reference_model.ts";
import type { RunSteps } from "./run_steps.ts";
import type { UnlearnSets } from "./unlearn_options.ts";
import { type StepsOptions, UnlearnSteps } from "./unlearn_steps.ts";

/**
 * The steps of a method; their references are the model as it is now, or another.
 *
 * @throws {RangeError} for an unknown method, a set without rows or token ids that the model does not have; as
 * `checkReference`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { createSteps } from "./create_steps.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain", { trainable: true });
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1), secrets: [{ prefix: [1, 2], secret: [3] }] };
 * const how = { lr: 1e-2, epochs: 1, margin: 0.1, microBatch: 1, compat: "sound", endOfText: null } as const;
 * const hasRate = async (method: string) => {
 *   using steps = await createSteps(loaded.model, { forget: [row], retain: [] }, { ...how, method, thresholds: { ma: 1, el_10: 1 } });
 *   return steps.hasRate;
 * };
 * assertEquals([await hasRate("ga"), await hasRate("revs")], [true, false]);
 * ```
 */
export async function createSteps(
  model: Model,
  sets: UnlearnSets,
  options: StepsOptions,
): Promise<RunSteps> {
  const { method } = options;
  const objective: Objective = typeof method === "string"
    ? objectiveOf(method, { ...options, modelLayers: model.config.layers })
    : method;
  if (options.reference) checkReference(options.reference, { model, sets, objective });
  if (objective.edits) return new RankEditSteps(model, sets.forget, objective.edits);
  return await UnlearnSteps.create(model, sets, { ...options, method: objective });
}
