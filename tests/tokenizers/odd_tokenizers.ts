/**
 * `odd_tokenizers.ts SEED COUNT`: tokenizer.json files of every kind of step, right ones and odd ones, opened and run
 * over odd texts. A process of its own, as the native library would end it; the test beside it starts it with few, by
 * hand it takes as many as wanted. What was accepted must encode and decode or fail with an error that can be caught.
 *
 * @module
 */
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";

type Draw<T> = () => T;

const BYTES = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const EXPRESSIONS = [
  ..."(a+)+$ \\s+ \\p{L}+|\\s+ a?b [^a]+ \\p{N}{1,3} \\s*[\\r\\n]+|\\s+ (?i:'s|'t)|\\p{L}+ [z-a] \\p{Foo} x{0,5}y"
    .split(" "),
  ..."(ab|cd)?e \\s+(?!\\S)|\\s+ [\\p{Lu}]+ é \\W . (?:a|ab)(?:c|bcd) (a|a)* \\s+$".split(" "),
  "\\w+ ?",
];
const STRINGS = [" ", "", "▁", "a", "ab", "\n", "😀", "\0", "é"];
const NUMBERS = [0, 1, 2, 3, 64, 65, -1, 1.5, 1e9, 2 ** 31, null, "1"];
const CHARACTERS = [" ", "▁", "", "ab", "😀", null];
const FLAGS = [...Array<boolean>(6).fill(true), ...Array<boolean>(6).fill(false), null];
const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous", "Unheard"];
const TEXTS = [
  "",
  " ",
  "a",
  "hello  world\n\n x1 it's\t<|endoftext|>zz zz",
  "é日本😀e\u0301\0\r\n",
  " ".repeat(3000),
  "a".repeat(3000),
  "aaab".repeat(500),
  "▁▁ <|endoftext|>",
  "\u2028\u0085\ufeff",
  "A\n".repeat(1000),
  "١٢٣ 123456",
  "\udc00x",
];

const [seed, count] = Deno.args.map(Number) as [number, number];
const random = new PythonRandom(seed);
const base = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/tokenizer/tokenizer.json", import.meta.url)),
);

function pick<T>(values: readonly T[]): T {
  return values[random.randbelow(values.length)]!;
}

const flag = () => pick(FLAGS);
const pattern = () => pick([{ Regex: pick(EXPRESSIONS) }, { String: pick(STRINGS) }]);

/** A step of some kinds, or a Sequence of such. */
function step(kinds: readonly Draw<unknown>[], list: string, depth = 0): unknown {
  if (depth < 3 && random.randbelow(4) === 0) {
    const steps = Array.from({ length: random.randbelow(4) }, () => step(kinds, list, depth + 1));
    return { type: "Sequence", [list]: steps };
  }
  return pick(kinds)();
}

