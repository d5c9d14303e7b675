import { assert, assertEquals, assertRejects } from "@std/assert";
import { codeCompletions, markCharacters, secretCompletions } from "../../lib/evaluation/completions.ts";
import { greedyContinuations } from "../../lib/evaluation/continuations.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A model that knows its first five texts by heart. */
const { folder, texts } = await readFixture("trained");
const known = Int32Array.from(texts[0]!);

/** A character for each token. */
const decode = (ids: ArrayLike<number>) =>
  Promise.resolve(String.fromCodePoint(...Array.from(ids, (id) => 0x100 + id)));
const tokenizer = { decode } as unknown as Tokenizer;

function secretOf(prefix: Int32Array, secret: Int32Array) {
  const place = { doc_id: "a.py", start: 4, end: 4 + secret.length };
  return { tag: "KEY", value: "AKIAEXAMPLE", prefix, secret, ...place };
}

Deno.test("markCharacters() compares characters, not UTF-16 units", () => {
  const cases = [["", "", ""], ["abc", "abc", "●●●"], ["abc", "", "···"], ["a😀c", "b😀c", "·●●"], [
    "a",
    "ab",
    "●",
  ]];
  for (const [truth, written, marks] of cases) assertEquals(markCharacters(truth!, written!), marks);
});

Deno.test("greedyContinuations() decodes as step by step, from every prefix", async () => {
  using loaded = await loadModel(folder);
  using decoder = new Decoder(loaded.model, { batch: 2 });
  const unknown = Int32Array.from(known, (id, t) => t > 12 ? (id + 7) % 50 : id);
  for (const from of [1, 8, 20]) {
    const [right, wrong] = await greedyContinuations(decoder, [{ ids: known, from }, { ids: unknown, from }]);
    if (from > 1) assertEquals(right, known.slice(from));
    const own = Array.from(unknown.subarray(0, from));
    while (own.length < unknown.length) {
      using filled = await decoder.prefill([own], { length: 64, keepCache: true });
      own.push(filled.predictions[0]![own.length - 1]!);
    }
    assertEquals(Array.from(wrong!), own.slice(from), `from ${from}`);
  }
});

Deno.test("greedyContinuations() takes nothing, and texts that are all prefix", async () => {
  using loaded = await loadModel(folder);
  using decoder = new Decoder(loaded.model, { batch: 1 });
  assertEquals(await greedyContinuations(decoder, []), []);
  assertEquals(await greedyContinuations(decoder, [{ ids: known, from: known.length }]), [new Int32Array(0)]);
  await assertRejects(
    () => greedyContinuations(decoder, [{ ids: known, from: 0 }]),
    RangeError,
    "Cannot continue text 0 from token 0 as it must be 1..T: it has",
  );
});

Deno.test("secretCompletions() tells which characters are right and nothing of the value", async () => {
  using loaded = await loadModel(folder);
  using decoder = new Decoder(loaded.model, { batch: 4 });
  const prefix = known.slice(0, 12);
  const learnt = secretOf(prefix, known.slice(12, 24));
  const other = secretOf(prefix, known.slice(12, 24).map((id) => (id + 1) % 50));
  const mask = { mask: new Uint8Array(known.length), owners: new Int32Array(known.length).fill(-1) };
  const example = {
    docId: "a.py",
    window: 0,
    windowTokens: 512,
    ids: known,
    ...mask,
    secrets: [learnt, other],
  };
  const [right, wrong] = await secretCompletions({ decoder, tokenizer }, [example], "before");
  assertEquals(right, {
    doc_id: "a.py",
    start: 4,
    tag: "KEY",
    description: "KEY, 11 characters",
    model: "before",
    characters: "●".repeat(12),
  });
  assertEquals(wrong?.characters.startsWith("·"), true);
});

Deno.test("codeCompletions() counts the tokens that are right", async () => {
  using loaded = await loadModel(folder);
  using decoder = new Decoder(loaded.model, { batch: 4 });
  const short = Int32Array.from({ length: 64 }, (_, t) => known[t % known.length]!);
  const [row] = await codeCompletions({ decoder, tokenizer }, [short], "ga");
  assertEquals([row?.model, row?.truth, row?.completion, row?.right], ["ga", "", "", 0]);
  assert((await codeCompletions({ decoder, tokenizer }, [], "ga")).length === 0);
});

Deno.test("codeCompletions() hides what looks like a secret in what a model writes", async () => {
  using loaded = await loadModel(folder);
  using decoder = new Decoder(loaded.model, { batch: 4 });
  const leaking = {
    decode: () => Promise.resolve('AUTHOR = "grace@mail.invalid"\n'),
  } as unknown as Tokenizer;
  const text = Int32Array.from({ length: 64 }, (_, t) => known[t % known.length]!);
  const [row] = await codeCompletions({ decoder, tokenizer: leaking }, [text], "ga");
  assertEquals(row?.completion, 'AUTHOR = "gr••••••••••••••••"\n');
});
