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
export { probeSecrets, type ProbeRow } from "./lib/evaluation/probe.ts";
export { memorizationDistribution } from "./lib/evaluation/memorization_distribution.ts";
export { chooseRetainSet, continuationBleu } from "./lib/evaluation/retain_set.ts";
export { evaluateSets } from "./lib/evaluation/forgetting.ts";

export type { Figure } from "./lib/figures/figure.ts";
export { renderReport } from "./lib/report/report.ts";
export { loadRun } from "./lib/report/load_run.ts";
