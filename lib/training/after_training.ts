/**
 * What a model becomes when its owner goes on training it: it is trained on texts exactly as `train --model` does, measured,
 * and given back as it was. Each number of steps is a run of its own from the same start, as the learning rate falls
 * towards the last step.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { assign, snapshot } from "../engine/compile.ts";
import type { Model } from "../models/model.ts";
import { Adam, type AdamOptions } from "./adam.ts";
import type { MemorySaving } from "./next_token_loss.ts";
import {
  TRAIN_DEFAULTS,
  type TrainHooks,
  type TrainingStep,
  trainingStep,
  trainModel,
  type TrainStep,
} from "./train.ts";

/** One further training. */
export interface FurtherRun {
  /** The highest learning rate. */
  learning_rate: number;
  /** Updates; the model as it is with 0. */
  steps: number;
}

/** What is trained on, and for how long. */
export interface FurtherTraining {
  /** Token ids of each text. */
  texts: readonly Int32Array[];
  /** Joins texts: the tokenizer's end of text. */
  endOfText: number;
  /** The runs. */
  runs: readonly FurtherRun[];
}

/** What trains a model: an optimizer and its compiled step; `using` frees both. */
export interface FurtherTrainer extends Disposable {
  /** Begins anew with each run. */
  optimizer: Adam;
  /** Compiled for each size of batches that it meets. */
  step: TrainingStep;
}

/** How to train. */
export interface FurtherTrainingOptions {
  /** The model's, where more is to be trained than one call does: to compile a step takes longer than many steps. */
  trainer?: FurtherTrainer;
  /** Windows an update. Default {@linkcode TRAIN_DEFAULTS}'. */
  batch?: number;
  /** Tokens a window. Default 512. */
  length?: number;
  /** Steps over which the rate rises. Default 1. */
  warmup?: number;
  /** Shuffles texts and windows. Default 42. */
  seed?: number;
  /** Called after each step of each run. */
  onStep?: (step: TrainStep, run: FurtherRun) => void | Promise<void>;
  /** Ends the work before the next step: its reason is thrown. */
  signal?: AbortSignal;
}

/**
 * What trains a model, for several calls of {@linkcode afterTraining}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { afterTraining, furtherTrainer } from "./after_training.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using trainer = furtherTrainer(loaded.model);
 * const texts = [Int32Array.from({ length: 40 }, (_, i) => i % 5)];
 * const given = { texts, endOfText: 0, runs: [{ learning_rate: 1e-3, steps: 1 }] };
 * const losses: number[] = [];
 * const options = { batch: 2, length: 8, trainer, onStep: ({ loss }: { loss: number }) => void losses.push(loss) };
 * for (let i = 0; i < 2; i++) await afterTraining(loaded.model, given, () => {}, options);
 * assertEquals(losses[0], losses[1]); // each begins from the same weights
 * ```
 */
export function furtherTrainer(
  model: Model,
  { in8Bits = false, ...saving }: MemorySaving & Pick<AdamOptions, "in8Bits"> = {},
): FurtherTrainer {
  using made = new DisposableStack();
  const { betas, maxNorm } = TRAIN_DEFAULTS;
  const optimizer = made.use(new Adam(model.trainable, { betas, maxNorm, in8Bits }));
  const step = made.use(trainingStep(model, optimizer, saving));
  const held = made.move();
  return { optimizer, step, [Symbol.dispose]: () => held.dispose() };
}

/** What one further training is made of. */
export interface FurtherStep extends FurtherRun, Pick<FurtherTraining, "texts" | "endOfText"> {
  /** Windows an update. */
  batch: number;
  /** Tokens a window. */
  length: number;
  /** Steps over which the rate rises. */
  warmup: number;
  /** Shuffles texts and windows. */
  seed: number;
}

/**
 * Trains a model from its weights as they are, as `train --model` does, with an optimizer that begins anew.
 *
 * @throws as `trainModel`
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { furtherTrainer, trainFurther } from "./after_training.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using trainer = furtherTrainer(loaded.model);
 * const texts = [Int32Array.from({ length: 90 }, (_, i) => i % 5)];
 * const how = { texts, endOfText: 0, steps: 2, learning_rate: 1e-3, batch: 2, length: 8, warmup: 1, seed: 42 };
 * const losses: number[] = [];
 * await trainFurther(loaded.model, trainer, how, { onStep: ({ loss }) => void losses.push(loss) });
 * assert(losses[1]! < losses[0]!);
 * ```
 */
