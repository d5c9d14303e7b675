/**
 * The questions of the paper, each answered by a table: from which score on is a text memorized, which secrets are, which
 * texts to retain, what was forgotten and what it cost; and the paper's own numbers to lay beside.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { besidePaper } from "./mod.ts";
 *
 * const ma = { metric: "ma", mean: 0.299, standard_error: 0.01, texts: 64 } as const;
 * assertEquals(besidePaper([ma], "ours").at(-1)?.ma, 29.9); // percent, below the paper's rows
 * ```
 *
 * @module
 */
export { RETAIN_PREFIX_TOKENS, RETAIN_TOKENS } from "../datasets/token_counts.ts";
export {
  type CodeCompletion,
  codeCompletions,
  type CompletionModel,
  type SecretCompletion,
  secretCompletions,
} from "./completions.ts";
export { greedyContinuations, type PrefixedText } from "./continuations.ts";
export { classifyCode, CODE_CLASSES, type CodeClass } from "./code_classes.ts";
export { CODE_LANGUAGE_NAMES, CODE_LANGUAGES, type CodeLanguage, languageOf } from "./code_languages.ts";
export { type DetectionQuality, detectionQuality } from "./detection_quality.ts";
export { type DuplicationMeans, maByCopies } from "./duplication.ts";
export {
  countItems,
  type EvaluateOptions,
  evaluateSets,
  type EvaluationSets,
  type MeasuredSet,
  type SecretScores,
  type SetSamples,
  type SetScores,
} from "./evaluate_sets.ts";
export { maskDocument, type MaskDocumentOptions, type PlacedToken } from "./masked_document.ts";
export {
  type DistributionBin,
  type DistributionOptions,
  type MemorizationDistribution,
  memorizationDistribution,
  type SecretScore,
} from "./memorization_distribution.ts";
export { otherSecrets, type ValueOfPlace } from "./other_secrets.ts";
export { besidePaperResults, PAPER_RESULTS, RESULTS_ROW_COLUMNS, type ResultsRow } from "./paper_results.ts";
export {
  besidePaper,
  PAPER_THRESHOLDS,
  THRESHOLD_ROW_COLUMNS,
  type ThresholdRow,
} from "./paper_thresholds.ts";
export { type ProbeOptions, type ProbeResult, type ProbeRow, probeSecrets } from "./probe.ts";
export { type ProbedToken, type ProbedTokens, probeTokens } from "./probe_tokens.ts";
export {
  chooseRetainSet,
  continuationBleu,
  RETAIN_BLEU,
  type RetainOptions,
  type RetainRow,
} from "./retain_set.ts";
export {
  countCopies,
  pairTwins,
  type SecretValue,
  secretValues,
  type TwinPair,
  type ValuePlace,
} from "./secret_values.ts";
export { packageOf, type SetSecret, setSecrets } from "./set_secrets.ts";
export { memorizationThresholds, type Threshold } from "./thresholds.ts";
export { tokenClasses, tokenLines, type TokenRange } from "./token_classes.ts";
export {
  type ReliabilityRow,
  reliabilityRows,
  scoreUtility,
  type UtilityRow,
  utilityRows,
  type UtilityScores,
} from "./utility.ts";
export {
  type ClassMeasure,
  UTILITY_MEASURES,
  type UtilityMeasure,
  type UtilitySums,
} from "./utility_sums.ts";
export {
  codeText,
  hostTexts,
  NOT_COUNTED,
  secretTexts,
  type TokenWindow,
  type UtilityText,
} from "./utility_texts.ts";
export { type WorkedExample, type WorkedPrefix, workExample } from "./worked_example.ts";
