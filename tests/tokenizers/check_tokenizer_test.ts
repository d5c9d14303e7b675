import { assert, assertEquals, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { checkTokenizer } from "../../lib/tokenizers/check_tokenizer.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { PRE_TOKENIZERS } from "../../lib/tokenizers/pre_tokenizers.ts";

const JSON_TEXT = await Deno.readTextFile(new URL("../fixtures/tokenizer/tokenizer.json", import.meta.url));
const json = JSON.parse(JSON_TEXT);
const split = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
const replace = (pattern: Record<string, string>, content: string) => ({ type: "Replace", pattern, content });
const sequence = (list: string, steps: unknown[]) => ({ type: "Sequence", [list]: steps });
const nested = (depth: number): unknown =>
  depth === 0 ? { type: "NFC" } : sequence("normalizers", [nested(depth - 1)]);

Deno.test("checkTokenizer() accepts every kind of tokenizer that a GGUF file names, and SentencePiece's", () => {
  for (const { steps, normalizer = null } of Object.values(PRE_TOKENIZERS)) {
    const pre_tokenizer = sequence("pretokenizers", [...steps]);
    assertEquals(checkTokenizer({ ...json, normalizer, pre_tokenizer }), { growth: 1 });
  }
  const decoders = [
    replace({ String: "▁" }, " "),
    { type: "ByteFallback" },
    { type: "Fuse" },
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ];
  const llama = {
    ...json,
    normalizer: sequence("normalizers", [{ type: "Prepend", prepend: "▁" }, replace({ String: " " }, "▁")]),
    pre_tokenizer: null,
    decoder: sequence("decoders", decoders),
  };
  assertEquals(checkTokenizer(llama), { growth: 1 });
  assertEquals(checkTokenizer({ ...llama, normalizer: replace({ String: " " }, "▁▁▁") }), { growth: 3 });
  const { type: _, ...model } = json.model;
  assertEquals(checkTokenizer({ ...json, model }), { growth: 1 }); // GPT-2's names no type
  assert(parseTokenizer(JSON.stringify({ ...json, model }), "t").vocabularySize > 256);
});

const REFUSED: readonly [string, Record<string, unknown>, string][] = [
  [
    "an exponential Split",
    { pre_tokenizer: split("(a+)+$") },
    "pattern of its pre_tokenizer Split is a regular",
  ],
  [
    "an exponential Replace",
    { normalizer: replace({ Regex: "(a+)+$" }, "b") },
    "pattern of its normalizer Replace",
  ],
  [
    "one of a decoder",
    { decoder: replace({ Regex: "(a+)+$" }, "b") },
    "pattern of its decoder Replace is a regular",
  ],
  [
    "one in a Sequence",
    { pre_tokenizer: sequence("pretokenizers", [{ type: "Whitespace" }, split("(?:a|a)*b")]) },
    "that may take for ever: it repeats a group",
  ],
  [
    "a Precompiled normalizer",
    { normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } },
    'its normalizer "Precompiled" is not supported: expected "NFC", "NFD", ',
  ],
  [
    "pieces of no length",
    { pre_tokenizer: { type: "FixedLength", length: 0 } },
    "length of its pre_tokenizer FixedLength is no whole number from 1 to 65536",
  ],
  [
    "Replaces that grow",
    { normalizer: sequence("normalizers", Array(12).fill(replace({ String: "a" }, "aaaaaaa"))) },
    "its Replace steps make a text 13841287201 times longer, at most 8 times is allowed",
  ],
  [
    "a long replacement",
    { normalizer: replace({ String: "a" }, "a".repeat(65)) },
    "content of its normalizer Replace",
  ],
  [
    "an empty pattern",
    { normalizer: replace({ String: "" }, "a") },
    "pattern of its normalizer Replace has 0",
  ],
  [
    "two patterns",
    { normalizer: replace({ String: "a", Regex: "a" }, "a") },
    "is neither a String nor a Regex",
  ],
  [
    "a Strip that cuts ends",
    { decoder: { type: "Strip", content: " ", start: 0, stop: 1 } },
    "stop of its decoder Strip",
  ],
  [
    "a normalizer by a method's name",
    { normalizer: { type: "toString" } },
    'its normalizer "toString" is not supported',
  ],
  ["a step without a type", { pre_tokenizer: {} }, "its pre_tokenizer without a type is not supported"],
  ["deep Sequences", { normalizer: nested(6) }, "its normalizer has Sequences more than 4 deep"],
  [
    "many steps",
    { normalizer: sequence("normalizers", Array(33).fill({ type: "NFC" })) },
    "its normalizer has 33 steps, at most 32 are allowed",
  ],
  [
    "another model",
    { model: { type: "Unigram", vocab: [] } },
    'its model "Unigram" is not supported: expected "BPE"',
  ],
  ["no vocabulary", { model: { ...json.model, vocab: undefined } }, "vocab of its model is no object"],
  [
    "a vocabulary of texts",
    { model: { ...json.model, vocab: { a: "0" } } },
    "vocab of its model has something else",
  ],
  [
    "negative numbers",
    { model: { ...json.model, vocab: { a: -1 } } },
    "vocab of its model has something else",
  ],
  [
    "a merge of three",
    { model: { ...json.model, merges: ["a b c"] } },
    "merges of its model has something else",
  ],
  [
    "a large vocabulary",
    { model: { ...json.model, vocab: { ...Array.from({ length: (1 << 20) + 1 }, (_, i) => i) } } },
    "vocab of its model has 1048577 entries, at most 1048576 are allowed",
  ],
  [
    "many added tokens",
    { added_tokens: Array((1 << 15) + 1).fill(json.added_tokens[0]) },
    "it has 32769 added_tokens, at most 32768 are allowed",
  ],
  [
    "an empty added token",
    { added_tokens: [{ id: 0, content: "" }] },
    "content of its added token 0 has 0 characters",
  ],
  [
    "an added token that becomes empty",
    {
      added_tokens: [{ id: 0, content: "\n" }],
      normalizer: { type: "Strip", strip_left: true, strip_right: true },
    },
    "its normalizer Strip may make added token 0 empty",
  ],
  [
    "a template with an unknown token",
    {
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "x", type_id: 0 } }],
        special_tokens: {},
      },
    },
    'its post_processor uses the special token "x", which it does not list',
  ],
  [
    "a template with a second text",
    {
      post_processor: {
        type: "TemplateProcessing",
        single: [{ Sequence: { id: "B", type_id: 0 } }],
        special_tokens: {},
      },
    },
    "its post_processor has a second text in its template for one",
  ],
];

