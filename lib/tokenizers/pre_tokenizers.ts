/**
 * How byte-level tokenizers cut a text into words before they merge: the kinds that GGUF files name, as the steps of
 * a tokenizer.json.
 *
 * Sources: the tokenizer.json that came with the first model of each kind, and llama.cpp's list of names for them.
 *
 * @module
 */

/** One kind of pre-tokenizer. */
export interface PreTokenizer {
  /** The steps, one after the other. */
  steps: readonly unknown[];
  /** What is done to a text before. */
  normalizer?: unknown;
  /** Whether a word that is a token stays whole, whatever the merges say. */
  wholeWords?: boolean;
  /** Whether a text begins with the start token where a file does not say so. */
  startsTexts?: boolean;
}

/**
 * The step from text to bytes, written as printable characters.
 *
 * @param cuts whether it also cuts words, as GPT-2 does
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(byteLevelSteps(true).use_regex, true);
 * ```
 */
export function byteLevelSteps(
  cuts: boolean,
): { type: string; add_prefix_space: boolean; trim_offsets: boolean; use_regex: boolean } {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: cuts };
}

function split(pattern: string): unknown {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

/** A letters' word with the sign before it, numbers of some digits, signs with line breaks after them, white space. */
function modernSplit(digits: string): unknown {
  return split(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits +
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  );
}

const DIGITS = { type: "Digits", individual_digits: true };
const GPT2: PreTokenizer = { steps: [byteLevelSteps(true)] };
const STARCODER: PreTokenizer = { steps: [DIGITS, byteLevelSteps(true)] };
const LLAMA3: PreTokenizer = {
  steps: [modernSplit("\\p{N}{1,3}"), byteLevelSteps(false)],
  wholeWords: true,
  startsTexts: true,
};
const QWEN2: PreTokenizer = {
  steps: [modernSplit("\\p{N}"), byteLevelSteps(false)],
  normalizer: { type: "NFC" },
};
const DEEPSEEK_CODER: PreTokenizer = {
  steps: [
    split("[\\r\\n]"),
    split("\\s?\\p{L}+"),
    split("\\s?\\p{P}+"),
    split("[一-龥ࠀ-一가-\ud7ff]+"),
    DIGITS,
    byteLevelSteps(false),
  ],
};

/** The kinds by the names of `tokenizer.ggml.pre`; a file without a name means GPT-2's. */
export const PRE_TOKENIZERS: { readonly [kind: string]: PreTokenizer } = {
  "default": GPT2,
  "gpt-2": GPT2,
  "starcoder": STARCODER,
  "refact": STARCODER,
  "command-r": STARCODER,
  "smollm": STARCODER,
  "codeshell": STARCODER,
  "llama3": LLAMA3,
  "llama-v3": LLAMA3,
  "llama-bpe": LLAMA3,
  "qwen2": QWEN2,
  "deepseek-r1-qwen": QWEN2,
  "deepseek-coder": DEEPSEEK_CODER,
};
