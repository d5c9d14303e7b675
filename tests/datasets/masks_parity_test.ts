import { assert, assertEquals } from "@std/assert";
import { Tokenizer as NativeTokenizer } from "tokenizers";
import { Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { differences, type JudgedDocument } from "../parity/judged_masks.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const rows: Record<string, JudgedDocument[]> = JSON.parse(
  await Deno.readTextFile(new URL("masks.json", fixtures)),
);
const json = JSON.parse(await Deno.readTextFile(new URL("tokenizer/tokenizer.json", fixtures)));

for (const [name, normalizer] of [["plain", null], ["nfc", { type: "NFC" }]] as const) {
  Deno.test(`secretWindows(), tokenizeSecrets() give what transformers' tokenizers give, ${name}`, async () => {
    const tokenizer = new Tokenizer(NativeTokenizer.fromString(JSON.stringify({ ...json, normalizer })));
    for (const judged of rows[name]!) assertEquals(await differences(tokenizer, judged), [], judged.text);
  });
}

Deno.test("the judged documents have what may go wrong", () => {
  const all = Object.values(rows).flat();
  assert(all.some(({ kept, spans }) => kept.length < spans.length), "none is cut off");
  assert(all.some(({ spans }) => spans[0]![0] === 0), "none begins its text");
  assert(all.some(({ text, spans }) => spans.some(([, end]) => end === [...text].length)), "none ends it");
  assert(all.some(({ secrets }) => secrets.some((secret) => secret.length === 32)), "none is long");
  assert(all.some(({ text }) => !text.isWellFormed()), "no lone surrogate");
  assert(all.some(({ text }) => /[\u{10000}-\u{10ffff}]/u.test(text)), "no astral character");
});
