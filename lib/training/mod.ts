/**
 * Training of a model's weights, and what a training loop of one's own is made of: windows of a corpus, the loss of each
 * next token, gradients within the captured step, Adam, checkpoints that a run goes on from bit by bit.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compile, openTensorFlow, tf } from "../engine/mod.ts";
 * import { Adam } from "./mod.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * using optimizer = new Adam(weights, { betas: [0.9, 0.98] });
 * using step = compile((gradient: tf.Tensor, rates: tf.Tensor) => optimizer.apply({ w: gradient }, rates));
 * step(tf.tensor1d([3, -4]), optimizer.nextRates(0.5));
 * assertEquals([...weights.w.dataSync()], [0.5, 2.5]); // the first step is as long as the rate
 * ```
 *
 * @module
 */
export { Adam, type AdamOptions } from "./adam.ts";
export { CHECKPOINTS, readCheckpoint, type TrainingState, writeCheckpoint } from "./checkpoint.ts";
export {
  type AuxiliaryTensors,
  type LossAndGradients,
  type LossWithAux,
  type MemorySaving,
  nextTokenLosses,
  type StepOptions,
  valueAndGradients,
} from "./next_token_loss.ts";
export {
  learningRateAt,
  TRAIN_DEFAULTS,
  type TrainHooks,
  type TrainingStep,
  trainingStep,
  trainModel,
  type TrainOptions,
  type TrainStep,
} from "./train.ts";
export {
  afterTraining,
  fitWindows,
  type FurtherRun,
  type FurtherTraining,
  type FurtherTrainingOptions,
} from "./after_training.ts";
export { Replicas } from "./replicas.ts";
export { removeTokenFile, TokenFile, writeTokenFile } from "./token_file.ts";
export { type TokenDocuments, type WindowOptions, Windows } from "./windows.ts";
