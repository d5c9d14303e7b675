/** Which files a tokenizer is opened from, and which tokens begin and end a text. */
import { assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { openTokenizer, type Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import expected from "../fixtures/vocab_tokenizers.json" with { type: "json" };

const FIXTURE = await Deno.readTextFile(
  fileURLToPath(new URL("../fixtures/tokenizer/tokenizer.json", import.meta.url)),
);
type Vocabulary = Record<string, number>;
type Json = Record<string, unknown>;
const { model } = JSON.parse(FIXTURE) as { model: { vocab: Vocabulary; merges: string[][] } };
const MERGES = `#version: 0.2\n${model.merges.map((pair) => `${pair.join(" ")}\n`).join("")}`;

/** Opens a folder of some files; objects are written as JSON. */
async function openFiles(files: Readonly<Record<string, unknown>>): Promise<Tokenizer> {
  using folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await Deno.writeTextFile(`${folder.path}/${name}`, text);
  }
  try {
    return await openTokenizer(folder.path);
  } catch (error) {
    (error as Error).message = (error as Error).message.replaceAll(folder.path, "F");
    throw error;
  }
}

for (const [name, { settings, added, without, end, ids }] of Object.entries(expected.cases)) {
  Deno.test(`openTokenizer() of vocab.json and merges.txt gives transformers' ids: ${name}`, async () => {
    const vocab = without
      ? Object.fromEntries(
        Object.entries(model.vocab).filter(([token]) => token !== "<|endoftext|>").map((
          [token, id],
        ) => [token, id - 1]),
      )
      : model.vocab;
    for (const merges of [MERGES, MERGES.replaceAll("\n", "\r\n")]) {
      const tokenizer = await openFiles({
        "vocab.json": vocab,
        "merges.txt": merges,
        "tokenizer_config.json": settings,
        "added_tokens.json": added,
      });
      const found = await tokenizer.encodeIds(expected.texts);
      assertEquals(found.map((own) => [...own]), ids);
      assertEquals(tokenizer.endOfText, end);
    }
  });
}

Deno.test("openTokenizer() refuses vocab.json and merges.txt that do not fit, in a line", async () => {
  const good = { "vocab.json": { a: 0, b: 1, ab: 2 }, "merges.txt": "a b\n" };
  assertEquals([...(await (await openFiles(good)).encode("ab")).ids], [2]);
  const cases: [Record<string, unknown>, string][] = [
    [
      { "merges.txt": "a c\n" },
      'Cannot open tokenizer "F/merges.txt": line 1 is no pair of tokens of vocab.json',
    ],
    [
      { "merges.txt": "a b\nab\n" },
      'Cannot open tokenizer "F/merges.txt": line 2 is no pair of tokens of vocab.json',
    ],
    [{ "vocab.json": "[]" }, 'Cannot open tokenizer "F/vocab.json": it is no JSON object'],
    [{ "vocab.json": "" }, 'Cannot open tokenizer "F/vocab.json": '],
    [
      { "vocab.json": { a: "0", b: 1, ab: 2 } },
      'Cannot open tokenizer "F/vocab.json": vocab of its model has something else than token numbers',
    ],
    [{ "tokenizer_config.json": "{" }, 'Cannot open tokenizer "F/tokenizer_config.json": '],
    [
      { "tokenizer_config.json": "7" },
      'Cannot open tokenizer "F/tokenizer_config.json": it is no JSON object',
    ],
    [
      { "tokenizer_config.json": { tokenizer_class: "BertTokenizer" } },
      'Unknown tokenizer class "BertTokenizer" of "F/vocab.json": expected "GPT2Tokenizer", "CodeGenTokenizer", "Qwen2Tokenizer"',
    ],
  ];
  for (const [files, message] of cases) {
    await assertRejects(() => openFiles({ ...good, ...files }), Error, message);
  }
  assertEquals((await openFiles({ ...good, "config.json": "{" })).vocabularySize, 4); // the model's loader refuses it
  const alone = { "vocab.json": good["vocab.json"] };
  await assertRejects(
    () => openFiles(alone),
    Error,
    'Cannot open tokenizer "F/tokenizer.json": no such file',
  );
});

/** A tokenizer.json with two tokens that no list of spellings has, as DeepSeek-Coder's. */
const [BEGIN, END] = ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"];
const flags = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: true };
const ADDED = [BEGIN, END].map((content, i) => ({ id: 319 + i, content, ...flags }));
const { ["<|endoftext|>"]: _, ...VOCAB } = model.vocab;
const DEEPSEEK = {
  ...JSON.parse(FIXTURE),
  model: { ...model, vocab: Object.fromEntries(Object.keys(VOCAB).map((token, id) => [token, id])) },
  added_tokens: ADDED,
};

async function specials(files: Readonly<Record<string, unknown>>) {
  const tokenizer = await openFiles({ "tokenizer.json": DEEPSEEK, ...files });
  return [tokenizer.endOfText, await tokenizer.leadingToken(), await tokenizer.startOfText()];
}

