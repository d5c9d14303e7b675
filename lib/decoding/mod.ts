/**
 * Continuations: `Decoder` continues many texts greedily at once, from one pass over what they share; `Generator` draws
 * with temperature, top-p and top-k; `sampleCompletions` draws many samples of many tasks, each a function of its task and
 * number; `BeamSearch` finds the likeliest; `SuffixPass` scores known ones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel, openTokenizer } from "../checkpoints/mod.ts";
 * import { openTensorFlow } from "../engine/mod.ts";
 * import { Generator } from "./mod.ts";
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
export { type Beam, type BeamPrompt, BeamSearch } from "./beam_search.ts";
export { Decoder, type DecoderOptions, type DecodeStart, type PrefilledTexts } from "./decoder.ts";
export type { SamplingOptions } from "./filter_logits.ts";
export { type GenerateOptions, Generator } from "./generator.ts";
export type { PrefillOptions } from "./prefill.ts";
export { sampleCompletions } from "./sample_completions.ts";
export type { SampledCompletion, SampleOptions, SamplePrompt } from "./sample_options.ts";
export type { StopStrings } from "./stop_strings.ts";
export { type SuffixInput, type SuffixOptions, SuffixPass, type SuffixTokens } from "./suffix_pass.ts";
export { TOP_K } from "./token_details.ts";
