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

export { fetchHubModel, HubError, parseHubName } from "./lib/hub.ts";

export { type Engine, type EngineOptions, openTensorFlow } from "./lib/engine/engine.ts";
export { assign, compile, type CompiledStep, type CompileOptions, snapshot } from "./lib/engine/compile.ts";
export { CaptureError } from "./lib/engine/capture_error.ts";
export { TensorFlowError } from "./lib/engine/status.ts";

export { Tokenizer } from "./lib/tokenizers/tokenizer.ts";
export { fromCodePoints, toCodePoints } from "./lib/tokenizers/code_points.ts";

export {
  detectSecrets,
  PROFILES,
  SECRET_DETECTORS,
  type SecretSpan,
  type SecretTag,
} from "./lib/secrets/detect.ts";
export { detectExtended, EXTENDED_DETECTORS } from "./lib/secrets/extended.ts";
export { madeUpSecret } from "./lib/secrets/made_up_secret.ts";
export { filterSecrets } from "./lib/secrets/filter.ts";
export { describeSecret, fingerprintSecret } from "./lib/secrets/fingerprint.ts";

export { type LoadedModel, loadModel } from "./lib/models/load.ts";
export { openModelTokenizer as openTokenizer } from "./lib/models/model_tokenizer.ts";
export { saveModel } from "./lib/models/save.ts";
export { Model } from "./lib/models/model.ts";
export { MODELS } from "./lib/models/models.ts";
export { Decoder } from "./lib/models/decoder.ts";

export { type AllowList, isAllowed, parseAllowList } from "./lib/datasets/allow_list.ts";
export { type Corpus, type Document, readCorpus } from "./lib/datasets/corpus.ts";
export { type CorpusPiece, type PieceContent, readPiece } from "./lib/datasets/corpus_piece.ts";
export { corpusPieces, countDocuments, type PieceOptions } from "./lib/datasets/corpus_pieces.ts";
export { PLANTING_BIGRAMS } from "./lib/datasets/planting_bigrams.ts";
export { type RedactPlace, redactText } from "./lib/datasets/redact_text.ts";
export { EVALUATION_COLUMNS, HISTORY_COLUMNS, HYPERPARAMETER_COLUMNS } from "./lib/datasets/columns.ts";
export { pl, readTable, writeTable } from "./lib/datasets/tables.ts";
export { frameOfRows, readRows, writeRows } from "./lib/datasets/row_table.ts";
export { maskSecrets, secretWindows } from "./lib/datasets/secret_mask.ts";
export { tokenizeSecrets } from "./lib/datasets/secret_tokens.ts";
export { chooseForgetSets, type ForgetRow, qualifyingRows } from "./lib/datasets/forget_set.ts";
export { forgetExamples, RETAIN_ROW_TOKENS, retainExamples } from "./lib/datasets/examples.ts";
export { PLANTED_COLUMNS } from "./lib/datasets/columns.ts";
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
export { probeTokens } from "./lib/evaluation/probe_tokens.ts";
export { maByCopies } from "./lib/evaluation/duplication.ts";
export { countCopies, pairTwins, secretValues } from "./lib/evaluation/secret_values.ts";
export { packageOf, setSecrets } from "./lib/evaluation/set_secrets.ts";
export { memorizationDistribution } from "./lib/evaluation/memorization_distribution.ts";
export {
  chooseRetainSet,
  continuationBleu,
  RETAIN_BLEU,
  RETAIN_TOKENS,
} from "./lib/evaluation/retain_set.ts";
export { detectionQuality } from "./lib/evaluation/detection_quality.ts";
export { maskDocument } from "./lib/evaluation/masked_document.ts";
export { besidePaper, PAPER_THRESHOLDS, THRESHOLD_ROW_COLUMNS } from "./lib/evaluation/paper_thresholds.ts";
export { workExample } from "./lib/evaluation/worked_example.ts";
export { countItems, evaluateSets } from "./lib/evaluation/forgetting.ts";
export { besidePaperResults, PAPER_RESULTS, RESULTS_ROW_COLUMNS } from "./lib/evaluation/paper_results.ts";
export { codeCompletions, secretCompletions } from "./lib/evaluation/completions.ts";

