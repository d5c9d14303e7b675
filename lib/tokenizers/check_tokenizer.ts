/**
 * What a tokenizer.json may hold. The native library trusts it: some kinds of steps with odd numbers end the process,
 * others fill the memory, and neither can be caught. So every step is checked before the library sees it, by a list of
 * the kinds that byte-level and SentencePiece's BPE tokenizers consist of: a kind that is not on the list is refused by
 * its name, and so is a number out of its bounds.
 *
 * @module
 */
import { checkPattern } from "./check_pattern.ts";

type Fields = Readonly<Record<string, unknown>>;
/** What is wrong with a value; undefined if nothing. */
type Check = (value: unknown) => string | undefined;
/** The kinds of one part, with their fields. */
type Kinds = Readonly<Record<string, Readonly<Record<string, Check>>>>;

const MAX_VOCABULARY = 1 << 20; // the largest have 2^18 entries
const MAX_MERGES = 1 << 21;
const MAX_ADDED_TOKENS = 1 << 15; // the library compares each with all others
const MAX_STEPS = 32;
const MAX_DEPTH = 4;
/** How many times longer Replace steps may make a text together: SentencePiece's keep its length. */
const MAX_GROWTH = 8;

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
const PARTS: Readonly<Record<string, { kinds: Kinds; steps: string }>> = {
  normalizer: { kinds: NORMALIZERS, steps: "normalizers" },
  pre_tokenizer: { kinds: PRE_TOKENIZERS, steps: "pretokenizers" },
  post_processor: { kinds: POST_PROCESSORS, steps: "processors" },
  decoder: { kinds: DECODERS, steps: "decoders" },
};
const BPE: Readonly<Record<string, Check>> = {
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
const ADDED_TOKEN: Readonly<Record<string, Check>> = {
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

/** A tokenizer.json that was checked. */
export interface CheckedTokenizer {
  /** How many times longer its normalizer makes a text, at most and but for Unicode's forms. */
  growth: number;
}

/**
 * Checks a tokenizer.json.
 *
 * @param json as JSON.parse gives it
 * @throws {RangeError} naming the kind or field that is refused
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const model = { type: "BPE", vocab: { a: 0 }, merges: [] };
 * assertEquals(checkTokenizer({ model, normalizer: { type: "NFC" } }), { growth: 1 });
 * const message = 'its normalizer "Precompiled" is not supported: expected ';
 * assertThrows(() => checkTokenizer({ model, normalizer: { type: "Precompiled" } }), RangeError, message);
 * ```
 */
export function checkTokenizer(json: unknown): CheckedTokenizer {
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    throw new RangeError("it is no object");
  }
  const fields = json as Fields;
  const { type = "BPE" } = (fields.model ?? {}) as Fields; // GPT-2's does not say it
  if (type !== "BPE") refuse(`its model ${JSON.stringify(type)} is not supported: expected "BPE"`);
  checkFields((fields.model ?? {}) as Fields, BPE, "model");
  checkPrefix(fields.model as Fields);
  for (const part of Object.keys(PARTS)) {
    const steps = stepsOf(fields[part], part);
    if (steps.length > MAX_STEPS) {
      refuse(`its ${part} has ${steps.length} steps, at most ${MAX_STEPS} are allowed`);
    }
    for (const step of steps) {
      checkFields(step, PARTS[part]!.kinds[step.type as string]!, `${part} ${step.type}`);
    }
  }
  checkAddedTokens(fields.added_tokens ?? [], stepsOf(fields.normalizer, "normalizer"));
  for (const step of stepsOf(fields.post_processor, "post_processor")) checkTemplates(step);
  return { growth: growthOf(fields) };
}

function refuse(what: string): never {
  throw new RangeError(what);
}

function checkFields(fields: Fields, checks: Readonly<Record<string, Check>>, name: string): void {
  for (const [field, check] of Object.entries(checks)) {
    const wrong = check(fields[field]);
    if (wrong !== undefined) refuse(`${field} of its ${name} ${wrong}`);
  }
}

/** The steps of a part, those of Sequences too, each of a known kind. */
function stepsOf(step: unknown, part: string, depth = 0): Fields[] {
  if (step === null || step === undefined) return [];
  const { kinds, steps: list } = PARTS[part]!;
  const { type, [list]: steps } = step as Fields;
  if (type === "Sequence") {
    if (!Array.isArray(steps)) refuse(`its ${part} is a Sequence without ${list}`);
    if (depth === MAX_DEPTH) refuse(`its ${part} has Sequences more than ${MAX_DEPTH} deep`);
    return steps.slice(0, MAX_STEPS + 1).flatMap((one) => stepsOf(one, part, depth + 1)).slice(
      0,
      MAX_STEPS + 1,
    );
  }
  if (typeof type !== "string" || !Object.hasOwn(kinds, type)) {
    const known = [...Object.keys(kinds), "Sequence"].map((name) => `"${name}"`).join(", ");
    refuse(`its ${part} ${JSON.stringify(type) ?? "without a type"} is not supported: expected ${known}`);
  }
  return [step as Fields];
}

/** Among them none that the normalizer could make empty: the native library would find it between any two bytes. */
function checkAddedTokens(tokens: unknown, normalizers: readonly Fields[]): void {
  if (!Array.isArray(tokens)) refuse("its added_tokens are no list");
  if (tokens.length > MAX_ADDED_TOKENS) {
    refuse(`it has ${tokens.length} added_tokens, at most ${MAX_ADDED_TOKENS} are allowed`);
  }
  tokens.forEach((token, i) => checkFields((token ?? {}) as Fields, ADDED_TOKEN, `added token ${i}`));
  const shortens = normalizers.find(({ type, content }) =>
    type === "Strip" || type === "StripAccents" || (type === "Replace" && content === "")
  );
  const bad = shortens ? tokens.findIndex(({ normalized }: Fields) => normalized !== false) : -1;
  if (bad >= 0) refuse(`its normalizer ${shortens!.type} may make added token ${bad} empty`);
}

/**
 * Refuses merges whose second token lacks the prefix that all continuing tokens have: the native library cuts it off
 * unseen, and ends the process where the token is shorter.
 */
function checkPrefix({ continuing_subword_prefix: prefix, merges }: Fields): void {
  if (typeof prefix !== "string") return;
  const bad = (merges as (string | string[])[]).findIndex((merge) => {
    const second = typeof merge === "string" ? merge.split(" ")[1]! : merge[1]!;
    return !second.startsWith(prefix);
  });
  if (bad >= 0) refuse(`the second token of merge ${bad} does not begin with the prefix`);
}

/** Refuses templates that use what is not there: the native library looks it up all the same. */
function checkTemplates({ type, single, pair, special_tokens }: Fields): void {
  if (type !== "TemplateProcessing") return;
  const hasSecond = (single as { Sequence?: { id: string } }[]).some(({ Sequence }) =>
    Sequence && Sequence.id !== "A"
  );
  if (hasSecond) refuse("its post_processor has a second text in its template for one");
  for (const piece of [single, pair ?? []].flat() as { SpecialToken?: { id: string } }[]) {
    const id = piece.SpecialToken?.id;
    if (id === undefined || Object.hasOwn(special_tokens as Fields, id)) continue;
    refuse(`its post_processor uses the special token ${JSON.stringify(id)}, which it does not list`);
  }
}

/** How many times longer a text may become by its Replace steps, one after the other. */
function growthOf({ normalizer }: Fields): number {
  let growth = 1;
  for (const { type, pattern, content } of stepsOf(normalizer, "normalizer")) {
    if (type !== "Replace") continue;
    const { String: literal = "x" } = pattern as Fields; // an expression matches at least one character
    growth *= Math.max(1, (content as string).length / (literal as string).length);
  }
  if (growth > MAX_GROWTH) {
    refuse(`its Replace steps make a text ${growth} times longer, at most ${MAX_GROWTH} times is allowed`);
  }
  return growth;
}
