import { assertEquals, assertThrows } from "@std/assert";
import { ggufTokenizer } from "../../lib/tokenizers/gguf_tokenizer.ts";
import { PRE_TOKENIZERS } from "../../lib/tokenizers/pre_tokenizers.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import CASES from "../fixtures/gguf/tokenizers.json" with { type: "json" };

const { texts, byteLevel, sentencePiece } = CASES;

function metadataOf(fields: Record<string, unknown>): Map<string, unknown> {
  return new Map(Object.entries(fields).map(([name, value]) => [`tokenizer.ggml.${name}`, value]));
}

const BYTE_LEVEL = {
  model: "gpt2",
  pre: "gpt-2",
  bos_token_id: 0,
  tokens: byteLevel.tokens,
  token_type: byteLevel.types,
  merges: byteLevel.merges,
};
const SENTENCE_PIECE = {
  model: "llama",
  tokens: sentencePiece.tokens,
  token_type: sentencePiece.types,
  scores: sentencePiece.scores,
  bos_token_id: 1,
};

const open = (fields: Record<string, unknown>) =>
  parseTokenizer(ggufTokenizer(metadataOf(fields), "m.gguf"), "m.gguf");

for (const [pre, ids] of Object.entries(byteLevel.ids)) {
  Deno.test(`ggufTokenizer() gives the ids of the original ${pre} tokenizer`, async () => {
    const tokenizer = open({ ...BYTE_LEVEL, pre });
    const encoded = await tokenizer.encodeBatch(texts);
    texts.forEach((text, i) => assertEquals([text, ...encoded[i]!.ids], [text, ...ids[i]!]));
  });
}

Deno.test("ggufTokenizer() gives texts back from the ids of every byte-level kind", async () => {
  for (const pre of Object.keys(PRE_TOKENIZERS)) {
    const tokenizer = open({ ...BYTE_LEVEL, pre });
    for (const text of texts) {
      const { ids } = await tokenizer.encode(text);
      assertEquals(
        await tokenizer.decode(ids),
        PRE_TOKENIZERS[pre]!.normalizer ? text.normalize("NFC") : text,
      );
    }
  }
});

Deno.test("ggufTokenizer() gives the ids of SentencePiece", async () => {
  const tokenizer = open(SENTENCE_PIECE);
  for (const [i, text] of sentencePiece.texts.entries()) {
    const { ids, starts, ends } = await tokenizer.encode(text);
    assertEquals([text, ...ids], [text, ...sentencePiece.ids[i]!]);
    assertEquals(await tokenizer.decode(ids), text);
    assertEquals([starts[0] ?? 0, ends.at(-1) ?? 0], [0, text.length]);
  }
});

Deno.test("ggufTokenizer() finds special tokens of a SentencePiece vocabulary in texts", async () => {
  const { ids } = await open(SENTENCE_PIECE).encode("<s>a</s>");
  assertEquals([ids[0], ids.at(-1)], [1, 2]);
});

Deno.test("ggufTokenizer() keeps to add_space_prefix", async () => {
  const tokenizer = open({ ...SENTENCE_PIECE, add_space_prefix: false });
  const { ids } = await tokenizer.encode(" hello");
  assertEquals([...ids], [...(await open(SENTENCE_PIECE).encode("hello")).ids]);
  assertEquals(await tokenizer.decode(ids), " hello");
});

Deno.test("ggufTokenizer() writes the token that begins texts where files or their kind say so", () => {
  const start = (fields: Record<string, unknown>) =>
    JSON.parse(ggufTokenizer(metadataOf(fields), "m.gguf")).post_processor?.single[0].SpecialToken.id ?? null;
  assertEquals(start(SENTENCE_PIECE), "<s>");
  assertEquals(start({ ...SENTENCE_PIECE, add_bos_token: false }), null);
  assertEquals(start(BYTE_LEVEL), null);
  assertEquals(start({ ...BYTE_LEVEL, add_bos_token: true, bos_token_id: 1 }), "<|im_start|>");
  assertEquals(start({ ...BYTE_LEVEL, pre: "llama-bpe" }), "<|endoftext|>");
});

const BAD: readonly [string, Record<string, unknown>, string][] = [
  ["no tokenizer", {}, 'Cannot read the tokenizer of "m.gguf": tokenizer.ggml.model is no text'],
  ["another kind", { model: "bert" }, 'Unknown tokenizer "bert" of "m.gguf": expected "gpt2" or "llama"'],
  [
    "another pre-tokenizer",
    { ...BYTE_LEVEL, pre: "poro" },
    'Unknown pre-tokenizer "poro" of "m.gguf": expected "default", "gpt-2",',
  ],
  [
    "a pre-tokenizer named as a method",
    { ...BYTE_LEVEL, pre: "toString" },
    'Unknown pre-tokenizer "toString"',
  ],
  ["no tokens", { ...BYTE_LEVEL, tokens: 3 }, "tokenizer.ggml.tokens is no list of texts"],
  ["tokens that are numbers", { ...BYTE_LEVEL, tokens: [1] }, "tokenizer.ggml.tokens is no list of texts"],
  ["a token twice", { ...BYTE_LEVEL, tokens: ["a", "a"] }, "tokenizer.ggml.tokens has a token twice"],
  ["no types", { ...BYTE_LEVEL, token_type: undefined }, "tokenizer.ggml.token_type is no list of numbers"],
  [
    "too few types",
    { ...BYTE_LEVEL, token_type: [1] },
    `tokenizer.ggml.token_type has 1 entries, the vocabulary ${byteLevel.tokens.length}`,
  ],
  [
    "more tokens than any vocabulary has",
    { ...BYTE_LEVEL, tokens: Array.from({ length: (1 << 20) + 1 }, (_, i) => `${i}`) },
    "tokenizer.ggml.tokens has 1048577 entries, at most 1048576 are allowed",
  ],
  [
    "long tokens, at whose every place merges would be looked for",
    { ...SENTENCE_PIECE, tokens: ["x".repeat(20_000)], token_type: [1] },
    "tokenizer.ggml.tokens has tokens that are longer than those of any vocabulary",
  ],
  ["no merges", { ...BYTE_LEVEL, merges: undefined }, "tokenizer.ggml.merges is no list of texts"],
  [
    "a merge of unknown tokens",
    { ...BYTE_LEVEL, merges: ["zz zz"] },
    'tokenizer.ggml.merges has "zz zz", which is no pair of tokens',
  ],
  ["a merge without a blank", { ...BYTE_LEVEL, merges: ["a"] }, 'has "a", which is no pair of tokens'],
  [
    "too few scores",
    { ...SENTENCE_PIECE, scores: [] },
    `tokenizer.ggml.scores has 0 entries, the vocabulary ${sentencePiece.tokens.length}`,
  ],
  [
    "a start token that is none",
    { ...SENTENCE_PIECE, bos_token_id: 1e6 },
    "tokenizer.ggml.bos_token_id is no token's number",
  ],
  [
    "a flag that is none",
    { ...SENTENCE_PIECE, add_bos_token: 1 },
    "tokenizer.ggml.add_bos_token is neither true nor false",
  ],
];

for (const [name, fields, message] of BAD) {
  Deno.test(`ggufTokenizer() refuses ${name}`, () => {
    assertThrows(() => ggufTokenizer(metadataOf(fields), "m.gguf"), Error, message);
  });
}