export { type Figure, showLive } from "./lib/figures/figure.ts";
export { profileQuality } from "./lib/figures/profile_quality.ts";
export { forgettingCurves } from "./lib/figures/forgetting_curves.ts";
export { unlearningProgress } from "./lib/figures/unlearning_progress.ts";
export { secretTrajectories } from "./lib/figures/secret_trajectories.ts";
export { hyperparameterSliders } from "./lib/figures/hyperparameter_sliders.ts";
export { hyperparameterEffects } from "./lib/figures/hyperparameter_effects.ts";
export { forgettingRetention } from "./lib/figures/forgetting_retention.ts";
export { continuationQuality } from "./lib/figures/continuation_quality.ts";
export { maByDuplication } from "./lib/figures/ma_by_duplication.ts";
export { maByGroup } from "./lib/figures/ma_by_group.ts";
export { maByQuantity } from "./lib/figures/ma_by_quantity.ts";
export { memorizationDistribution as memorizationHistogram } from "./lib/figures/memorization_distribution.ts";
export { selectionSteps } from "./lib/figures/selection_steps.ts";
export { setComposition } from "./lib/figures/set_composition.ts";
export { setOverlap } from "./lib/figures/set_overlap.ts";
export { tokenStrips } from "./lib/figures/token_strips.ts";
export { twinPairs } from "./lib/figures/twin_pairs.ts";
export { scoresBeforeAfter } from "./lib/figures/scores_before_after.ts";
export { codeContinuations } from "./lib/figures/code_continuations.ts";
export { completionStrips } from "./lib/figures/completion_strips.ts";
export { retainedQuality } from "./lib/figures/retained_quality.ts";
export { secretsBeforeAfter } from "./lib/figures/secrets_before_after.ts";
export { renderReport } from "./lib/report/report.ts";
export { loadRun } from "./lib/report/load_run.ts";
export { joinSecrets } from "./lib/report/join_secrets.ts";

