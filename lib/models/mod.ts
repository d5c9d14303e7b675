/**
 * Code language models: loaded from a folder, a GGUF file or the Hugging Face Hub, saved, and made to generate. `Model`
 * gives hidden states and logits, `Decoder` greedy continuations of many texts at once, `Generator` sampled ones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/mod.ts";
 * import { Generator, loadModel, openTokenizer } from "./mod.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * using generator = new Generator(loaded.model);
 * const tokenizer = await openTokenizer("embedded");
 * const { ids } = await tokenizer.encode("import numpy as");
 * const [tokens] = await generator.generate([ids], { maxTokens: 1 });
 * assertEquals(tokens?.length, 1);
 * ```
 *
 * @module
 */
export { fetchHubModel, type FetchHubModelOptions, HubError, type HubFailure } from "../hub.ts";
export { type HubModelName, type HubSettings, parseHubName } from "../hub.ts";
export type {
  Architecture,
  AttentionFunction,
  AttentionInputs,
  ModelConfig,
  Weights,
} from "./architecture.ts";
export { Decoder, type DecoderOptions, type DecodeStart, type FilledTexts } from "./decoder.ts";
export type { StorageDtype } from "./float_types.ts";
export { type GenerateOptions, Generator } from "./generate.ts";
export { type LoadedModel, loadModel, type LoadOptions } from "./load.ts";
export { Model, type ModelParts } from "./model.ts";
export { openModelTokenizer as openTokenizer } from "./model_tokenizer.ts";
export { architectureOf, MODELS } from "./models.ts";
export { newModel } from "./new_model.ts";
export type { SamplingOptions } from "./next_token.ts";
export { NotFiniteError } from "./not_finite.ts";
export { MODEL_FILES, saveModel, type SaveOptions } from "./save.ts";
export type { TextPassOptions } from "./text_pass.ts";
