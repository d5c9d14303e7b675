/**
 * CodeScrub finds out which secrets a code language model has memorized, and makes it forget them.
 *
 * Here stands what one goes through from a corpus to a cleaned model; everything else has a subject of its own:
 * `/engine`, `/secrets`, `/tokenizers`, `/figures`, `/models`, `/checkpoints`, `/decoding`, `/datasets`, `/embedded`,
 * `/metrics`, `/training`, `/unlearning`, `/evaluation`, `/attacks`, `/collection`, `/report`, `/hub`, `/humaneval`,
 * `/sandbox`, `/setup` and `/notebook`, each the mod.ts of a folder of lib/. Importing this opens no TensorFlow;
 * `openTensorFlow` does.
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

export { type Corpus, type Document, readCorpus } from "./lib/datasets/corpus.ts";
export { chooseForgetSets } from "./lib/datasets/forget_set.ts";
export { type Engine, openTensorFlow } from "./lib/engine/engine.ts";
export { evaluateSets } from "./lib/evaluation/evaluate_sets.ts";
export { probeSecrets } from "./lib/evaluation/probe.ts";
export { Scorer, type Scores } from "./lib/metrics/scorer.ts";
export { type LoadedModel, loadModel } from "./lib/checkpoints/load.ts";
export { openModelTokenizer as openTokenizer } from "./lib/checkpoints/model_tokenizer.ts";
export { saveModel } from "./lib/checkpoints/save.ts";
export { detectSecrets } from "./lib/secrets/detect.ts";
export { filterSecrets } from "./lib/secrets/filter.ts";
export type { SecretSpan, SecretTag } from "./lib/secrets/secret_span.ts";
export type { Tokenizer } from "./lib/tokenizers/tokenizer.ts";
export { unlearn, type UnlearnOptions, type UnlearnResult } from "./lib/unlearning/unlearn.ts";