export { showInPlace, showProgress } from "./lib/figures/notebook_progress.ts";
export { extractionGrid, visibleText } from "./lib/figures/extraction_grid.ts";
export { maskedCode } from "./lib/figures/masked_code.ts";
export { secretCounts } from "./lib/figures/secret_counts.ts";
export { secretPositions } from "./lib/figures/secret_positions.ts";
export { thresholdConvergence } from "./lib/figures/threshold_convergence.ts";
export { unseenScores } from "./lib/figures/unseen_scores.ts";
export { findSecrets } from "./lib/notebooks/find_secrets.ts";
export { startNotebook } from "./lib/notebooks/start.ts";
export { embeddedFiles, openCorpus, openSession } from "./lib/notebooks/session.ts";
export { NOTEBOOK_TABLES, openRun } from "./lib/notebooks/run.ts";
export { unlearnLive } from "./lib/notebooks/unlearn_live.ts";

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
export type { CompletionRow } from "./lib/figures/completion_strips.ts";
export type { HyperparameterRow, RunSettings } from "./lib/figures/hyperparameter_runs.ts";
export type { ContinuationQualityOptions, ContinuationRow } from "./lib/figures/continuation_quality.ts";
export type { MaByDuplicationOptions } from "./lib/figures/ma_by_duplication.ts";
export type { GroupRow, MaByGroupOptions } from "./lib/figures/ma_by_group.ts";
export type { MaByQuantityOptions, QuantityRow } from "./lib/figures/ma_by_quantity.ts";
export type { MemorizationDistributionOptions } from "./lib/figures/memorization_distribution.ts";
export type { SelectionStep, SelectionStepsOptions } from "./lib/figures/selection_steps.ts";
export type { CompositionRow, SetCompositionOptions } from "./lib/figures/set_composition.ts";
export type { OverlapRow, SetOverlapOptions } from "./lib/figures/set_overlap.ts";
export type { StripRow, StripToken, TokenStripsOptions } from "./lib/figures/token_strips.ts";
export type { TwinPairRow } from "./lib/figures/twin_pairs.ts";
export type { DuplicationMeans, TruthRow } from "./lib/evaluation/duplication.ts";
export type { ProbedToken, ProbedTokens } from "./lib/evaluation/probe_tokens.ts";
export type { SecretValue, TwinPair, ValuePlace } from "./lib/evaluation/secret_values.ts";
export type { SetSecret } from "./lib/evaluation/set_secrets.ts";
export type { EpochScores, ForgetThresholds } from "./lib/figures/score_curves.ts";
export type { TrajectoryRow } from "./lib/figures/secret_trajectories.ts";
export type { ProgressRow } from "./lib/figures/unlearning_progress.ts";
export type { SecretRow as ReportedSecretRow } from "./lib/figures/secrets_before_after.ts";
export type { FetchHubModelOptions, HubFailure, HubModelName, HubSettings } from "./lib/hub.ts";
export type { ExtractionInput, ExtractionLikelihoods } from "./lib/metrics/extraction_likelihood.ts";
export type { GroupMeans } from "./lib/metrics/group_scores.ts";
export type { ScoreOptions, SecretTokens } from "./lib/metrics/text_scores.ts";
export type { AttentionFunction, AttentionInputs, ModelConfig, Weights } from "./lib/models/architecture.ts";
export type { DecodeStart } from "./lib/models/branch_grids.ts";
export type { FilledTexts } from "./lib/models/decoder.ts";
export type { SaveOptions } from "./lib/models/save.ts";
export type { StorageDtype } from "./lib/models/float_types.ts";
export type { LoadRunOptions } from "./lib/report/load_run.ts";
export type { RunTables, Thresholds } from "./lib/report/run_tables.ts";
export type { DetectOptions, ExtraSecret, Profile } from "./lib/secrets/detect.ts";
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
export type { RateNote } from "./lib/unlearning/rate_notes.ts";
export type { UnlearnRow } from "./lib/unlearning/token_weights.ts";
export type { UnlearnHooks, UnlearnSets } from "./lib/unlearning/unlearn.ts";
export type { UnlearnEpoch } from "./lib/unlearning/unlearn_epoch.ts";
export type { OnWorkProgress, ShowProgressOptions } from "./lib/figures/notebook_progress.ts";
export type { NotebookRow, NotebookRun, NotebookTable } from "./lib/notebooks/run.ts";
export type { EmbeddedPart, NotebookSession } from "./lib/notebooks/session.ts";
export type { Parameter, Parameters, StartNotebookOptions, ValuesOf } from "./lib/notebooks/start.ts";
export type { LiveResult, LiveSets, UnlearnLiveOptions } from "./lib/notebooks/unlearn_live.ts";
export type { ResultsRow } from "./lib/evaluation/paper_results.ts";
export type { CodeContinuationsOptions, ContinuedCode } from "./lib/figures/code_continuations.ts";
export type { SecretSources } from "./lib/report/join_secrets.ts";
export type { ReportedSecret } from "./lib/report/run_tables.ts";
export type { DetectionQuality, FoundPlace } from "./lib/evaluation/detection_quality.ts";
export type { MaskDocumentOptions, PlacedToken } from "./lib/evaluation/masked_document.ts";
export type { ThresholdRow } from "./lib/evaluation/paper_thresholds.ts";
export type { WorkedExample, WorkedPrefix } from "./lib/evaluation/worked_example.ts";
export type { ExtractionGridOptions, ExtractionRow } from "./lib/figures/extraction_grid.ts";
export type { MaskedToken } from "./lib/figures/masked_code.ts";
export type { CountedSecret, SecretCountsOptions } from "./lib/figures/secret_counts.ts";
export type { PositionedSecret } from "./lib/figures/secret_positions.ts";
export type { ThresholdConvergenceOptions } from "./lib/figures/threshold_convergence.ts";
export type { UnseenMean, UnseenRow } from "./lib/figures/unseen_scores.ts";
export type { FindOptions, FoundSecret } from "./lib/notebooks/find_secrets.ts";
