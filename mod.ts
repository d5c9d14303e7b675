/**
 * CodeScrub finds out which secrets a code language model has memorized, and makes it forget them.
 *
 * Importing this module opens no library; `openTensorFlow` does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectSecrets, filterSecrets } from "./mod.ts";
 *
 * const text = 'MAINTAINER = "ada@mail.invalid"\n';
 * const [secret] = filterSecrets(text, detectSecrets(text));
 * assertEquals(secret?.tag, "EMAIL");
 * ```
 *
 * @module
 */

export { cacheFolder, describeSetup, findTensorFlow, setUp, setUpTensorFlow } from "./lib/setup.ts";

export { type Engine, type EngineOptions, openTensorFlow } from "./lib/engine/engine.ts";
export { assign, compile, type CompiledStep, type CompileOptions, snapshot } from "./lib/engine/compile.ts";
export { CaptureError } from "./lib/engine/graph.ts";
export { TensorFlowError } from "./lib/engine/status.ts";

export { openTokenizer, Tokenizer } from "./lib/tokenizers/tokenizer.ts";
export { fromCodePoints, toCodePoints } from "./lib/tokenizers/code_points.ts";

export { detectSecrets, type SecretSpan, type SecretTag } from "./lib/secrets/detect.ts";
export { filterSecrets } from "./lib/secrets/filter.ts";
export { describeSecret, fingerprintSecret } from "./lib/secrets/fingerprint.ts";

export { type LoadedModel, loadModel, saveModel } from "./lib/models/load.ts";
export { Model } from "./lib/models/model.ts";
export { MODELS } from "./lib/models/models.ts";
export { Decoder } from "./lib/models/decoder.ts";

export { type Corpus, type Document, readCorpus } from "./lib/datasets/corpus.ts";
export { readTable, writeTable } from "./lib/datasets/tables.ts";
export { readRows, writeRows } from "./lib/datasets/row_table.ts";
export { maskSecrets, secretWindows } from "./lib/datasets/secret_mask.ts";
export { tokenizeSecrets } from "./lib/datasets/secret_tokens.ts";
export { chooseForgetSets, type ForgetRow } from "./lib/datasets/forget_set.ts";
export { forgetExamples, retainExamples } from "./lib/datasets/examples.ts";
export { PythonRandom } from "./lib/datasets/random.ts";
export { secretRows, secretTable } from "./lib/datasets/secret_table.ts";
export { buildEmbeddedCorpus, type EmbeddedCorpus } from "./lib/datasets/embedded_corpus.ts";
export { writeEmbeddedCorpus } from "./lib/datasets/write_embedded_corpus.ts";

export { memorizationAccuracy } from "./lib/metrics/memorization_accuracy.ts";
export { extractionLikelihoods } from "./lib/metrics/extraction_likelihood.ts";
export { Scorer, type Scores } from "./lib/metrics/text_scores.ts";
export { groupMeans } from "./lib/metrics/group_scores.ts";
export { bleu } from "./lib/metrics/bleu.ts";

export { Adam } from "./lib/training/adam.ts";
export { trainModel, type TrainOptions } from "./lib/training/train.ts";

export { METHODS, objectiveOf, OBJECTIVES } from "./lib/unlearning/objectives.ts";
export { unlearn, type UnlearnOptions, type UnlearnResult } from "./lib/unlearning/unlearn.ts";

export { memorizationThresholds } from "./lib/evaluation/thresholds.ts";
export { type ProbeRow, probeSecrets } from "./lib/evaluation/probe.ts";
export { memorizationDistribution } from "./lib/evaluation/memorization_distribution.ts";
export { chooseRetainSet, continuationBleu } from "./lib/evaluation/retain_set.ts";
export { evaluateSets } from "./lib/evaluation/forgetting.ts";

export type { Figure } from "./lib/figures/figure.ts";
export { renderReport } from "./lib/report/report.ts";
export { loadRun } from "./lib/report/load_run.ts";

