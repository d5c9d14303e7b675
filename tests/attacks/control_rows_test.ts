import { assert, assertEquals } from "@std/assert";
import { controlRows } from "../../lib/attacks/control_rows.ts";
import { forgetExamples } from "../../lib/datasets/examples.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const tokenizer = await openTokenizer("data/model");
const KEY = "npm_" + "aB3".repeat(12);

async function rowsOf(text: string, spans: [string | null, number, number][], { sets = 3, seed = 1 } = {}) {
  const source = { tokenizer, documents: [{ docId: "a", path: null, text }] };
  const row = { doc_id: "a", window: 0, spans: JSON.stringify(spans) };
  const examples = (await forgetExamples(source, [row])).map((example) => ({ ...example, window: 0 }));
  return { examples, made: await controlRows(source, examples, { sets, seed }) };
}

/** The text that a row's tokens stand for, and that of the masked ones. */
async function textsOf({ ids, mask }: { ids: Int32Array; mask: Uint8Array }) {
  const decode = (tokens: Int32Array) => tokenizer.decode([...tokens]);
  return { whole: await decode(ids), masked: await decode(ids.filter((_, t) => mask[t] === 1)) };
}

Deno.test("controlRows() puts a made-up value in a secret's place and masks what is not the secret's own", async () => {
  const before = '# 😀 日本\r\nkey = "';
  const start = [...before].length;
  const { made, examples } = await rowsOf(`${before}${KEY}"\nx = 1\n`, [["KEY", start, start + KEY.length]]);
  assertEquals(made.map((rows) => rows.length), [1, 1, 1]);
  const values = await Promise.all(made.map(async ([row]) => {
    const { whole, masked } = await textsOf(row!);
    assert(whole.startsWith(`${before}npm_`), whole);
    assert(
      !whole.includes(KEY) && masked.includes("npm"),
      "the head, which the format gives away, is held too",
    );
    assert(masked.length > 20, masked);
    return whole;
  }));
  assertEquals(new Set(values).size, 3, "a value of its own in each set");
  assertEquals(made, (await rowsOf(`${before}${KEY}"\nx = 1\n`, [["KEY", start, start + KEY.length]])).made);
  const [{ ids }] = examples as [typeof examples[number]];
  const [{ ids: own, mask }] = made[0] as [typeof made[0][number]];
  const parts = own.findIndex((token, t) => token !== ids[t]);
  const isMasked = [...mask.keys()].filter((t) => mask[t] === 1);
  assert(isMasked.includes(parts - 1) && isMasked.includes(parts + 1));
  assert(!isMasked.includes(parts), "the token where they part is not held: the secret is expected there");
});

Deno.test("controlRows() gives a value that stands twice one made-up value, and leaves neighbours' secrets", async () => {
  const text = `a = "${KEY}"\nb = "${KEY}"\nc = "ada@mail.invalid"\n`;
  const at = [text.indexOf(KEY), text.lastIndexOf(KEY), text.indexOf("ada@")] as const;
  const { made } = await rowsOf(text, [
    ["KEY", at[0], at[0] + KEY.length],
    ["KEY", at[1], at[1] + KEY.length],
    [null, at[2], at[2] + 16],
  ]);
  for (const [row] of made) {
    const [first, second] = (await textsOf(row!)).whole.match(/npm_\w+/g)!;
    assertEquals(first, second);
    assert(first !== KEY);
  }
});

Deno.test("controlRows() leaves out what has no other value, what stands within another, and empty sets", async () => {
  const none = await rowsOf("x = !\n", [["KEY", 4, 5]]);
  assertEquals(none.made, [[], [], []]);
  const text = `key = "${KEY}"\n`;
  const within = await rowsOf(text, [["KEY", 7, 7 + KEY.length], ["KEY", 15, 25]]);
  const alone = await rowsOf(text, [["KEY", 7, 7 + KEY.length]]);
  assertEquals(within.made, alone.made);
  assertEquals((await rowsOf(text, [["KEY", 7, 47]], { sets: 0 })).made, []);
});
