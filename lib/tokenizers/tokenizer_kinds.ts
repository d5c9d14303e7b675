/**
 * The kinds of steps that a tokenizer.json may have, with what each of their fields may be: those that byte-level and
 * SentencePiece's BPE tokenizers consist of. What the native library would end the process at, or fill the memory with,
 * is out of bounds here: pieces of no length, ends cut off tokens that may be shorter, expressions that backtrack.
 *
 * @module
 */
import { checkPattern } from "./check_pattern.ts";

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;
/** What is wrong with a value; undefined if nothing. */
export type Check = (value: unknown) => string | undefined;
/** The kinds of one part, with their fields. */
export type Kinds = Readonly<Record<string, Readonly<Record<string, Check>>>>;

const MAX_VOCABULARY = 1 << 20; // the largest have 2^18 entries
const MAX_MERGES = 1 << 21;

const flag: Check = (value) => typeof value === "boolean" ? undefined : "is neither true nor false";
const text = (longest: number, shortest = 0): Check => (value) => {
  if (typeof value !== "string") return "is no text";
  const isLong = value.length > longest || value.length < shortest;
  return isLong ? `has ${value.length} characters, expected ${shortest} to ${longest}` : undefined;
};
const whole = (most: number, least = 0): Check => (value) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most
    ? undefined
    : `is no whole number from ${least} to ${most}`;
/** The library fills tables up to the largest number. */
const tokenId: Check = whole(2 * MAX_VOCABULARY);
const oneOf = (...names: string[]): Check => (value) =>
  names.includes(value as string) ? undefined : `is none of ${names.join(", ")}`;
const orNone = (check: Check): Check => (value) =>
  value === null || value === undefined ? undefined : check(value);
const character: Check = (value) =>
  typeof value === "string" && [...value].length === 1 ? undefined : "is no single character";
const pattern: Check = (value) => {
  const { String: literal, Regex: expression, ...rest } = (value ?? {}) as Fields;
  const isOne = (literal === undefined) !== (expression === undefined) && Object.keys(rest).length === 0;
  if (!isOne) return "is neither a String nor a Regex";
  if (expression === undefined) return text(1024, 1)(literal);
  if (typeof expression !== "string") return "is no text";
  const refusal = checkPattern(expression);
  return refusal && `is a regular expression that may take for ever: ${refusal}`;
};

const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];
const METASPACE = {
  replacement: character,
  str_rep: orNone(character),
  add_prefix_space: orNone(flag),
  prepend_scheme: orNone(oneOf("always", "never", "first")),
  split: orNone(flag),
};
const BYTE_LEVEL = { add_prefix_space: orNone(flag), trim_offsets: orNone(flag), use_regex: orNone(flag) };
const NORMALIZERS: Kinds = {
  NFC: {},
  NFD: {},
  NFKC: {},
  NFKD: {},
  Lowercase: {},
  StripAccents: {},
  Strip: { strip_left: flag, strip_right: flag },
  Prepend: { prepend: text(16, 1) },
  Replace: { pattern, content: text(64) },
};
const PRE_TOKENIZERS: Kinds = {
  ByteLevel: BYTE_LEVEL,
  Split: { pattern, behavior: oneOf(...BEHAVIORS), invert: orNone(flag) },
  Digits: { individual_digits: orNone(flag) },
  Punctuation: { behavior: orNone(oneOf(...BEHAVIORS)) },
  Metaspace: METASPACE,
  Whitespace: {},
  WhitespaceSplit: {},
  CharDelimiterSplit: { delimiter: character },
  UnicodeScripts: {},
  FixedLength: { length: whole(1 << 16, 1) },
};
const DECODERS: Kinds = {
  ByteLevel: BYTE_LEVEL,
  ByteFallback: {},
  Fuse: {},
  Metaspace: METASPACE,
  BPEDecoder: { suffix: orNone(text(64)) },
  Replace: { pattern, content: text(64) },
  Strip: { content: character, start: whole(64), stop: whole(0) }, // a token may be shorter than what is cut off its end
};
const ids: Check = (value) =>
  Array.isArray(value) && value.length <= 64 && value.every((id) => tokenId(id) === undefined)
    ? undefined
    : "is no short list of token numbers";