for (const [name, changes, message] of REFUSED) {
  Deno.test(`checkTokenizer() refuses ${name}`, () => {
    assertThrows(() => checkTokenizer({ ...json, ...changes }), RangeError, message);
    const text = JSON.stringify({ ...json, ...changes });
    assertThrows(() => parseTokenizer(text, "t.json"), SyntaxError, 'Cannot open tokenizer "t.json": ');
  });
}

Deno.test("parseTokenizer() gives the library what was checked, not a key that stands twice", async () => {
  const twice = JSON_TEXT.replace(
    '"pre_tokenizer"',
    '"pre_tokenizer":{"type":"FixedLength","length":0},"pre_tokenizer"',
  );
  assert(twice.length > JSON_TEXT.length);
  const { ids } = await parseTokenizer(twice, "t.json").encode("x = 1");
  assertEquals(ids, (await parseTokenizer(JSON_TEXT, "t.json").encode("x = 1")).ids);
});

Deno.test("odd tokenizer.json files never end the process: they are refused or run", async () => {
  const script = fileURLToPath(new URL("odd_tokenizers.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", "-P=test", `--config=${config}`, script, "3", "250"],
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, error], [0, ""], error);
  const { accepted, refused } = JSON.parse(out!);
  assert(accepted > 60 && refused > 60, out);
});
