/**
 * Unlearning of chosen secrets by CodeEraser and the methods it is compared with: {@linkcode unlearn} runs all of it.
 * Its parts are here for methods of one's own: the objective as terms and their weights, the step that computes them, micro
 * batches, sums of gradients, and the rule that stops.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { METHODS, objectiveOf } from "./mod.ts";
 *
 * assertEquals(METHODS.includes("codeeraser"), true);
 * const { forget } = objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1 });
 * assertEquals(forget, { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceSecret: -0.1 });
 * ```
 *
 * @module
 */
export {
  type Compat,
  EarlyStop,
  type EarlyStopOptions,
  type GroupScores,
  type StopDecision,
  type StopState,
  type StopThresholds,
} from "./early_stop.ts";
export { GradientSums } from "../training/gradient_sums.ts";
export { ObjectiveStep, type StepShared } from "./objective_step.ts";
export type { TermValues } from "./term_values.ts";
export { targetEntropy, type TargetEntropyOptions, type TargetInputs } from "./terms/target_entropy.ts";
export { held } from "./terms/held.ts";
export { hiddenDistance, type HiddenDistanceOptions } from "./terms/hidden_distance.ts";
export { logitMargin } from "./terms/logit_margin.ts";
export { logRatio, type LogRatioOptions } from "./terms/log_ratio.ts";
export { ownWeight, type OwnWeightOptions } from "./terms/own_weight.ts";
export { type Scope, sumUnits, type TokenArrays, tokenArrays, unitArrays } from "./units.ts";
export { type Defaults, defineMethod, type Kept, type Method, retainWeights } from "./objective.ts";
export type { DualOptions } from "./dual_weight.ts";
export { checkReference, type ReferenceModel, refusesReference } from "./reference_model.ts";
export {
  METHOD_DEFAULTS,
  methodDefaults,
  type MethodName,
  METHODS,
  type Objective,
  objectiveOf,
  type ObjectiveOptions,
  OBJECTIVES,
  PAPER_METHODS,
  type RetainLoss,
  type TermWeights,
} from "./objectives.ts";
export {
  CROSS_ENTROPY,
  DIVERGENCE,
  klDivergence,
  type LogitRows,
  type NamedTensors,
  rowWeights,
  type Term,
  type TermArrays,
  type TermInputs,
  tokenWeights,
  type ValueOptions,
} from "./terms.ts";
export {
  type JudgedScores,
  type PerSecretState,
  PerSecretStop,
  type SecretOutcome,
  type SecretThresholds,
} from "./per_secret_stop.ts";
export { type Lasting, LASTING_WINDOWS, LastingTraining } from "./lasting.ts";
export {
  editableLayers,
  type RankEditOptions,
  RankEditor,
  type RankEdits,
  tokenRanks,
} from "./rank_editor.ts";
export { type RateNote, rateNotes, type RateOptions } from "./rate_notes.ts";
export { KIND, type MicroBatch, type SetCounts } from "./micro_batch.ts";
export { microBatches, type MicroBatchOptions, type UnlearnRow } from "./micro_batches.ts";
export {
  unlearn,
  type UnlearnHooks,
  type UnlearnOptions,
  type UnlearnResult,
  type UnlearnSets,
} from "./unlearn.ts";
export {
  type ChunkedHooks,
  type ChunkedOptions,
  type ChunkedResult,
  type ChunkEpoch,
  type Chunking,
  type ChunkMaterial,
  type ChunkPlace,
  unlearnChunks,
} from "./unlearn_chunks.ts";
export type { ChunkDrift, ChunkPart } from "./chunk_drift.ts";
export {
  CHUNK_ORDERS,
  type ChunkOptions,
  type ChunkOrder,
  type ChunkRow,
  cutChunks,
  replayedRows,
} from "./cut_chunks.ts";
export { termsOf, type UnlearnEpoch } from "./unlearn_epoch.ts";
export type { UnlearnStep } from "./unlearn_step.ts";
