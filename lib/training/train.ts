/**
 * Pretraining: one captured step (loss, gradients, Adam) over shuffled windows, with warm-up and cosine decay,
 * resumable at its checkpoints. Where several devices compute a step's windows are shared out over them.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { compile, type CompiledStep, outsideXla } from "../engine/compile.ts";
import { deviceCount } from "../engine/devices.ts";
import { compilesGradients, compilesTraining } from "../engine/xla_policy.ts";
import type { Model } from "../models/model.ts";
import { checkTokens, NotFiniteError } from "../models/not_finite.ts";
import { AccumulatedStep } from "./accumulated_step.ts";
import type { Adam } from "./adam.ts";
import { dropoutSeed, hasDropout } from "./dropout_seed.ts";
import { type MemorySaving, nextTokenLosses, valueAndGradients } from "./next_token_loss.ts";
import { type TokenDocuments, type WindowOptions, Windows } from "./windows.ts";

/** How to train. */
export interface TrainOptions extends WindowOptions, MemorySaving {
  /** How many updates. */
  steps: number;
  /** The highest learning rate. */
  learningRate: number;
  /** The rate at the end, as a share of the highest. */
  finalShare: number;
  /** Steps over which the rate rises. */
  warmup: number;
  /** Adam's decays. */
  betas: readonly [number, number];
  /** The gradients' norm is cut to this. */
  maxNorm: number;
  /** Windows at once on each device; the gradients of a batch are added up. Default: all. */
  microBatch?: number | undefined;
}

/** What `train` has unless it is told otherwise. */
export const TRAIN_DEFAULTS = {
  batch: 8,
  finalShare: 0.05,
  betas: [0.9, 0.95],
  maxNorm: 1,
} as const satisfies Partial<TrainOptions>;

/**
 * A captured step: a batch's ids [B, T] and the optimizer's rates, to what it was before the update; for an adapter with
 * dropout also what draws it, see `dropoutSeed`.
 */
type CapturedStep = CompiledStep<
  [ids: tf.Tensor, rates: tf.Tensor, ...seed: tf.Tensor[]],
  { loss: tf.Tensor; norm: tf.Tensor }
>;

/** A step that XLA compiles or not, whatever a run is long enough for; `using` frees both. */
export interface TrainingStep extends Disposable {
  /** The step, captured when it is first asked for. */
  captured(xla: boolean): CapturedStep;
}

/** What happened in a step. */
export interface TrainStep {
  /** The step's number, from 1. */
  step: number;
  /** Mean cross entropy of the batch before the update, nats a token. */
  loss: number;
  /** The gradients' norm before cutting. */
  norm: number;
  /** The learning rate. */
  rate: number;
}

/** Hooks into a run. */
export interface TrainHooks {
  /** Called after each step. */
  onStep?: (step: TrainStep) => void | Promise<void>;
  /** Ends the run before the next step: its reason is thrown. */
  signal?: AbortSignal;
}

/**
 * The learning rate of a step: linear warm-up, then half a cosine down to `finalShare`.
 *
 * @param step from 1
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const options = { steps: 100, warmup: 10, learningRate: 1, finalShare: 0.1 };
 * assertEquals([5, 10, 100].map((step) => learningRateAt(step, options)), [0.5, 1, 0.1]);
 * ```
 */
export function learningRateAt(
  step: number,
  options: Pick<TrainOptions, "steps" | "warmup" | "learningRate" | "finalShare">,
): number {
  const { steps, warmup, learningRate, finalShare } = options;
  if (step <= warmup) return learningRate * step / warmup;
  const done = (step - warmup) / Math.max(1, steps - warmup);
  return learningRate * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done))));
}

/**
 * The step of `trainModel`: loss, gradients and update. Several runs of one model can share it.
 *
 * @param optimizer over the model's trainable weights
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using optimizer = new Adam(loaded.model.trainable, { betas: [0.9, 0.95] });
 * using step = trainingStep(loaded.model, optimizer);
 * const { loss } = step.captured(false)(tf.tensor2d([[1, 2, 3]], [1, 3], "int32"), optimizer.nextRates(1e-3));
 * assertEquals([loss.shape, optimizer.steps], [[], 1]);
 * ```
 */
export function trainingStep(
  model: Model,
  optimizer: Adam,
  { recomputesLayers, logitBytes }: MemorySaving = {},
): TrainingStep {
  const capture = (xla: boolean): CapturedStep =>
    compile((ids: tf.Tensor, rates: tf.Tensor, ...[seed]: tf.Tensor[]) => {
      const mean = () => tf.mean(nextTokenLosses(model, ids, { seed, recomputesLayers, logitBytes }));
      const run = () => valueAndGradients(model.trainable, mean);
      const { loss, gradients } = compilesGradients({ products: model.products, recomputesLayers })
        ? run()
        : outsideXla(run);
      return { loss, norm: optimizer.apply(gradients, rates) };
    }, { xla, name: "train", products: model.products });
  const steps = new Map<boolean, CapturedStep>();
  return {
    captured(xla) {
      const step = steps.get(xla) ?? capture(xla);
      steps.set(xla, step);
      return step;
    },
    [Symbol.dispose]() {
      for (const step of steps.values()) step[Symbol.dispose]();
    },
  };
}