Deno.test("openTokenizer() takes the tokens that begin and end a text from the files beside it", async () => {
  assertEquals(await specials({}), [null, null, null]);
  const settings = { bos_token: { content: BEGIN, ...flags }, eos_token: { content: END, ...flags } };
  const add = { ...settings, add_bos_token: true };
  assertEquals(await specials({ "tokenizer_config.json": add }), [320, 319, 319]);
  assertEquals(await specials({ "tokenizer_config.json": settings }), [320, null, 319]);
  assertEquals(await specials({ "tokenizer_config.json": { ...add, add_bos_token: false } }), [
    320,
    null,
    319,
  ]);
  assertEquals(await specials({ "tokenizer_config.json": { bos_token: BEGIN } }), [null, null, 319]);
  const config = { bos_token_id: 319, eos_token_id: [320, 7] };
  assertEquals(await specials({ "config.json": config }), [320, null, 320]);
  assertEquals(
    await specials({ "config.json": { ...config, eos_token_id: 7 }, "tokenizer_config.json": settings }),
    [320, null, 319],
  );
  const chat = { ...DEEPSEEK, added_tokens: [...ADDED, { id: 321, content: "<|endoftext|>", ...flags }] };
  const turns = await openFiles({ "tokenizer.json": chat, "tokenizer_config.json": settings });
  assertEquals([turns.endOfText, turns.usualEnd], [320, 321]);
  const unknown = { eos_token: "<gone>", bos_token: null, add_bos_token: true };
  assertEquals(await specials({ "config.json": config, "tokenizer_config.json": unknown }), [320, 319, 319]);
  assertEquals(await specials({ "config.json": { eos_token_id: 99999, bos_token_id: "x" } }), [
    null,
    null,
    null,
  ]);
});

Deno.test("startOfText() takes a beginning that the tokenizer names before the end, for released families", async () => {
  const chat = {
    ...DEEPSEEK,
    added_tokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>"].map((content, i) => ({
      ...{ id: 319 + i, content, ...flags },
    })),
  };
  const [TEXT, TURN, TURN_END, S] = [319, 320, 321, 322];
  const END = "<|endoftext|>";
  const cases: readonly [string, Json, Json, (number | null)[]][] = [
    ["embedded", {}, { bos_token_id: TEXT, eos_token_id: TEXT }, [TEXT, null, TEXT]],
    ["GPT-2", { bos_token: END, eos_token: END }, { bos_token_id: TEXT, eos_token_id: TEXT }, [
      TEXT,
      null,
      TEXT,
    ]],
    // its config.json names token 1, which is a quotation mark
    ["CodeGen", { bos_token: END, eos_token: END }, { bos_token_id: 1, eos_token_id: TEXT }, [
      TEXT,
      null,
      TEXT,
    ]],
    ["CodeGen's config alone", {}, { bos_token_id: 1, eos_token_id: TEXT }, [TEXT, null, TEXT]],
    ["Qwen2", { bos_token: null, eos_token: END }, { bos_token_id: TEXT, eos_token_id: TEXT }, [
      TEXT,
      null,
      TEXT,
    ]],
    [
      "Qwen2 of chats",
      { bos_token: null, eos_token: "<|im_end|>", add_bos_token: false },
      { bos_token_id: TEXT, eos_token_id: [TURN_END, TEXT] },
      [TURN_END, null, TURN_END],
    ],
    ["SmolLM2", { bos_token: END, eos_token: END }, { bos_token_id: TEXT, eos_token_id: TEXT }, [
      TEXT,
      null,
      TEXT,
    ]],
    [
      "SmolLM2 of chats",
      { bos_token: "<|im_start|>", eos_token: "<|im_end|>" },
      { bos_token_id: TURN, eos_token_id: TURN_END },
      [TURN_END, null, TURN_END],
    ],
    ["StarCoder2", { bos_token: END, eos_token: END }, { bos_token_id: TEXT, eos_token_id: TEXT }, [
      TEXT,
      null,
      TEXT,
    ]],
    ["Llama", { bos_token: "<s>", eos_token: END, add_bos_token: true }, {}, [TEXT, S!, S!]],
    ["Phi-3", { bos_token: "<s>", eos_token: END, add_bos_token: false }, { bos_token_id: S! }, [
      TEXT,
      null,
      S!,
    ]],
  ];
  for (const [name, settings, config, expected] of cases) {
    const files = { "tokenizer.json": chat, "tokenizer_config.json": settings, "config.json": config };
    assertEquals([name, ...await specials(files)], [name, ...expected]);
  }
});

Deno.test("add_bos_token is obeyed before the template, as transformers does", async () => {
  const text = { Sequence: { id: "A", type_id: 0 } };
  const template = {
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: BEGIN, type_id: 0 } }, text],
      pair: [text],
      special_tokens: { [BEGIN!]: { id: BEGIN, ids: [319], tokens: [BEGIN] } },
    },
  };
  const withTemplate = { "tokenizer.json": { ...DEEPSEEK, ...template } };
  const settings = (add_bos_token?: boolean) => ({
    "tokenizer_config.json": { bos_token: END, eos_token: END, add_bos_token },
  });
  assertEquals(await specials(withTemplate), [null, 319, 319]);
  assertEquals(await specials({ ...withTemplate, ...settings() }), [320, 319, 319]);
  assertEquals(await specials({ ...withTemplate, ...settings(false) }), [320, null, 320]);
  assertEquals(await specials({ ...withTemplate, ...settings(true) }), [320, 320, 320]);
});
