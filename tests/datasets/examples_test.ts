import { assert, assertEquals, assertRejects } from "@std/assert";
import { forgetExamples, retainExamples } from "../../lib/datasets/examples.ts";
import { chooseForgetSets } from "../../lib/datasets/forget_set.ts";
import { maskSecrets, secretWindows } from "../../lib/datasets/secret_mask.ts";
import { toCodePoints } from "../../lib/tokenizers/code_points.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const tokenizer = await openTokenizer(new URL("../fixtures/tokenizer", import.meta.url).pathname);
const document = (docId: string, text: string) => ({ docId, path: null, text });
const row = (doc_id: string, spans: unknown, window = 0) => ({
  doc_id,
  window,
  spans: JSON.stringify(spans),
});

Deno.test("forgetExamples() finds a row's window and secrets again", async () => {
  const text = "# 😀\nkey = 'aB3$zZ'\nmail = 'é@日本.dev'\n";
  const units = ["aB3$zZ", "é@日本.dev"].map((
    value,
  ) => [text.indexOf(value), text.indexOf(value) + value.length]);
  const points = toCodePoints(text);
  const spans = units.map(([start, end], i) => [["KEY", "EMAIL"][i], points[start!], points[end!]]);
  const source = { tokenizer, documents: [document("other", "x"), document("a", text)] };
  const [example] = await forgetExamples(source, [row("a", spans)]);
  const encoded = await tokenizer.encode(text);
  assertEquals([example!.docId, example!.ids], ["a", encoded.ids]);
  assertEquals(
    example!.mask,
    maskSecrets(encoded, units.map(([start, end]) => ({ start: start!, end: end! }))).mask,
  );
  const [key, mail] = example!.secrets;
  assertEquals([key!.tag, key!.value, key!.start, key!.end], [
    "KEY",
    "aB3$zZ",
    ...units[0]!.map((unit) => unit - 1), // code points: one astral character before
  ]);
  assertEquals([mail!.tag, mail!.value], ["EMAIL", "é@日本.dev"]);
  assertEquals(
    await tokenizer.decode(key!.prefix) + await tokenizer.decode(key!.secret),
    "# 😀\nkey = 'aB3$zZ",
  );
});

Deno.test("forgetExamples() gives what probe and select have seen", async () => {
  const key = (i: number) => `Zq${i}-Wx${9 - i}`.repeat(5);
  const filler = "return value in range\n".repeat(60);
  const text = [0, 1, 2, 3].map((i) => `${filler}k = '${key(i)}'\n`).join("") + filler;
  const spans = [0, 1, 2, 3].map((i) => {
    const start = text.indexOf(key(i));
    return { tag: "KEY", start, end: start + key(i).length };
  });
  const { windows } = secretWindows(await tokenizer.encode(text), spans);
  assert(windows.length > 1, "one window holds all");
  const probe = windows.flatMap(({ window, mask, secrets }) => {
    const mask_tokens = mask.reduce((sum, bit) => sum + bit, 0);
    return secrets.map((span) => ({ doc_id: "a", window, ...span, secret_tokens: 32, mask_tokens, ma: 1 }));
  });
  const sets = chooseForgetSets(probe, () => text, { k: windows.length, groups: 1, seed: 42 });
  const examples = await forgetExamples({ tokenizer, documents: [document("a", text)] }, sets[0]!);
  for (const [i, { window }] of sets[0]!.entries()) {
    const expected = windows.find((other) => other.window === window)!;
    assertEquals([examples[i]!.ids, examples[i]!.mask], [expected.ids, expected.mask]);
    assertEquals(examples[i]!.secrets.map(({ start }) => start), expected.secrets.map(({ start }) => start));
  }
});

Deno.test("forgetExamples() masks another window's secrets and does not score them", async () => {
  const text = "a = 'aB3$'; b = 'zZ9!'";
  const [first, second] = [text.indexOf("aB3$"), text.indexOf("zZ9!")];
  const spans = [["KEY", first, first + 4], [null, second, second + 4]];
  const [example] = await forgetExamples({ tokenizer, documents: [document("a", text)] }, [row("a", spans)]);
  const places = [first, second].map((start) => ({ start, end: start + 4 }));
  assertEquals(example!.mask, maskSecrets(await tokenizer.encode(text), places).mask);
  assertEquals(example!.secrets.map(({ value }) => value), ["aB3$"]);
});

