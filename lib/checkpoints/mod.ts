/**
 * Models in files: loaded from a folder of safetensors or PyTorch shards, a GGUF file or by a name, and saved as a
 * Hugging Face checkpoint. No reader runs code that a file holds; each checks its file before it takes memory for it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/mod.ts";
 * import { loadModel, openTokenizer } from "./mod.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("embedded");
 * assertEquals(loaded.model.config.vocabularySize, tokenizer.vocabularySize);
 * ```
 *
 * @module
 */
export { ADAPTER_FILES, saveAdapter } from "./adapter.ts";
export type { StorageDtype } from "./float_types.ts";
export { type LoadedModel, loadModel, type LoadOptions } from "./load.ts";
export { openModelTokenizer as openTokenizer } from "./model_tokenizer.ts";
export { MODEL_FILES, saveModel, type SaveOptions } from "./save.ts";