/**
 * Trains a model in place from `optimizer.steps` on.
 *
 * @param model whose trainable weights are updated
 * @param optimizer over these weights; its state goes on where it was
 * @param documents token ids of each document, or where they lie: these are looked at as they are drawn
 * @param step of `trainingStep` for both, where the caller keeps one: it runs on the first device alone
 * @throws {RangeError} when a document has token ids that the model does not have, or a batch has fewer windows than there
 * are devices; {NotFiniteError} when the loss or the gradients are not finite: the step has changed nothing then
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using optimizer = new Adam(loaded.model.trainable, { betas: [0.9, 0.95] });
 * const documents = [Int32Array.from({ length: 40 }, (_, i) => i % 5)];
 * const options = { steps: 2, learningRate: 1e-3, finalShare: 0.1, warmup: 1, betas: [0.9, 0.95], maxNorm: 1 } as const;
 * await trainModel(loaded.model, { optimizer, documents }, { ...options, batch: 2, length: 8, seed: 1, endOfText: 0 });
 * assertEquals(optimizer.steps, 2);
 * ```
 */
export async function trainModel(
  model: Model,
  { optimizer, documents, step: given }: {
    optimizer: Adam;
    documents: readonly Int32Array[] | TokenDocuments;
    step?: TrainingStep;
  },
  options: TrainOptions,
  hooks: TrainHooks = {},
): Promise<void> {
  const { vocabularySize } = model.config;
  if (!("read" in documents)) {
    documents.forEach((ids, i) => checkTokens(ids, vocabularySize, `train on text ${i}`));
  }
  checkTokens([options.endOfText], vocabularySize, "train with that end of text");
  const windows = new Windows(documents, options);
  const xla = compilesTraining(options.steps * options.batch * options.length, model);
  using own = given ? null : newStep(model, optimizer, { ...options, xla });
  const step = given ? given.captured(xla) : own!;
  let drawn = settled(() => windows.batch(optimizer.steps));
  while (optimizer.steps < options.steps) {
    hooks.signal?.throwIfAborted();
    const number = optimizer.steps + 1;
    const rate = learningRateAt(number, options);
    const batch = drawn();
    checkTokens(batch, vocabularySize, `take step ${number}`);
    const ids = tf.tensor2d(batch, [options.batch, options.length], "int32");
    const rates = optimizer.nextRates(rate);
    const seed = hasDropout(model) ? [dropoutSeed(options.seed, number)] : [];
    const running = numbersOf(step, { inputs: [ids, rates, ...seed], optimizer });
    if (number < options.steps) drawn = settled(() => windows.batch(number)); // while the step runs
    const { loss, norm } = await running;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      optimizer.steps--; // weights and moments are as they were
      throw new NotFiniteError(
        `Cannot go on training: the loss of step ${number} is ${loss}, the gradients' norm ${norm}`,
      );
    }
    await hooks.onStep?.({ step: number, loss, norm, rate });
  }
}

/** The step of a run of its own: on all devices. */
function newStep(
  model: Model,
  optimizer: Adam,
  { xla, batch, microBatch, recomputesLayers, logitBytes }:
    & MemorySaving
    & Pick<TrainOptions, "batch" | "microBatch">
    & { xla: boolean },
): Pick<CapturedStep, "async"> & Disposable {
  const saving = { recomputesLayers, logitBytes };
  const devices = deviceCount();
  if (batch < devices) {
    throw new RangeError(`Cannot share out batches of ${batch} over ${devices} devices: give each a window`);
  }
  const isCut = microBatch !== undefined && microBatch < Math.ceil(batch / devices);
  if (isCut || devices > 1) {
    return new AccumulatedStep(model, optimizer, {
      ...saving,
      xla,
      microBatch: isCut ? microBatch : undefined,
    });
  }
  return trainingStep(model, optimizer, saving).captured(xla); // disposing what is captured frees all
}

/** Does something now; what it gives, or throws, comes when it is asked for. */
function settled<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Runs a step and reads its results; of its inputs nothing is left. One that fails is not counted. */
async function numbersOf(
  step: Pick<CapturedStep, "async">,
  { inputs, optimizer }: { inputs: Parameters<CapturedStep>; optimizer: Adam },
): Promise<{ loss: number; norm: number }> {
  using held = new DisposableStack();
  held.adopt(inputs, tf.dispose);
  const result = await step.async(...inputs).catch((error) => {
    optimizer.steps--;
    throw error;
  });
  const { loss, norm } = held.adopt(result, tf.dispose);
  return { loss: loss.dataSync()[0]!, norm: norm.dataSync()[0]! };
}