// what the signatures above name
export type { ReadCorpusOptions } from "./lib/datasets/corpus.ts";
export type { EmbeddedCorpusOptions } from "./lib/datasets/embedded_corpus.ts";
export type { ExampleSecret, ExampleSource, ForgetExample } from "./lib/datasets/examples.ts";
export type { ForgetOptions, ProbedSecret } from "./lib/datasets/forget_set.ts";
export type { PlantedDocuments, PlantedSecret } from "./lib/datasets/planted_secrets.ts";
export type { Columns, ColumnType, ColumnValue, RowOf } from "./lib/datasets/row_table.ts";
export type { SECRET_FORMATS, SecretFormat } from "./lib/datasets/secret_formats.ts";
export type { SecretWindow, SecretWindows, Span, WindowsOptions } from "./lib/datasets/secret_mask.ts";
export type { SecretRow, SecretRowsOptions } from "./lib/datasets/secret_table.ts";
export type { SecretInText, TokenizedSecret } from "./lib/datasets/secret_tokens.ts";
export type { ReadTableOptions } from "./lib/datasets/tables.ts";
export type { EmbeddedCorpusFiles } from "./lib/datasets/write_embedded_corpus.ts";
export type { CaptureOptions, StepResult } from "./lib/engine/capture.ts";
export type { Device } from "./lib/engine/engine.ts";
export type { LibraryPaths } from "./lib/engine/library.ts";
export type {
  EvaluateOptions,
  EvaluationSets,
  SecretScores,
  SetScores,
} from "./lib/evaluation/forgetting.ts";
export type {
  DistributionBin,
  DistributionOptions,
  MemorizationDistribution,
  SecretScore,
} from "./lib/evaluation/memorization_distribution.ts";
export type { ProbeOptions, ProbeResult, SecretPlace } from "./lib/evaluation/probe.ts";
export type { RetainRow } from "./lib/evaluation/retain_set.ts";
export type { Threshold, THRESHOLD_METRICS, ThresholdMetric } from "./lib/evaluation/thresholds.ts";
export type { Layout, Trace, TraceValue } from "./lib/figures/figure.ts";
export type { HistoryRow } from "./lib/figures/forgetting_curves.ts";
export type { DuplicationRow } from "./lib/figures/ma_by_duplication.ts";
export type { DocumentRow } from "./lib/figures/memorization_distribution.ts";
export type { ResultRow } from "./lib/figures/retained_quality.ts";
export type { SecretRow as ReportedSecretRow } from "./lib/figures/secrets_before_after.ts";
export type { ExtractionInput, ExtractionLikelihoods } from "./lib/metrics/extraction_likelihood.ts";
export type { GroupMeans } from "./lib/metrics/group_scores.ts";
export type { ScoreOptions, SecretTokens } from "./lib/metrics/text_scores.ts";
export type { AttentionFunction, AttentionInputs, ModelConfig, Weights } from "./lib/models/architecture.ts";
export type { DecodeStart } from "./lib/models/branch_grids.ts";
export type { FilledTexts } from "./lib/models/decoder.ts";
export type { SaveOptions } from "./lib/models/load.ts";
export type { StorageDtype } from "./lib/models/safetensors.ts";
export type { LoadRunOptions } from "./lib/report/load_run.ts";
export type { RunTables, Thresholds } from "./lib/report/run_tables.ts";
export type { DetectOptions } from "./lib/secrets/detect.ts";
export type { FilterOptions } from "./lib/secrets/filter.ts";
export type { BigramTable } from "./lib/secrets/gibberish.ts";
export type { SetUpRow, SetUpTensorFlowOptions } from "./lib/setup.ts";
export type { CacheOptions, OnSetUpProgress, SetUpProgress } from "./lib/setup_cache.ts";
export type { FindTensorFlowOptions, TensorFlowLibraries } from "./lib/setup_tensorflow.ts";
export type { FetchWheelsOptions } from "./lib/setup_wheels.ts";
export type { EncodedText } from "./lib/tokenizers/tokenizer.ts";
export type { TrainHooks, TrainStep } from "./lib/training/train.ts";
export type { WindowOptions } from "./lib/training/windows.ts";
export type { Compat, StopThresholds } from "./lib/unlearning/early_stop.ts";
export type { MethodName, Objective, ObjectiveOptions, TermWeights } from "./lib/unlearning/objectives.ts";
export type { UnlearnRow } from "./lib/unlearning/token_weights.ts";
export type { UnlearnEpoch, UnlearnHooks, UnlearnSets } from "./lib/unlearning/unlearn.ts";
