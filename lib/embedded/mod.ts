/**
 * The embedded corpus: source files of pinned packages with made-up secrets planted in them, some many times, beside
 * twins that no text holds. The embedded model was trained on it, so what it memorized is known.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { PythonRandom } from "../datasets/mod.ts";
 * import { SECRET_FORMATS } from "./mod.ts";
 *
 * assert(SECRET_FORMATS.email(new PythonRandom(1)).endsWith(".invalid"));
 * ```
 *
 * @module
 */
export { buildEmbeddedCorpus, type EmbeddedCorpus, type EmbeddedCorpusOptions } from "./embedded_corpus.ts";
export type { PlantedDocuments, PlantedSecret } from "./planted_secrets.ts";
export { PLANTING_BIGRAMS } from "./planting_bigrams.ts";
export { SECRET_FORMATS, type SecretFormat } from "./secret_formats.ts";
export { type EmbeddedCorpusFiles, writeEmbeddedCorpus } from "./write_embedded_corpus.ts";
