/**
 * Text to token ids with the place of each token, by Hugging Face's tokenizers; and offsets in characters, as tables
 * count them, beside UTF-16 units, as strings do. A model's own tokenizer is opened by `openTokenizer` of `/models`.
 * Importing this loads the native add-on of npm's tokenizers.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTokenizer } from "./mod.ts";
 *
 * const file = "tests/fixtures/tokenizer/tokenizer.json";
 * const tokenizer = parseTokenizer(await Deno.readTextFile(file), file);
 * const { ids } = await tokenizer.encode("n = 'é'");
 * assertEquals(await tokenizer.decode(ids), "n = 'é'");
 * ```
 *
 * @module
 */
export { fromCodePoints, toCodePoints } from "./code_points.ts";
export type { SpecialTokens } from "./special_tokens.ts";
export { type EncodedText, parseTokenizer, Tokenizer, type TokenizerOptions } from "./tokenizer.ts";
