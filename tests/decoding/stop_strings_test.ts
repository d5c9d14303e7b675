import { assert, assertEquals } from "@std/assert";
import { hasStop } from "../../lib/decoding/stop_strings.ts";
import { openTinyTokenizer } from "../evaluation/tiny_model.ts";

/** How many of the tokens it takes until a stop string is there; null when none ever is. */
async function stopsAfter(
  tokens: readonly number[],
  stop: Parameters<typeof hasStop>[1],
): Promise<number | null> {
  for (let count = 1; count <= tokens.length; count++) {
    if (await hasStop(tokens.slice(0, count), stop)) return count;
  }
  return null;
}

const STRINGS = ["\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```"];

Deno.test("hasStop() finds strings across the borders of tokens, at the first token that completes one", async () => {
  const words = [
    "    return x\n",
    "def",
    "\n",
    "d",
    "e",
    "f g",
    "\nclass A:",
    " ",
    "\n``",
    "`",
    "x\n# y",
    "",
    "\nc",
    "lass",
  ];
  const decode = (ids: readonly number[]) => ids.map((id) => words[id]).join("");
  const cases: [number[], number | null][] = [
    [[0, 1], 2],
    [[1, 7, 1], null],
    [[7, 2, 3, 4, 5, 0], 5],
    [[6], 1],
    [[8, 9, 0], 2],
    [[0, 0, 0, 10], 4],
    [[0, 7, 2], null],
    [[12, 13], 2],
    [[12, ...Array(40).fill(11), 13], 42], // tokens without text, such as ids that the tokenizer lacks
    [[...Array(100).fill(7), 2, 4], null],
    [[...Array(100).fill(7), 2, 3, 4, 5], 104],
  ];
  for (const [tokens, wanted] of cases) {
    assertEquals(await stopsAfter(tokens, { strings: STRINGS, decode }), wanted, `${tokens}`);
  }
  assertEquals(await stopsAfter([0, 1], { strings: [], decode }), null);
});

Deno.test("hasStop() finds what a byte-level tokenizer cuts within a character", async () => {
  const tokenizer = await openTinyTokenizer();
  const decode = (ids: readonly number[]) => tokenizer.decode(ids);
  const { ids } = await tokenizer.encode("naïve = '日本語' 🦊🦊\nprint(x)");
  const tokens = [...ids];
  for (const string of ["ï", "日", "本語'", "🦊🦊", "\nprint", "語' 🦊", "x)"]) {
    const wanted = await firstByWholeText(tokens, string, decode);
    assert(wanted !== null);
    assertEquals(await stopsAfter(tokens, { strings: [string], decode }), wanted, string);
  }
  assert(tokens.length > 20, "characters are cut into their bytes");
});

Deno.test("hasStop() is a search of the whole text, for random bytes", async () => {
  const tokenizer = await openTinyTokenizer();
  const decode = (ids: readonly number[]) => tokenizer.decode(ids);
  let [state, found] = [7, 0];
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < 60; round++) {
    const tokens = Array.from({ length: 30 }, () => 1 + random(319));
    const text = [...await decode(tokens)].filter((char) => char !== "\ufffd").join("");
    const at = random(Math.max(1, text.length - 2));
    const string = text.slice(at, at + 1 + random(2)).toWellFormed().replaceAll("\ufffd", "");
    if (string === "") continue;
    const wanted = await firstByWholeText(tokens, string, decode);
    assertEquals(await stopsAfter(tokens, { strings: [string], decode }), wanted, JSON.stringify(string));
    if (wanted !== null) found++;
  }
  assert(found > 20, `${found}`);
});

async function firstByWholeText(
  tokens: readonly number[],
  string: string,
  decode: (ids: readonly number[]) => Promise<string>,
): Promise<number | null> {
  for (let count = 1; count <= tokens.length; count++) {
    if ((await decode(tokens.slice(0, count))).includes(string)) return count;
  }
  return null;
}
