/**
 * The tokenizer of vocab.json and merges.txt, as byte-level tokenizers were first kept, as the tokenizer.json that means
 * the same (transformers, convert_slow_tokenizer.py: its converters of GPT-2's and Qwen2's tokenizers).
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { byteLevelSteps, PRE_TOKENIZERS, type PreTokenizer } from "./pre_tokenizers.ts";

type Json = Readonly<Record<string, unknown>>;

/** The files. */
export interface VocabFiles {
  /** vocab.json's text. */
  vocab: string;
  /** merges.txt's. */
  merges: string;
  /** added_tokens.json: ids by texts. */
  added: Json;
  /** tokenizer_config.json */
  tokenizerConfig: Json;
  /** config.json */
  config: Json;
}

/** How texts are cut into words, by the tokenizer's class without "Fast". */
const CLASSES: { readonly [name: string]: PreTokenizer } = {
  GPT2Tokenizer: PRE_TOKENIZERS["gpt-2"]!,
  CodeGenTokenizer: PRE_TOKENIZERS["gpt-2"]!,
  Qwen2Tokenizer: PRE_TOKENIZERS.qwen2!,
};
const END_OF_TEXT = "<|endoftext|>";

/**
 * The text of a tokenizer.json.
 *
 * @param path of vocab.json, for messages
 * @throws {SyntaxError} when the files are damaged or do not fit each other; {RangeError} for a class of tokenizers that is
 * not known
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTokenizer } from "./tokenizer.ts";
 *
 * const files = { vocab: '{"a": 0, "b": 1, "ab": 2}', merges: "a b", added: {}, tokenizerConfig: {}, config: {} };
 * const tokenizer = parseTokenizer(vocabTokenizer(files, "vocab.json"), "vocab.json");
 * assertEquals([...(await tokenizer.encode("abb<|endoftext|>")).ids], [2, 1, 3]);
 * ```
 */
export function vocabTokenizer(
  { vocab: text, merges, added, tokenizerConfig, config }: VocabFiles,
  path: string,
): string {
  const vocab = readVocabulary(text, path);
  const name = tokenizerConfig.tokenizer_class ??
    (/^qwen/.test(`${config.model_type}`) ? "Qwen2Tokenizer" : "GPT2Tokenizer");
  const kind = typeof name === "string" ? name.replace(/Fast$/, "") : "";
  if (!Object.hasOwn(CLASSES, kind)) {
    const known = Object.keys(CLASSES).map((name) => `"${name}"`).join(", ");
    throw new RangeError(`Unknown tokenizer class ${JSON.stringify(name)} of "${path}": expected ${known}`);
  }
  const { steps, normalizer = null } = CLASSES[kind]!;
  return JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocab, added, tokenizerConfig),
    normalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: withPrefixSpace(steps, tokenizerConfig.add_prefix_space === true),
    },
    post_processor: { ...byteLevelSteps(true), trim_offsets: false },
    decoder: byteLevelSteps(true),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(vocab),
      merges: readMerges(merges, vocab, path),
    },
  });
}

function refuse(path: string, what: string, cause?: unknown): never {
  throw new SyntaxError(`Cannot open tokenizer "${path}": ${what}`, { cause });
}

function readVocabulary(text: string, path: string): Map<string, number> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    refuse(path, reasonOf(cause), cause);
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) refuse(path, "it is no JSON object");
  return new Map(Object.entries(json as Record<string, number>)); // its numbers are checked with the whole
}

/** Pairs, a line each; the first line may name the version. */
function readMerges(text: string, vocab: ReadonlyMap<string, number>, path: string): string[][] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, i) => {
    if (line === "" || (i === 0 && line.startsWith("#version"))) return [];
    const pair = line.split(" ");
    if (pair.length !== 2 || !pair.concat(pair.join("")).every((token) => vocab.has(token))) {
      refuse(path.replace(/vocab\.json$/, "merges.txt"), `line ${i + 1} is no pair of tokens of vocab.json`);
    }
    return [pair];
  });
}

/** GPT-2's first step may put a blank before a text. */
function withPrefixSpace(steps: readonly unknown[], isPut: boolean): unknown[] {
  return steps.map((step) =>
    (step as Json).type === "ByteLevel" ? { ...step as Json, add_prefix_space: isPut } : step
  );
}

/**
 * Tokens that are found in a text before anything else: those that the files list, and the special ones by name, which get
 * the next number where they have none.
 */
function addedTokens(vocab: ReadonlyMap<string, number>, added: Json, tokenizerConfig: Json): unknown[] {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const tokens = new Map<string, Json>();
  const listed = Object.entries((tokenizerConfig.added_tokens_decoder ?? {}) as Record<string, Json>);
  for (const [id, token] of listed) {
    tokens.set(`${token?.content}`, { ...flags, special: false, ...token, id: Number(id) });
  }
  for (const [content, id] of Object.entries(added)) {
    if (!tokens.has(content)) tokens.set(content, { ...flags, special: false, content, id });
  }
  const names: unknown[] = ["eos_token", "bos_token", "unk_token", "pad_token"].map((name) => {
    const token = tokenizerConfig[name] as string | { content?: unknown } | null | undefined;
    return token !== null && typeof token === "object" ? token.content : token;
  });
  const isSilent = names.every((name) => name === undefined);
  let next =
    [...vocab.values(), ...tokens.values().map(({ id }) => Number(id))].reduce((a, b) => b > a ? b : a, -1) +
    1;
  for (const content of isSilent ? [END_OF_TEXT] : names) {
    if (typeof content !== "string" || content === "") continue;
    const known = tokens.get(content);
    const id = known?.id ?? vocab.get(content) ?? next++;
    tokens.set(content, { ...flags, ...known, content, id, special: true });
  }
  return [...tokens.values()].sort((a, b) => Number(a.id) - Number(b.id));
}