Deno.test("forgetExamples() says whose each token is, the row's own secrets first", async () => {
  const text = "a = 'aB3$'; b = 'zZ9!'; c = 'qQ7&'";
  const spans = ["aB3$", "zZ9!", "qQ7&"].map((value) =>
    [text.indexOf(value), text.indexOf(value) + 4] as const
  );
  const rows = [row("a", [[null, ...spans[0]!], ["KEY", ...spans[1]!], ["KEY", ...spans[2]!]])];
  const [example] = await forgetExamples({ tokenizer, documents: [document("a", text)] }, rows);
  const { starts, ends } = await tokenizer.encode(text);
  const touches = ([start, end]: readonly [number, number], t: number) =>
    starts[t]! <= end && ends[t]! >= start;
  const [other, first, second] = spans;
  assertEquals(
    [...example!.owners],
    Array.from(starts, (_, t) => [first!, second!, other!].findIndex((span) => touches(span, t))),
  );
  assertEquals(example!.secrets.map(({ value }) => value), ["zZ9!", "qQ7&"]);
  assertEquals([...new Set(example!.owners)].sort(), [-1, 0, 1, 2]);
});

Deno.test("forgetExamples() keeps the order of rows, some of one document", async () => {
  const text = "x = 1\n".repeat(400);
  const source = { tokenizer, documents: [document("a", text), document("b", "y = 'zZ9!'")] };
  const rows = [row("a", [["KEY", 4, 5]], 700), row("b", [["KEY", 5, 9]]), row("a", [["KEY", 4, 5]])];
  const examples = await forgetExamples(source, rows);
  const { ids } = await tokenizer.encode(text);
  assertEquals(examples.map(({ docId }) => docId), ["a", "b", "a"]);
  assertEquals([examples[0]!.ids, examples[2]!.ids], [ids.slice(700, 1212), ids.slice(0, 512)]);
  assertEquals(examples.map(({ secrets }) => secrets[0]!.value), ["1", "zZ9!", "1"]);
});

Deno.test("forgetExamples() refuses rows that do not fit the corpus", async () => {
  const source = { tokenizer, documents: [document("a", "x = 😀")] };
  const cases: [ReturnType<typeof row>, typeof Error, string][] = [
    [
      row("b", []),
      RangeError,
      'Cannot find document "b" in the corpus: give the corpus that the set was made from',
    ],
    [
      row("a", [["KEY", 0, 6]]),
      RangeError,
      'Cannot use the secret at 0..6 of "a": the document has 5 code points',
    ],
    [row("a", [["KEY", -1, 2]]), RangeError, "the secret at -1..2"],
    [row("a", [["KEY", 2, 2]]), RangeError, "the secret at 2..2"],
    [row("a", [[null, 2, 9]]), RangeError, "the secret at 2..9"],
    [row("a", [["KEY", 0, 1]], 99), RangeError, 'Cannot use window 99 of "a": the document has'],
    [row("a", [["KEY", 0, 1]], -1), RangeError, "Cannot use window -1"],
    [
      row("a", [["KEY", 0, 1.5]]),
      SyntaxError,
      'Cannot read the spans of "a": expected [[tag, start, end, fingerprint], ...]',
    ],
    [row("a", [["KEY", 0]]), SyntaxError, "expected [[tag, start, end, fingerprint], ...]"],
    [row("a", [[7, 0, 1]]), SyntaxError, "expected"],
    [row("a", { KEY: 1 }), SyntaxError, "expected"],
    [row("a", ["KEY"]), SyntaxError, "expected"],
    [{ doc_id: "a", window: 0, spans: "[[" }, SyntaxError, 'Cannot read the spans of "a": '],
  ];
  for (const [bad, type, message] of cases) {
    await assertRejects(() => forgetExamples(source, [bad]), type, message);
  }
  const whole = await forgetExamples(source, [row("a", [["KEY", 4, 5]])]);
  assertEquals(whole[0]!.secrets[0]!.value, "😀");
});

Deno.test("retainExamples() gives the first 128 tokens", async () => {
  const long = "return value in range\n".repeat(60);
  const source = { tokenizer, documents: [document("a", long), document("b", "x = 1")] };
  const [b, a] = await retainExamples(source, ["b", "a"]);
  assertEquals([a, b], [
    (await tokenizer.encode(long)).ids.slice(0, 128),
    (await tokenizer.encode("x = 1")).ids,
  ]);
  assertEquals(a!.length, 128);
  await assertRejects(() => retainExamples(source, ["c"]), RangeError, 'Cannot find document "c"');
});
