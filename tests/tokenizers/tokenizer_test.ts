import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Tokenizer as NativeTokenizer } from "tokenizers";
import { fromCodePoints } from "../../lib/tokenizers/code_points.ts";
import { openTokenizer, parseTokenizer, Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import expected from "../fixtures/tokenizer_offsets.json" with { type: "json" };

const FOLDER = fileURLToPath(new URL("../fixtures/tokenizer", import.meta.url));
const JSON_TEXT = await Deno.readTextFile(`${FOLDER}/tokenizer.json`);

/** Opens the fixture with some fields of its tokenizer.json changed. */
async function openChanged(changes: Record<string, unknown>): Promise<Tokenizer> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/tokenizer.json`,
      JSON.stringify({ ...JSON.parse(JSON_TEXT), ...changes }),
    );
    return await openTokenizer(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The error of opening a folder whose tokenizer.json holds `text`. */
async function openingError(text: string): Promise<Error> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/tokenizer.json`, text);
    return await assertRejects(
      () => openTokenizer(folder),
      SyntaxError,
      `Cannot open tokenizer "${folder}/tokenizer.json": `,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [kind, changes] of [["plain", {}], ["nfc", { normalizer: { type: "NFC" } }]] as const) {
  Deno.test(`Tokenizer.encodeBatch() gives Python's ids, and its offsets in UTF-16 (${kind})`, async () => {
    const tokenizer = await openChanged(changes);
    const encoded = await tokenizer.encodeBatch(expected.texts);
    encoded.forEach(({ ids, starts, ends }, i) => {
      const { ids: wantedIds, offsets } = expected[kind][i]!;
      const units = fromCodePoints(expected.texts[i]!);
      const name = JSON.stringify(expected.texts[i]);
      assertEquals(Array.from(ids), wantedIds, name);
      assertEquals(Array.from(starts), offsets.map(([start]) => units[start!]!), name);
      assertEquals(Array.from(ends), offsets.map(([, end]) => units[end!]!), name);
    });
    assert(expected.texts.some((text) => /[\ud800-\udbff]/.test(text)), "some texts need conversion");
  });
}

Deno.test("Tokenizer.decode() gives every text back", async () => {
  const tokenizer = await openTokenizer(FOLDER);
  for (const text of expected.texts) {
    assertEquals(await tokenizer.decode((await tokenizer.encode(text)).ids), text);
  }
  assertEquals(await tokenizer.decode([]), "");
});

Deno.test("Tokenizer tells its size, its end of text and its tokens", async () => {
  const tokenizer = await openTokenizer(FOLDER);
  const { model } = JSON.parse(JSON_TEXT) as { model: { vocab: Record<string, number> } };
  assertEquals(tokenizer.vocabularySize, Object.keys(model.vocab).length);
  assertEquals([tokenizer.endOfText, tokenizer.token(0), tokenizer.token(99999)], [0, "<|endoftext|>", null]);
  const without = await openChanged({ added_tokens: [], model: { ...model, vocab: { a: 0 }, merges: [] } });
  assertEquals([without.endOfText, without.vocabularySize], [null, 1]);
});

Deno.test("Tokenizer.encode() takes a lone surrogate as U+FFFD, of the same length", async () => {
  const tokenizer = await openTokenizer(FOLDER);
  for (const lone of ["\ud83d", "\ude00", "\ude00\ud83d"]) {
    const [actual, replaced] = await tokenizer.encodeBatch([`a${lone} = 1`, `a${lone.toWellFormed()} = 1`]);
    assertEquals(actual, replaced);
    assertEquals(actual!.ends.at(-1), lone.length + 5);
  }
});

Deno.test("Tokenizer.encode() of an empty text is empty", async () => {
  const { ids, starts, ends } = await (await openTokenizer(FOLDER)).encode("");
  assertEquals([ids.length, starts.length, ends.length], [0, 0, 0]);
  assertEquals(await (await openTokenizer(FOLDER)).encodeBatch([]), []);
});

