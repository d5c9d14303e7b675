import { assert, assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { probeSecrets } from "../../lib/evaluation/probe.ts";
import { maskTokens, probeTokens } from "../../lib/evaluation/probe_tokens.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { shownLength } from "../../lib/secrets/fingerprint.ts";
import { toCodePoints } from "../../lib/tokenizers/code_points.ts";
import { newTinyModel, openTinyTokenizer } from "./tiny_model.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("probeTokens() has MA and loss as its means and never a whole secret", async () => {
  const tokenizer = await openTinyTokenizer();
  using model = newTinyModel();
  using scorer = new Scorer(model, { batch: 4 });
  const values = ["aB3$zZ9-q", "é😀日本語x", "  \n\t7q", "Zq7-".repeat(20)];
  const documents = values.map((value, i) => ({ docId: `${i}`, path: null, text: `# 😀\nk = '${value}'` }));
  const places = documents.map(({ docId, text }, i) => {
    const [points, start] = [toCodePoints(text), text.indexOf(values[i]!)];
    return { doc_id: docId, tag: "KEY", start: points[start]!, end: points[start + values[i]!.length]! };
  });
  const probed = await probeTokens({ scorer, tokenizer }, { documents, places });
  const { rows } = await probeSecrets({ scorer, tokenizer }, { documents, places });
  for (const [i, { doc_id, tokens, description }] of probed.entries()) {
    const row = rows.find((row) => row.doc_id === doc_id)!;
    assertEquals(tokens.length, row.secret_tokens);
    assertEquals(tokens.filter(({ hit }) => hit).length / tokens.length, row.ma);
    const shown = tokens.map(({ text }) => text).join("");
    const cut = tokens.length === 32;
    assertEquals(Array.from(shown).length <= Array.from(values[i]!).length, true);
    assert(cut || Array.from(shown).length === Array.from(values[i]!).length, shown);
    assertEquals(Array.from(shown).slice(shownLength(values[i]!)).join("").replaceAll("•", ""), "");
    assert(!JSON.stringify({ tokens, description }).includes(values[i]!.slice(2)));
  }
  assertEquals(await probeTokens({ scorer, tokenizer }, { documents, places: [] }), []);
});

Deno.test("probeTokens() refuses places outside the corpus and the document", async () => {
  const tokenizer = await openTinyTokenizer();
  using model = newTinyModel();
  using scorer = new Scorer(model, { batch: 4 });
  const documents = [{ docId: "a", path: null, text: "x = 😀" }];
  const place = { doc_id: "a", tag: "KEY", start: 2, end: 6 };
  const probe = (places: typeof place[]) => probeTokens({ scorer, tokenizer }, { documents, places });
  await assertRejects(() => probe([place]), RangeError, "the document has 5 code points");
  await assertRejects(() => probe([{ ...place, doc_id: "b" }]), RangeError, 'Cannot probe document "b"');
});

Deno.test("maskTokens() shows two characters at most, whatever the tokens", () => {
  const offsets = (...pairs: [number, number][]) => ({
    starts: pairs.map(([start]) => start),
    ends: pairs.map(([, end]) => end),
  });
  const dots = (count: number) => "•".repeat(count);
  assertEquals(maskTokens("abcdef".repeat(3), offsets([0, 18])), ["ab" + dots(16)]);
  assertEquals(maskTokens("abcdefabcdefabc", offsets([0, 15])), [dots(15)]); // too short for any
  const faces = maskTokens("😀".repeat(16), offsets([0, 2], [0, 2], [2, 4], [4, 32]));
  assertEquals(faces, ["😀", "", "😀", dots(14)]);
  const blanks = maskTokens("\u0000 " + "x".repeat(14), offsets([0, 1], [1, 2], [2, 16]));
  assertEquals(blanks, ["?", "?", dots(14)]);
  assertEquals(maskTokens("", offsets()), []);
});
