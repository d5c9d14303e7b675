/**
 * Tables to Plotly figures, a function each. A figure is plain data, so it is shown by JupyterLab, the report or any
 * Plotly; nothing is drawn here, and nothing native or large is loaded.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maByDuplication } from "./mod.ts";
 *
 * const figure = maByDuplication([{ copies: 1, ma: 0.5, secrets: 4, se: 0.1 }]);
 * assertEquals(figure.data[0]?.y, [0.5]);
 * ```
 *
 * @module
 */
export {
  codeContinuations,
  type CodeContinuationsOptions,
  type ContinuedCode,
} from "./code_continuations.ts";
export { type CompletionRow, completionStrips, type CompletionStripsOptions } from "./completion_strips.ts";
export {
  continuationQuality,
  type ContinuationQualityOptions,
  type ContinuationRow,
} from "./continuation_quality.ts";
export { darkFigure } from "./dark_figure.ts";
export {
  type DurabilityRow,
  erasureDurability,
  type ErasureDurabilityOptions,
} from "./erasure_durability.ts";
export { exposureDistribution, type ExposureRow } from "./exposure_distribution.ts";
export {
  extractionGrid,
  type ExtractionGridOptions,
  type ExtractionRow,
  visibleText,
} from "./extraction_grid.ts";
export {
  type Figure,
  figureBundle,
  type FigureOptions,
  type Layout,
  makeFigure,
  showFiguresOn,
  showLive,
  type Trace,
  type TraceValue,
} from "./figure.ts";
export { forgettingCurves, type ForgettingCurvesOptions, type HistoryRow } from "./forgetting_curves.ts";
export { forgettingRetention, type ForgettingRetentionOptions } from "./forgetting_retention.ts";
export { hyperparameterEffects, type HyperparameterEffectsOptions } from "./hyperparameter_effects.ts";
export {
  type Hyperparameter,
  HYPERPARAMETER_NAMES,
  type HyperparameterRow,
  HYPERPARAMETERS,
  type RunSettings,
} from "./hyperparameter_runs.ts";
export { hyperparameterSliders, type HyperparameterSlidersOptions } from "./hyperparameter_sliders.ts";
export { accuracyByClass, type ClassAccuracyRow } from "./accuracy_by_class.ts";
export { type CertaintyRow, reliabilityDiagram } from "./reliability_diagram.ts";
export { type DuplicationRow, maByDuplication, type MaByDuplicationOptions } from "./ma_by_duplication.ts";
export { type GroupRow, maByGroup, type MaByGroupOptions } from "./ma_by_group.ts";
export { maByQuantity, type MaByQuantityOptions, type QuantityRow } from "./ma_by_quantity.ts";
export { maskedCode, type MaskedToken } from "./masked_code.ts";
export {
  type DocumentRow,
  memorizationDistribution as memorizationHistogram,
  type MemorizationDistributionOptions,
} from "./memorization_distribution.ts";
export { methodTradeoff, type MethodTradeoffOptions, type TradeoffRow } from "./method_tradeoff.ts";
export { type PassRateRow, passRates } from "./pass_rates.ts";
export { problemPasses, type ProblemPassRow } from "./problem_passes.ts";
export { profileQuality, type ProfileQualityRow } from "./profile_quality.ts";
export { recoveryCurves, type RecoveryRow } from "./recovery_curves.ts";
export { type ResultRow, retainedQuality } from "./retained_quality.ts";
export { runCurves, type RunEpochRow } from "./run_curves.ts";
export { sizeEffects, type SizeRow } from "./size_effects.ts";
export type { EpochScores, ForgetThresholds } from "./score_curves.ts";
export { scoresBeforeAfter, type ScoresBeforeAfterOptions } from "./scores_before_after.ts";
export { type CountedSecret, secretCounts, type SecretCountsOptions } from "./secret_counts.ts";
export { type PositionedSecret, secretPositions } from "./secret_positions.ts";
export {
  secretTrajectories,
  type SecretTrajectoriesOptions,
  type TrajectoryRow,
} from "./secret_trajectories.ts";
export {
  type ReportedSecretRow,
  secretsBeforeAfter,
  type SecretsBeforeAfterOptions,
} from "./secrets_before_after.ts";
export { type SelectionStep, selectionSteps, type SelectionStepsOptions } from "./selection_steps.ts";
export { type CompositionRow, setComposition, type SetCompositionOptions } from "./set_composition.ts";
export { type OverlapRow, setOverlap, type SetOverlapOptions } from "./set_overlap.ts";
export { type ModelStyle, modelStyle, PALETTE, type TagStyle, tagStyle, TEMPLATES } from "./style.ts";
export { thresholdConvergence, type ThresholdConvergenceOptions } from "./threshold_convergence.ts";
export { type StripRow, type StripToken, tokenStrips, type TokenStripsOptions } from "./token_strips.ts";
export { type TwinPairRow, twinPairs } from "./twin_pairs.ts";
export {
  type ProgressRow,
  unlearningProgress,
  type UnlearningProgressOptions,
} from "./unlearning_progress.ts";
export { type UnseenMean, type UnseenRow, unseenScores } from "./unseen_scores.ts";
