/**
 * How well a model knows a text: memorization accuracy (MA) and extraction likelihood (EL_n) of texts and of secrets in
 * them, from logits or by {@linkcode Scorer}; BLEU of a continuation; means over the secrets of a document; and how sure
 * such numbers are: bootstrap intervals, areas under the ROC curve, ranks among controls.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bleu } from "./mod.ts";
 *
 * assertEquals(bleu("return x", "return x"), 1);
 * ```
 *
 * @module
 */
export { auc, type AucInterval, aucInterval } from "./auc.ts";
export { bleu } from "./bleu.ts";
export {
  bootstrapDifference,
  bootstrapInterval,
  bootstrapMean,
  type BootstrapOptions,
  bootstrapShare,
  exactShare,
  type Interval,
  quantile,
  type Sample,
} from "./bootstrap.ts";
export {
  addPrediction,
  CALIBRATION_BINS,
  calibrationError,
  newCalibrationSums,
  type ReliabilityBin,
  reliabilityBins,
} from "./calibration.ts";
export {
  EL_ORDERS,
  LIKELIHOOD_NAMES,
  type LikelihoodName,
  type Metric,
  METRIC_NAMES,
  type MetricName,
  METRICS,
  type MetricValues,
  perMetric,
  THRESHOLD_METRICS,
  type ThresholdMetric,
} from "../datasets/metrics.ts";
export {
  type ExtractionInput,
  type ExtractionLikelihoods,
  extractionLikelihoods,
} from "./extraction_likelihood.ts";
export {
  groupChanges,
  groupIntervals,
  type GroupOfScores,
  intervalOf,
  type MetricChanges,
  type MetricIntervals,
} from "./group_intervals.ts";
export { bootstrapRuns, type BootstrapRunsOptions } from "./bootstrap_runs.ts";
export { groupMeans } from "./group_scores.ts";
export { type KsResult, ksUniform } from "./ks_uniform.ts";
export { memorizationAccuracy } from "./memorization_accuracy.ts";
export { type NextTokens, NextTokenScorer, type PredictedText } from "./next_tokens.ts";
export { rankAmong, type RankResult } from "./rank_test.ts";
export { openScorer, ScoreMemo, type TextScorer } from "./score_memo.ts";
export { type ScoreOptions, Scorer, type Scores, type TokenScores } from "./scorer.ts";
export { sumIntervals } from "./sum_intervals.ts";
export { isBelowThreshold, leastMean } from "./threshold.ts";
