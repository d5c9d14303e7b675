/**
 * Where a text may be cut so that its end, tokenized alone, gives the tokens that it has in the whole. Tokenizers of
 * code models cut a text into words first; with the expressions known here no word holds a line's end and what is
 * printed after it, or a letter or digit and the line's end after it, and none looks back. So the beginning of a line
 * where something printed stands, and the end of one with a letter or digit, are such places.
 *
 * Where both sides of a cut must have the tokens that they have in the whole, no word may look ahead over it either: a
 * blank before a word changes what the blanks before it are. So those cuts stand before white space and digits only.
 *
 * @module
 */
import { PRE_TOKENIZERS } from "./pre_tokenizers.ts";

/** What matters here of a tokenizer.json. */
export interface TokenizerParts {
  /** What is done to a text before. */
  normalizer?: { type: string } | null;
  /** How words are cut. */
  pre_tokenizer?: WordStep | null;
  /** What is done to the tokens. */
  post_processor?: PostStep | null;
  /** Tokens that are found before anything else. */
  added_tokens?: readonly { content: string; lstrip: boolean; rstrip: boolean; single_word: boolean }[];
  /** How words become tokens. */
  model?: { type?: string; dropout?: number | null; continuing_subword_prefix?: unknown; merges?: unknown };
}

interface PostStep {
  type: string;
  processors?: readonly PostStep[];
  add_prefix_space?: boolean;
  trim_offsets?: boolean;
}

interface WordStep {
  type: string;
  pretokenizers?: readonly WordStep[];
  add_prefix_space?: boolean;
  use_regex?: boolean;
  pattern?: { Regex?: string };
  behavior?: string;
  invert?: boolean;
}

/** Expressions of Split steps that cut at the beginning of each line: Qwen's and Llama 3's. */
const CUTTING: ReadonlySet<string | undefined> = new Set(
  [PRE_TOKENIZERS.qwen2!, PRE_TOKENIZERS.llama3!].map(({ steps }) => (steps[0] as WordStep).pattern!.Regex),
);
/** Cuts of which both sides keep their tokens: before a line's end, before a blank, between a letter and a digit. */
const WORD_CUTS = ["(?<=[A-Za-z0-9])(?=\\n)", "(?<=[!-~])(?=[ \\t])", "(?<=[A-Za-z])(?=[0-9])"] as const;
/** An expression of line ends alone, as files spell it. */
const LINE_ENDS: ReadonlySet<string | undefined> = new Set(["[\\r\\n]", "[\r\n]"]);
const PRINTED = /^[\p{L}\p{N}\p{P}\p{S}]/u;
const ALPHANUMERIC = /^[\p{L}\p{N}]$/u;

/**
 * Whether a tokenizer's words end where a line does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { byteLevelSteps } from "./pre_tokenizers.ts";
 *
 * const model = { type: "BPE", dropout: null };
 * assertEquals(cutsAtLines({ model, pre_tokenizer: byteLevelSteps(true) }), true);
 * assertEquals(cutsAtLines({ model, pre_tokenizer: null }), false);
 * ```
 */
export function cutsAtLines({ pre_tokenizer, ...parts }: TokenizerParts): boolean {
  if (!isLocal(parts) || !pre_tokenizer) return false;
  for (const step of pre_tokenizer.pretokenizers ?? [pre_tokenizer]) {
    if (step.type === "Digits") continue; // no digit is a line's end
    if (step.type === "ByteLevel") {
      if (step.add_prefix_space !== false) return false;
      if (step.use_regex !== false) return true;
    } else {
      const isWhole = step.type === "Split" && step.behavior === "Isolated" && step.invert === false;
      return isWhole && CUTTING.has(step.pattern?.Regex);
    }
  }
  return false;
}

/** Whether a line's tokens depend on nothing beyond it, but for how words are cut. */
function isLocal({ normalizer, added_tokens = [], model }: TokenizerParts): boolean {
  const spans = added_tokens.some((token) =>
    /[\r\n]/.test(token.content) || token.lstrip || token.rstrip || token.single_word
  );
  return model?.type === "BPE" && !model.dropout && (!normalizer || normalizer.type === "NFC") && !spans;
}

/**
 * The last place, at or before `at`, where a line begins with something printed or ends with a letter or digit; 0 where
 * there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([5, 10, 12].map((at) => lineCut("a:\nb;\n  c\n  d", at)), [3, 9, 9]);
 * ```
 */
export function lineCut(text: string, at: number): number {
  for (let end = at; end > 0;) {
    end = text.lastIndexOf("\n", end - 1);
    if (end >= 0 && PRINTED.test(text.slice(end + 1, end + 3))) return end + 1;
    if (end > 0 && ALPHANUMERIC.test(text[end - 1]!)) return end;
  }
  return 0;
}

/**
 * Where a tokenizer's texts may be cut so that each piece, tokenized alone, gives the tokens and offsets that it has in
 * the whole; null where no such places are known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { byteLevelSteps } from "./pre_tokenizers.ts";
 *
 * const cuts = wordCuts({ model: { type: "BPE" }, pre_tokenizer: byteLevelSteps(true) })!;
 * assertEquals("x1 =  y\n".split(cuts), ["x", "1", " =", "  y", "\n"]);
 * ```
 */
export function wordCuts(parts: TokenizerParts): RegExp | null {
  const { added_tokens = [], post_processor } = parts;
  if (!keepsOffsets(post_processor)) return null;
  if (isolatesLines(parts)) return /(?=\n)/g;
  if (!cutsAtLines(parts)) return null;
  // a token that is found before anything else may hold such a place itself
  const cuts = WORD_CUTS.filter((cut) => added_tokens.every(({ content }) => !new RegExp(cut).test(content)));
  return cuts.length > 0 ? new RegExp(cuts.join("|"), "g") : null;
}

/** Whether lines are taken apart before anything else, as DeepSeek-Coder's are. */
function isolatesLines({ pre_tokenizer, ...parts }: TokenizerParts): boolean {
  const [first, ...others] = pre_tokenizer?.pretokenizers ?? [];
  const { pattern, behavior, invert } = first ?? {};
  const isIsolated = LINE_ENDS.has(pattern?.Regex) && behavior === "Isolated" && invert === false;
  return isIsolated && isLocal(parts) && others.every(({ add_prefix_space }) => !add_prefix_space);
}

/** Whether the offsets of a piece's first token are those that it has elsewhere. */
function keepsOffsets(step: PostStep | null | undefined): boolean {
  if (!step || step.type === "TemplateProcessing") return true;
  if (step.type === "Sequence") return step.processors?.every(keepsOffsets) ?? false;
  return step.type === "ByteLevel" && !(step.trim_offsets && step.add_prefix_space);
}

/**
 * A text in pieces of `length` characters or a few more, cut at such places only.
 *
 * @param cuts of `wordCuts`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(textPieces("ab cd ef  gh", /(?= )/g, 4), ["ab cd", " ef ", " gh"]);
 * ```
 */
export function textPieces(text: string, cuts: RegExp, length: number): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > length) {
    cuts.lastIndex = start + length;
    const cut = cuts.exec(text);
    if (!cut) break;
    pieces.push(text.slice(start, cut.index));
    start = cut.index;
  }
  return [...pieces, text.slice(start)];
}