export async function trainFurther(
  model: Model,
  { optimizer, step }: FurtherTrainer,
  { texts, learning_rate: learningRate, ...how }: FurtherStep,
  hooks: TrainHooks = {},
): Promise<void> {
  optimizer.reset();
  await trainModel(
    model,
    { optimizer, documents: texts, step },
    { ...TRAIN_DEFAULTS, ...how, learningRate },
    hooks,
  );
}

/**
 * Trains a model further and measures it, run by run; the weights are then what they were, also when a step or the
 * measure throws. One compiled step serves all runs.
 *
 * @param model whose trainable weights are trained
 * @param measure is called when a run has ended, while the model has the run's weights
 * @returns what `measure` gave, in the runs' order
 * @throws {RangeError} when the texts are too short for a step; as `trainModel`
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { afterTraining } from "./after_training.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const weight = Object.values(loaded.model.trainable)[0]!;
 * const first = () => weight.dataSync()[0]!;
 * const before = first();
 * const texts = [Int32Array.from({ length: 40 }, (_, i) => i % 5)];
 * const runs = [0, 2].map((steps) => ({ learning_rate: 1e-3, steps }));
 * const options = { batch: 2, length: 8 };
 * const [untrained, trained] = await afterTraining(loaded.model, { texts, endOfText: 0, runs }, first, options);
 * assertEquals([untrained, first()], [before, before]);
 * assert(trained !== before);
 * ```
 */
export async function afterTraining<T>(
  model: Model,
  { texts, endOfText, runs }: FurtherTraining,
  measure: (run: FurtherRun) => T | Promise<T>,
  options: FurtherTrainingOptions = {},
): Promise<T[]> {
  const { batch = TRAIN_DEFAULTS.batch, length = 512, warmup = 1, seed = 42, onStep, signal } = options;
  const fixed = { texts, endOfText, batch, length, warmup, seed };
  const weights = Object.values(model.trainable);
  using held = new DisposableStack();
  const before = weights.map((weight) => held.adopt(snapshot(weight), tf.dispose));
  const restore = () => weights.forEach((weight, i) => assign(weight, before[i]!));
  const trainer = options.trainer ?? held.use(furtherTrainer(model));
  const results: T[] = [];
  try {
    for (const run of runs) {
      restore();
      const hooks: TrainHooks = { onStep: (step) => onStep?.(step, run), ...signal && { signal } };
      await trainFurther(model, trainer, { ...fixed, ...run }, hooks);
      signal?.throwIfAborted();
      results.push(await measure(run));
    }
  } finally {
    restore();
  }
  return results;
}

/**
 * The largest windows of few texts: as many and as long as wanted where the texts are long enough; else fewer, then shorter
 * ones.
 *
 * @param texts token ids of each text
 * @param wanted at most
 * @throws {RangeError} when the texts are too short for a window of two tokens
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fitWindows } from "./after_training.ts";
 *
 * const texts = [new Int32Array(299), new Int32Array(299)]; // 600 tokens with the ends of text
 * assertEquals(fitWindows(texts, { batch: 8, length: 64 }), { batch: 8, length: 64 });
 * assertEquals(fitWindows(texts, { batch: 8, length: 128 }), { batch: 3, length: 128 });
 * assertEquals(fitWindows(texts, { batch: 8, length: 512 }), { batch: 1, length: 300 });
 * ```
 */
export function fitWindows(
  texts: readonly { length: number }[],
  wanted: { batch: number; length: number },
): { batch: number; length: number } {
  const total = texts.reduce((sum, { length }) => sum + length + 1, 0);
  const length = Math.min(wanted.length, Math.floor(total / 2)); // a window begins anywhere in the first one's place
  if (length < 2) {
    throw new RangeError(`Cannot train on ${total} tokens: a window of two tokens needs at least 4`);
  }
  return { batch: Math.min(wanted.batch, Math.floor(total / length) - 1), length };
}
