import { assert, assertEquals, assertRejects } from "@std/assert";
import { Tokenizer } from "tokenizers";
import { trainTokenizer } from "../../lib/datasets/train_tokenizer.ts";
import fixture from "../fixtures/bpe_tokenizer.json" with { type: "json" };

Deno.test("trainTokenizer() learns what Hugging Face's trainer learns from whole texts", async () => {
  const json = await trainTokenizer(fixture.texts, { vocabularySize: fixture.vocab.length });
  const { vocab, merges } = JSON.parse(json).model;
  assertEquals(merges.map((merge: string[]) => merge.join(" ")), fixture.merges);
  assertEquals(Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]), fixture.vocab);
  assert(fixture.merges.some((merge) => merge.includes("Ċ")), "no merge holds a line break");
});

Deno.test("trainTokenizer() gives a tokenizer.json that encodes and decodes", async () => {
  const tokenizer = Tokenizer.fromString(
    await trainTokenizer(fixture.texts, { vocabularySize: fixture.vocab.length }),
  );
  for (const [i, ids] of fixture.ids.entries()) {
    const encoding = await tokenizer.encode(fixture.texts[i]!, null, { addSpecialTokens: false });
    assertEquals(encoding.getIds(), ids);
    assertEquals(await tokenizer.decode(ids, true), fixture.texts[i]!);
  }
  const special = await tokenizer.encode("x<|endoftext|>\f\r\0", null, { addSpecialTokens: true });
  assertEquals(special.getIds()[1], 0);
});

Deno.test("trainTokenizer() gives the same bytes twice", async () => {
  const [a, b] = [
    await trainTokenizer(fixture.texts, { vocabularySize: 300 }),
    await trainTokenizer(fixture.texts, { vocabularySize: 300 }),
  ];
  assertEquals(a, b);
});

Deno.test("trainTokenizer() refuses sizes and texts that it cannot serve", async () => {
  const cases: [string[], number, string][] = [
    [fixture.texts, 256, "of 256 entries: expected 257 to 30,000"],
    [fixture.texts, 30_001, "of 30001 entries"],
    [["x = 1\n"], 300, "the texts give 2 merges only"],
    [["x\n", "y"], 257, 'on text 1: it has no "\\n" at its end'],
    [["x\r\n"], 257, "on text 0"],
  ];
  for (const [texts, vocabularySize, message] of cases) {
    await assertRejects(() => trainTokenizer(texts, { vocabularySize }), RangeError, message);
  }
});