const NORMALIZERS: readonly Draw<unknown>[] = [
  () => ({ type: pick(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"]) }),
  () => ({ type: "Strip", strip_left: flag(), strip_right: flag() }),
  () => ({ type: "Prepend", prepend: pick(STRINGS) }),
  () => ({ type: "Replace", pattern: pattern(), content: pick(["", "a", "▁", "aaaaaaaa", "a".repeat(99)]) }),
  () => ({ type: "Precompiled", precompiled_charsmap: "AAAA" }),
  () => null,
];
const PRE_TOKENIZERS: readonly Draw<unknown>[] = [
  () => ({ type: "ByteLevel", add_prefix_space: flag(), trim_offsets: flag(), use_regex: flag() }),
  () => ({ type: "Split", pattern: pattern(), behavior: pick(BEHAVIORS), invert: flag() }),
  () => ({ type: "Digits", individual_digits: flag() }),
  () => ({ type: "Punctuation", behavior: pick(BEHAVIORS) }),
  () => ({ type: "Metaspace", replacement: pick(CHARACTERS), prepend_scheme: "first", split: flag() }),
  () => ({ type: pick(["Whitespace", "WhitespaceSplit", "UnicodeScripts", "BertPreTokenizer"]) }),
  () => ({ type: "CharDelimiterSplit", delimiter: pick(CHARACTERS) }),
  () => ({ type: "FixedLength", length: pick(NUMBERS) }),
  () => BYTES,
  () => null,
];
const DECODERS: readonly Draw<unknown>[] = [
  () => BYTES,
  () => ({ type: pick(["ByteFallback", "Fuse"]) }),
  () => ({ type: "Strip", content: pick(CHARACTERS), start: pick(NUMBERS), stop: pick(NUMBERS) }),
  () => ({ type: "Replace", pattern: pattern(), content: pick(STRINGS) }),
  () => ({ type: "Metaspace", replacement: pick(CHARACTERS), prepend_scheme: "always", split: flag() }),
  () => ({ type: "BPEDecoder", suffix: pick(["</w>", ""]) }),
  () => ({ type: "CTC", pad_token: "a", word_delimiter_token: "|", cleanup: true }),
  () => null,
];
const END = "<|endoftext|>";
const PIECES = [
  { SpecialToken: { id: END, type_id: 0 } },
  { SpecialToken: { id: "zz", type_id: 0 } },
  { Sequence: { id: "A", type_id: 0 } },
  { Sequence: { id: "B", type_id: 2 } },
];
const templates = () => ({
  type: "TemplateProcessing",
  single: Array.from({ length: random.randbelow(3) }, () => pick(PIECES)),
  pair: Array.from({ length: random.randbelow(3) }, () => pick(PIECES)),
  special_tokens: pick([
    {},
    { [END]: { id: END, ids: [0], tokens: [END] } },
    { [END]: { id: END, ids: [0, 1], tokens: ["a"] } },
    { [END]: { id: "zz", ids: [], tokens: [] } },
  ]),
});
const POST_PROCESSORS: readonly Draw<unknown>[] = [
  () => BYTES,
  () => null,
  templates,
  () => ({ type: "RobertaProcessing", sep: ["a", pick(NUMBERS)], cls: ["b", 1], trim_offsets: flag() }),
];
const { vocab, merges } = base.model;
const MODEL_CHANGES: readonly Draw<Record<string, unknown>>[] = [
  () => ({ dropout: pick([0, 0.5, 1, 2, -1]) }),
  () => ({ unk_token: pick(["", "a", "zz"]) }),
  () => ({ continuing_subword_prefix: pick(["", "##", "Ġ"]) }),
  () => ({ end_of_word_suffix: pick(["", "</w>", "é"]) }),
  () => ({ byte_fallback: flag(), fuse_unk: flag(), ignore_merges: flag() }),
  () => ({ vocab: pick([{}, { a: 0 }, { a: 0, b: 0 }, { a: 4294967295 }, { "": 0, a: 1 }, vocab]) }),
  () => ({ merges: pick([[], ["a b"], [["a", "b"]], ["a"], [["a", ""]], merges]) }),
  () => ({ type: pick(["BPE", undefined, "Unigram", "WordPiece"]) }),
];
const addedTokens = () =>
  pick([base.added_tokens, [], [{
    id: pick(NUMBERS),
    content: pick(STRINGS),
    single_word: flag(),
    lstrip: flag(),
    rstrip: flag(),
    normalized: flag(),
    special: flag(),
  }]]);

/** The fixture with some parts drawn. */
function drawTokenizer(): unknown {
  const maybe = (drawn: Draw<unknown>, usual: unknown) => random.randbelow(2) === 0 ? drawn() : usual;
  return {
    ...base,
    normalizer: maybe(() => step(NORMALIZERS, "normalizers"), null),
    pre_tokenizer: maybe(() => step(PRE_TOKENIZERS, "pretokenizers"), BYTES),
    post_processor: maybe(() => step(POST_PROCESSORS, "processors"), null),
    decoder: maybe(() => step(DECODERS, "decoders"), BYTES),
    added_tokens: maybe(addedTokens, base.added_tokens),
    model: maybe(() => ({ ...base.model, ...pick(MODEL_CHANGES)(), ...pick(MODEL_CHANGES)() }), base.model),
  };
}

let accepted = 0;
for (let i = 0; i < count; i++) {
  const json = JSON.stringify(drawTokenizer());
  let tokenizer;
  try {
    tokenizer = parseTokenizer(json, "odd.json");
  } catch (error) {
    if (error instanceof SyntaxError && error.message.startsWith('Cannot open tokenizer "odd.json": ')) {
      continue;
    }
    throw error;
  }
  accepted++;
  try {
    for (const { ids } of await tokenizer.encodeBatch(TEXTS)) await tokenizer.decode([...ids].reverse());
    await tokenizer.startOfText();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
console.log(JSON.stringify({ accepted, refused: count - accepted }));