const marker: Check = (value) =>
  Array.isArray(value) && value.length === 2
    ? text(1024)(value[0]) ?? ids([value[1]])
    : "is no token with its number";
const POST_PROCESSORS: Kinds = {
  ByteLevel: BYTE_LEVEL,
  TemplateProcessing: { single: template, pair: orNone(template), special_tokens: specialTokens },
  BertProcessing: { sep: marker, cls: marker },
  RobertaProcessing: { sep: marker, cls: marker, trim_offsets: orNone(flag), add_prefix_space: orNone(flag) },
};
/** The parts of a tokenizer: their kinds, and under which name a Sequence of them holds its steps. */
export const PARTS: Readonly<Record<string, { kinds: Kinds; steps: string }>> = {
  normalizer: { kinds: NORMALIZERS, steps: "normalizers" },
  pre_tokenizer: { kinds: PRE_TOKENIZERS, steps: "pretokenizers" },
  post_processor: { kinds: POST_PROCESSORS, steps: "processors" },
  decoder: { kinds: DECODERS, steps: "decoders" },
};
/** The fields of a BPE model. */
export const BPE: Readonly<Record<string, Check>> = {
  dropout: orNone((value) =>
    typeof value === "number" && value >= 0 && value <= 1 ? undefined : "is no number from 0 to 1"
  ),
  unk_token: orNone(text(1024)),
  continuing_subword_prefix: orNone(text(8192)),
  end_of_word_suffix: orNone(text(8192)),
  fuse_unk: orNone(flag),
  byte_fallback: orNone(flag),
  ignore_merges: orNone(flag),
  vocab: vocabulary,
  merges,
};
/** The fields of an added token. */
export const ADDED_TOKEN: Readonly<Record<string, Check>> = {
  id: tokenId,
  content: text(1024, 1),
  single_word: orNone(flag),
  lstrip: orNone(flag),
  rstrip: orNone(flag),
  normalized: orNone(flag),
  special: orNone(flag),
};

function template(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length > 64) return "is no short list";
  const isPiece = (piece: Fields | null) => {
    const { id, type_id } = (piece?.Sequence ?? piece?.SpecialToken ?? {}) as Fields;
    return text(1024)(id) === undefined && whole(1024)(type_id) === undefined;
  };
  return value.every(isPiece) ? undefined : "has something else than sequences and special tokens";
}

function specialTokens(value: unknown): string | undefined {
  const entries = value !== null && typeof value === "object" ? Object.values(value) : [null];
  if (entries.length > 1024) return `has ${entries.length} entries, at most 1024 are allowed`;
  const isToken = (token: Fields | null) =>
    text(1024)(token?.id) === undefined && ids(token?.ids) === undefined &&
    Array.isArray(token?.tokens) && token.tokens.length === (token.ids as unknown[]).length &&
    token.tokens.every((word) => text(1024)(word) === undefined);
  return entries.every(isToken) ? undefined : "is no list of special tokens";
}

function vocabulary(value: unknown): string | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "is no object";
  const numbers = Object.values(value);
  if (numbers.length > MAX_VOCABULARY) {
    return `has ${numbers.length} entries, at most ${MAX_VOCABULARY} are allowed`;
  }
  const isId = (id: unknown) => tokenId(id) === undefined;
  if (!numbers.every(isId)) return "has something else than token numbers";
  // the library has a table of as many entries as there are numbers
  return new Set(numbers).size === numbers.length ? undefined : "has two tokens of one number";
}

function merges(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "is no list";
  if (value.length > MAX_MERGES) return `has ${value.length} entries, at most ${MAX_MERGES} are allowed`;
  const isPair = (merge: unknown) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    return Array.isArray(pair) && pair.length === 2 &&
      pair.every((token) => typeof token === "string" && token !== "");
  };
  const bad = value.findIndex((merge) => !isPair(merge));
  return bad < 0 ? undefined : `has something else than a pair of tokens at ${bad}`;
}