Deno.test("Tokenizer.encodeBatch() keeps the order over several batches", async () => {
  const tokenizer = await openTokenizer(FOLDER);
  const texts = Array.from({ length: 600 }, (_, i) => `value = ${i} 😀`);
  const encoded = await tokenizer.encodeBatch(texts);
  for (const i of [0, 255, 256, 599]) assertEquals(encoded[i], await tokenizer.encode(texts[i]!));
});

Deno.test("Tokenizer ignores truncation and padding that a tokenizer.json asks for", async () => {
  const tokenizer = await openChanged({
    truncation: { direction: "Right", max_length: 2, strategy: "LongestFirst", stride: 0 },
    padding: {
      strategy: { Fixed: 50 },
      direction: "Right",
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: "<|endoftext|>",
    },
  });
  const plain = await openTokenizer(FOLDER);
  const texts = ["def f(self):\n    return 1", "x"];
  assertEquals(await tokenizer.encodeBatch(texts), await plain.encodeBatch(texts));
});

Deno.test("openTokenizer() says what is missing or damaged", async () => {
  const folder = await Deno.makeTempDir();
  await assertRejects(
    () => openTokenizer(folder),
    Error,
    `Cannot open tokenizer "${folder}/tokenizer.json": no such file`,
  );
  await Deno.mkdir(`${folder}/tokenizer.json`);
  await assertRejects(
    () => openTokenizer(folder),
    TypeError,
    `Cannot read tokenizer "${folder}/tokenizer.json": it is a folder`,
  );
  await Deno.remove(folder, { recursive: true });
  for (
    const text of [
      "",
      "{",
      "[]",
      "null",
      "{}",
      JSON_TEXT.slice(0, 900),
      JSON_TEXT.replace('"BPE"', '"Unheard"'),
    ]
  ) {
    assert((await openingError(text)).cause instanceof Error, text.slice(0, 20));
  }
});

Deno.test("parseTokenizer() refuses a prefix that merges lack, at which the native library would end the process", () => {
  const json = JSON.parse(JSON_TEXT);
  for (const prefix of ["##", "\u00e9", "x".repeat(5000)]) {
    for (const merges of [json.model.merges, json.model.merges.map((merge: string[]) => merge.join(" "))]) {
      const model = { ...json.model, merges, continuing_subword_prefix: prefix };
      const refused = () => parseTokenizer(JSON.stringify({ ...json, model }), "tokenizer.json");
      const message =
        'Cannot open tokenizer "tokenizer.json": the second token of merge 0 does not begin with the prefix';
      assertThrows(refused, SyntaxError, message);
    }
  }
  const model = { ...json.model, continuing_subword_prefix: "" };
  parseTokenizer(JSON.stringify({ ...json, model }), "tokenizer.json");
});

Deno.test("encodeIds() has no more than some batches' encodings wait for the garbage collector", async () => {
  const [texts, characters] = [40, 2 ** 20]; // each a batch of its own
  let [held, most] = [0, 0];
  const freed = new FinalizationRegistry(() => void held--);
  const native = {
    disableTruncation: () => {},
    disablePadding: () => {},
    getVocabSize: () => 1,
    tokenToId: () => null,
    encodeBatch: async (batch: string[]) => {
      await new Promise((resolve) => setTimeout(resolve)); // in which what was collected is told
      const encodings = batch.map(() => ({ getIds: () => [0] }));
      for (const encoding of encodings) freed.register(encoding, null);
      held += encodings.length;
      most = Math.max(most, held);
      return encodings;
    },
  };
  const tokenizer = new Tokenizer(native as unknown as NativeTokenizer);
  const ids = await tokenizer.encodeIds(Array(texts).fill("x".repeat(characters)));
  assertEquals(ids.map((own) => [...own]), Array(texts).fill([0]));
  assert(most <= 8, `${most} of ${texts} encodings were held at once`);
});
