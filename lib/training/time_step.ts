/**
 * How long a step of ordinary training takes, for what plans attacks and stages that train further.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";
import type { Model } from "../models/model.ts";
import { afterTraining } from "./after_training.ts";
import { TRAIN_DEFAULTS } from "./train.ts";

/** Steps that are timed; the first one is captured. */
const STEPS = 3;

/**
 * The seconds of a step of ordinary training, in `train`'s batches. The model keeps its weights.
 *
 * @param model trainable @param tokens of a window, or as many as the model takes
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { timeStep } from "./time_step.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained", { trainable: true });
 * assert(await timeStep(loaded.model, 16) > 0);
 * ```
 */
export async function timeStep(model: Model, tokens: number): Promise<number> {
  const { batch } = TRAIN_DEFAULTS;
  const length = Math.min(tokens, model.config.maxPositions);
  const random = new PythonRandom(1);
  const text = Int32Array.from(
    { length: (batch + 1) * length },
    () => random.randbelow(model.config.vocabularySize),
  );
  const times: number[] = [];
  await afterTraining(
    model,
    { texts: [text], endOfText: 0, runs: [{ steps: STEPS, learning_rate: 1e-6 }] },
    () => {},
    { batch, length, onStep: () => void times.push(performance.now()) },
  );
  return Math.min(...times.slice(1).map((time, i) => time - times[i]!)) / 1000;
}
