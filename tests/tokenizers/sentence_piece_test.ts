/** tokenizer.model alone: ids and places beside SentencePiece's and transformers', and files that are refused. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { bytesField, intField, textField } from "../../lib/engine/wire_format.ts";
import { toCodePoints } from "../../lib/tokenizers/code_points.ts";
import { sentencePieceTokenizer } from "../../lib/tokenizers/sentence_piece_tokenizer.ts";
import { openTokenizer, parseTokenizer, type Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { openModelTokenizer, writeModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import CASES from "../fixtures/sentence_piece/cases.json" with { type: "json" };

type Span = readonly [start: number, end: number];

async function fixtureBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(
    fileURLToPath(new URL(`../fixtures/sentence_piece/${name}.model`, import.meta.url)),
  );
}

/** Opens a folder of a tokenizer.model and objects that are written as JSON. */
async function openFiles(
  model: Uint8Array,
  files: Readonly<Record<string, unknown>> = {},
): Promise<Tokenizer> {
  using folder = temporaryFolder();
  await Deno.writeFile(`${folder.path}/tokenizer.model`, model);
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, JSON.stringify(content));
  }
  return await openTokenizer(folder.path);
}

for (const [name, { cases, begin, end, size }] of Object.entries(CASES.models)) {
  Deno.test(`openTokenizer() of a tokenizer.model gives SentencePiece's ids: ${name}`, async () => {
    const tokenizer = await openFiles(await fixtureBytes(name));
    const encoded = await tokenizer.encodeBatch(CASES.texts);
    CASES.texts.forEach((text, i) => assertEquals([text, ...encoded[i]!.ids], [text, ...cases[i]!.ids]));
    assertEquals(tokenizer.vocabularySize, size);
    assertEquals([await tokenizer.leadingToken() ?? -1, tokenizer.endOfText], [begin, end]);
  });

  Deno.test(`openTokenizer() of a tokenizer.model gives places: ${name}`, async () => {
    const tokenizer = await openFiles(await fixtureBytes(name));
    const isStripped = name.startsWith("one_blank"); // transformers strips nothing
    for (const [i, text] of CASES.texts.entries()) {
      const { starts, ends } = await tokenizer.encode(text);
      const units = toCodePoints(text);
      const found = Array.from(starts, (start, k): Span => [units[start]!, units[ends[k]!]!]);
      const { own, transformers } = cases[i]!;
      if (transformers && !isStripped) {
        assertEquals([text, ...found], [text, ...transformers as unknown as Span[]]);
      }
      for (const [k, [start, end]] of found.entries()) {
        const [first, last] = own[k]! as unknown as Span;
        // a byte, and the blank before a text, are of no characters there and of a whole one here
        if (first === last) assert(start <= first && end >= last, text);
        else assertEquals([end, isStripped || start], [last, isStripped || first], text);
        if (isStripped && first < last) assert(start >= first, text); // of several blanks the last stands for all
      }
    }
  });
}

Deno.test("a tokenizer of a tokenizer.model gives texts back", async () => {
  for (const name of ["llama", "gemma", "symbols", "no_start"]) {
    const tokenizer = await openFiles(await fixtureBytes(name));
    for (const text of CASES.texts) {
      const { ids } = await tokenizer.encode(text);
      assertEquals([name, await tokenizer.decode(ids)], [name, text.replaceAll("▁", " ")]);
    }
  }
});

Deno.test("openTokenizer() of a tokenizer.model takes what stands beside it", async () => {
  const model = await fixtureBytes("llama");
  const { size } = CASES.models.llama;
  const listed = {
    content: "<fim>",
    special: true,
    normalized: true,
    lstrip: false,
    rstrip: false,
    single_word: false,
  };
  const tokenizer = await openFiles(model, {
    "added_tokens.json": { "<pad>": size + 1 },
    "tokenizer_config.json": {
      eos_token: "<fim>",
      add_bos_token: false,
      added_tokens_decoder: { [size]: listed },
    },
  });
  assertEquals(
    (await tokenizer.encode("<s>a<fim><pad>")).ids.filter((id) => id < 3 || id >= size),
    Int32Array.of(1, size, size + 1),
  );
  assertEquals([tokenizer.endOfText, await tokenizer.leadingToken(), tokenizer.vocabularySize], [
    size,
    null,
    size + 2,
  ]);
});

Deno.test("writeModelTokenizer() copies a tokenizer.model, which opens again", async () => {
  using from = temporaryFolder();
  using to = temporaryFolder();
  await Deno.writeFile(`${from.path}/tokenizer.model`, await fixtureBytes("gemma"));
  await writeModelTokenizer(from.path, to.path);
  const { ids } = await (await openModelTokenizer(to.path)).encode(CASES.texts[9]!);
  assertEquals([...ids], CASES.models.gemma.cases[9]!.ids);
});

const FLOAT = [0x15, 0, 0, 0x80, 0xbf]; // -1
const piece = (text: string, ...fields: number[]) => bytesField(1, [...textField(1, text), ...fields]);
const BPE = bytesField(2, intField(3, 2));
const spec = (...fields: number[]) => [...A, ...BPE, ...bytesField(3, fields)];
const A = piece("a", ...FLOAT);

function open(bytes: readonly number[], files: { added?: Record<string, unknown> } = {}): Tokenizer {
  const given = { model: Uint8Array.from(bytes), added: files.added ?? {}, tokenizerConfig: {} };
  return parseTokenizer(sentencePieceTokenizer(given, "F").text, "F");
}

