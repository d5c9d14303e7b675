/**
 * The tokenizer of a GGUF file, which keeps tokens, merges or scores and the name of a pre-tokenizer in its metadata,
 * as the tokenizer.json that means the same.
 *
 * Byte-level BPE ("gpt2") and SentencePiece's BPE ("llama") are known. Where transformers and the tokenizer that the
 * model was trained with differ, the latter is taken: digits stand alone for StarCoder and SmolLM, Qwen's text is
 * normalized, and a SentencePiece text always begins with one more blank.
 *
 * @module
 */
import { byteLevelSteps, PRE_TOKENIZERS, type PreTokenizer } from "./pre_tokenizers.ts";
import { areTooLong, bpe, PIECE_TYPE, sentencePieceParts, startTemplate } from "./sentence_piece_parts.ts";

/** The largest vocabularies have 2^18 tokens. */
const MAX_TOKENS = 1 << 20;

/**
 * The text of a tokenizer.json.
 *
 * @param metadata of the file, by key @param file a name for messages
 * @throws {RangeError} when the kind of tokenizer or pre-tokenizer is not known; {SyntaxError} when parts are missing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTokenizer } from "./tokenizer.ts";
 *
 * const metadata = new Map<string, unknown>([
 *   ["tokenizer.ggml.model", "gpt2"],
 *   ["tokenizer.ggml.pre", "gpt-2"],
 *   ["tokenizer.ggml.tokens", ["<|endoftext|>", "a", "b", "Ġ", "ab"]],
 *   ["tokenizer.ggml.token_type", [3, 1, 1, 1, 1]],
 *   ["tokenizer.ggml.merges", ["a b"]],
 * ]);
 * const tokenizer = parseTokenizer(ggufTokenizer(metadata, "m.gguf"), "m.gguf");
 * assertEquals([...(await tokenizer.encode("ab b<|endoftext|>")).ids], [4, 3, 2, 0]);
 * ```
 */
export function ggufTokenizer(metadata: ReadonlyMap<string, unknown>, file: string): string {
  const fields = new TokenizerFields(metadata, file);
  const model = fields.text("model");
  if (model !== "gpt2" && model !== "llama") {
    throw new RangeError(
      `Unknown tokenizer ${JSON.stringify(model)} of "${file}": expected "gpt2" or "llama"`,
    );
  }
  const tokens = fields.texts("tokens");
  const vocabulary = new Map(tokens.map((token, id) => [token, id]));
  if (vocabulary.size !== tokens.length) fields.refuse("tokens", "has a token twice");
  if (tokens.length > MAX_TOKENS) {
    fields.refuse("tokens", `has ${tokens.length} entries, at most ${MAX_TOKENS} are allowed`);
  }
  const types = fields.numbers("token_type", tokens.length);
  const parts = model === "gpt2"
    ? byteLevelParts(fields, vocabulary)
    : scoredParts(fields, vocabulary, types);
  return JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(tokens, types),
    ...parts,
    post_processor: startOfText(fields, tokens),
  });
}

/** Reads the keys that begin with "tokenizer.ggml.". */
class TokenizerFields {
  readonly #metadata: ReadonlyMap<string, unknown>;
  readonly file: string;

  constructor(metadata: ReadonlyMap<string, unknown>, file: string) {
    this.#metadata = metadata;
    this.file = file;
  }

  get(name: string): unknown {
    return this.#metadata.get(`tokenizer.ggml.${name}`);
  }

  text(name: string): string {
    const value = this.get(name);
    if (typeof value !== "string") this.refuse(name, "is no text");
    return value;
  }

  texts(name: string): string[] {
    const value = this.get(name);
    const isTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
    if (!isTexts) this.refuse(name, "is no list of texts");
    return value;
  }

  /** One number for each token. */
  numbers(name: string, count: number): number[] {
    const value = this.get(name);
    const isNumbers = Array.isArray(value) && value.every((item) => typeof item === "number");
    if (!isNumbers) this.refuse(name, "is no list of numbers");
    if (value.length !== count) this.refuse(name, `has ${value.length} entries, the vocabulary ${count}`);
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value !== "boolean") this.refuse(name, "is neither true nor false");
    return value;
  }

  refuse(name: string, what: string): never {
    throw new SyntaxError(`Cannot read the tokenizer of "${this.file}": tokenizer.ggml.${name} ${what}`);
  }
}

function byteLevelParts(fields: TokenizerFields, vocabulary: ReadonlyMap<string, number>) {
  const { steps, normalizer = null, wholeWords = false } = preTokenizerOf(fields);
  const merges = fields.texts("merges").map((merge) => {
    const blank = merge.indexOf(" ", 1);
    const pair = [merge.slice(0, blank), merge.slice(blank + 1)];
    if (blank < 0 || !pair.concat(pair.join("")).every((token) => vocabulary.has(token))) {
      fields.refuse("merges", `has ${JSON.stringify(merge)}, which is no pair of tokens`);
    }
    return pair;
  });
  return {
    normalizer,
    pre_tokenizer: { type: "Sequence", pretokenizers: steps },
    model: { ...bpe(vocabulary, merges), ignore_merges: wholeWords },
    decoder: byteLevelSteps(false),
  };
}

function preTokenizerOf(fields: TokenizerFields): PreTokenizer {
  const kind = fields.get("pre") ?? "default";
  if (typeof kind === "string" && Object.hasOwn(PRE_TOKENIZERS, kind)) return PRE_TOKENIZERS[kind]!;
  const known = Object.keys(PRE_TOKENIZERS).map((name) => `"${name}"`).join(", ");
  throw new RangeError(
    `Unknown pre-tokenizer ${JSON.stringify(kind)} of "${fields.file}": expected ${known}`,
  );
}

function scoredParts(
  fields: TokenizerFields,
  vocabulary: ReadonlyMap<string, number>,
  types: readonly number[],
) {
  const tokens = [...vocabulary.keys()];
  if (areTooLong(tokens)) fields.refuse("tokens", "has tokens that are longer than those of any vocabulary");
  const scores = fields.numbers("scores", tokens.length);
  const unknown = tokens[types.indexOf(PIECE_TYPE.unknown)] ?? null;
  return sentencePieceParts({ vocabulary, scores, unknown }, {
    addsPrefix: fields.flag("add_space_prefix", true),
  });
}

/** Tokens that are found in a text before anything else; control tokens are special, what users defined is not. */
function addedTokens(tokens: readonly string[], types: readonly number[]) {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return tokens.flatMap((content, id) => {
    const isSpecial = types[id] === PIECE_TYPE.control || types[id] === PIECE_TYPE.unknown;
    if (!isSpecial && types[id] !== PIECE_TYPE.userDefined) return [];
    return [{ id, content, ...flags, special: isSpecial }];
  });
}

/** Puts the token that begins a text before it, for those who ask for special tokens; null where there is none. */
function startOfText(fields: TokenizerFields, tokens: readonly string[]) {
  const isUsual = fields.get("model") === "llama" || preTokenizerOf(fields).startsTexts === true;
  if (!fields.flag("add_bos_token", isUsual)) return null;
  const id = fields.get("bos_token_id");
  const token = typeof id === "number" ? tokens[id] : undefined;
  if (token === undefined) fields.refuse("bos_token_id", "is no token's number");
  return startTemplate(token, Number(id));
}