const SAVE = "write its tokenizer.json with transformers' AutoTokenizer, by save_pretrained";
const BAD: readonly [string, readonly number[], string][] = [
  ["no bytes", [], "it has no pieces"],
  ["no pieces", BPE, "it has no pieces"],
  ["unigram pieces", A, `its pieces are of the kind "unigram", not "BPE": ${SAVE}`],
  [
    "pieces of a kind to come",
    [...A, ...bytesField(2, intField(3, 9))],
    `its pieces are of the kind "9", not "BPE"`,
  ],
  [
    "a map of characters",
    spec(...textField(1, "nmt_nfkc"), ...bytesField(2, [1, 2, 3])),
    `it maps characters by the rules "nmt_nfkc", not "identity": ${SAVE}`,
  ],
  [
    "a map for decoded texts",
    [...A, ...BPE, ...bytesField(5, bytesField(2, [1]))],
    "it maps characters of decoded texts",
  ],
  [
    "blanks that end words",
    [...A, ...bytesField(2, [...intField(3, 2), ...intField(24, 1)])],
    "its blanks end words",
  ],
  ["blanks as they are", spec(...intField(5, 0)), "its blanks are not written as U+2581"],
  ["a piece twice", [...A, ...A, ...BPE], "piece 0 stands twice, as 1 too"],
  ["an empty piece", [...piece(""), ...BPE], "piece 0 is empty"],
  ["an unused piece", [...piece("a", ...intField(3, 5)), ...BPE], 'piece 0 is of the type "unused"'],
  [
    "a piece of no type",
    [...piece("a", ...intField(3, 7)), ...BPE],
    "the type of piece 0 is 7, expected 1 to 6",
  ],
  [
    "a score that is no number",
    [...piece("a", 0x15, 0, 0, 0xc0, 0x7f), ...BPE],
    "the score of piece 0 is NaN",
  ],
  ["a piece that is no text", bytesField(1, bytesField(1, [0xff])), "its piece 0 is not UTF-8"],
  ["a piece that is a number", bytesField(1, intField(1, 5)), "its piece 0 is not bytes"],
  ["pieces that are a number", intField(1, 5), "its pieces is not bytes"],
  [
    "a score that is a whole number",
    bytesField(1, intField(2, 5)),
    "its score of piece 0 is not a number of 32 bits",
  ],
  ["a flag that is a text", bytesField(3, textField(3, "x")), "its add_dummy_prefix is not a whole number"],
  ["a length of 2^63", [0x0a, ...Array(8).fill(0xff), 0x7f], "it has 0 bytes where a field has"],
  ["a length of 2^64 - 1", [0x0a, ...Array(9).fill(0xff), 1], "it has 0 bytes where a field has -1"],
  [
    "a number without an end",
    [0x0a, ...Array(12).fill(0xff)],
    "it has a number of more than 10 bytes at byte 1",
  ],
  ["a group", [0x0b], "it has a field of wire type 3 at byte 0"],
  ["a field of no number", [0x02, 0], "it has a field of number 0 at byte 0"],
  ["a damaged piece", [...A, 0x0a, 2, 0x0a, 9], `it has 0 bytes where a field has 9 at byte ${A.length + 4}`],
  [
    "long pieces, at whose every place merges would be looked for",
    [...piece("x".repeat(20_000)), ...BPE],
    "it has pieces that are longer than those of any vocabulary",
  ],
  [
    "more symbols than an expression finds",
    [...piece("y".repeat(5000), ...intField(3, 4)), ...BPE],
    "its users' symbols have more than 4096 characters",
  ],
  ["what tiktoken keeps under that name", Array.from(new TextEncoder().encode("IQ== 0\nIg== 1\n")), "it has"],
];

for (const [name, bytes, message] of BAD) {
  Deno.test(`openTokenizer() refuses a tokenizer.model with ${name}`, () => {
    const { message: said } = assertThrows(() => open(bytes), Error);
    assert(said.startsWith(`Cannot open tokenizer "F": ${message}`) && !said.includes("\n"), said);
  });
}

Deno.test("openTokenizer() refuses a tokenizer.model that was cut off within a field", async () => {
  const normalizer = [...textField(1, "identity"), ...intField(3, 0), ...intField(4, 0)];
  const fields = [A, piece("b"), piece("ab", ...intField(3, 1)), BPE, bytesField(3, normalizer)];
  const whole = fields.flat();
  assertEquals([...(await open(whole).encode("ab")).ids], [2]);
  const ends = new Set(fields.map((_, i) => fields.slice(0, i + 1).flat().length));
  for (let length = 0; length < whole.length; length++) {
    if (ends.has(length)) continue;
    const { message } = assertThrows(() => open(whole.slice(0, length)), SyntaxError);
    assert(/^Cannot open tokenizer "F": it (has|ends) [^\n]+$/.test(message), message);
  }
});

Deno.test("openTokenizer() of a folder without a tokenizer still names tokenizer.json", async () => {
  using folder = temporaryFolder();
  await assertRejects(
    () => openTokenizer(folder.path),
    Error,
    `Cannot open tokenizer "${folder.path}/tokenizer.json": no such file`,
  );
  await Deno.mkdir(`${folder.path}/tokenizer.model`);
  await assertRejects(() => openTokenizer(folder.path), TypeError, 'tokenizer.model": it is a folder');
});
