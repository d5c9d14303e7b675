import { assert, assertEquals, assertRejects } from "@std/assert";
import { Tokenizer as NativeTokenizer } from "tokenizers";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import {
  cutsAtLines,
  lineCut,
  textPieces,
  type TokenizerParts,
  wordCuts,
} from "../../lib/tokenizers/line_cuts.ts";
import { byteLevelSteps, PRE_TOKENIZERS } from "../../lib/tokenizers/pre_tokenizers.ts";
import { parseTokenizer, Tokenizer } from "../../lib/tokenizers/tokenizer.ts";

const json = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/tokenizer/tokenizer.json", import.meta.url)),
);
const CUTTING = ["gpt-2", "starcoder", "llama3", "qwen2"];
const PIECES =
  "\n|\r\n|\r|  |\t|return| value|x1|42|'s|'é|😀|日本|e\u0301|\u0301|=|...|;\n\n|\x85|\u2028|\ufeff|<|endoftext|>|\n\u0301|\n1"
    .split("|");

/** The fixture's tokenizer with the words of a kind. */
function withWords(kind: string): TokenizerParts {
  const { steps, normalizer = null } = PRE_TOKENIZERS[kind]!;
  return { ...json, normalizer, pre_tokenizer: { type: "Sequence", pretokenizers: steps } };
}

Deno.test("encodeEnds() gives the last tokens of the whole text, whatever the tokenizer", async () => {
  const random = new PythonRandom(5);
  for (const kind of Object.keys(PRE_TOKENIZERS)) {
    const parts = withWords(kind);
    assertEquals(cutsAtLines(parts), !["deepseek-coder"].includes(kind), kind);
    const tokenizer = parseTokenizer(JSON.stringify(parts), kind);
    const texts = Array.from(
      { length: 150 },
      (_, i) => Array.from({ length: i }, () => PIECES[random.randbelow(PIECES.length)]!).join(""),
    );
    const whole = await tokenizer.encodeIds(texts);
    for (const count of [1, 8, 30]) {
      const ends = await tokenizer.encodeEnds(texts, count);
      ends.forEach((ids, i) => assertEquals(ids, whole[i]!.slice(-count), JSON.stringify([kind, texts[i]])));
    }
  }
});

Deno.test("cutsAtLines() is false where a token may span lines or a text's beginning counts", () => {
  const parts = withWords("gpt-2");
  const token = { content: "x", lstrip: false, rstrip: false, single_word: false };
  const { pre_tokenizer: _none, ...bare } = parts;
  const changed: TokenizerParts[] = [
    bare,
    { ...parts, normalizer: { type: "Prepend" } },
    { ...parts, model: { type: "Unigram" } },
    { ...parts, model: { type: "BPE", dropout: 0.1 } },
    { ...parts, pre_tokenizer: { ...byteLevelSteps(true), add_prefix_space: true } },
    { ...parts, pre_tokenizer: byteLevelSteps(false) },
    {
      ...parts,
      pre_tokenizer: { type: "Split", pattern: { Regex: "\\n\\w" }, behavior: "Isolated", invert: false },
    },
    ...[{ content: "\n\n" }, { lstrip: true }, { rstrip: true }, { single_word: true }].map((flags) => ({
      ...parts,
      added_tokens: [{ ...token, ...flags }],
    })),
  ];
  for (const other of changed) assertEquals(cutsAtLines(other), false, JSON.stringify(other).slice(0, 200));
  assert(CUTTING.every((kind) => cutsAtLines(withWords(kind))));
});

Deno.test("lineCut() finds where a line begins with something printed or ends with a letter or digit", () => {
  const text = "a;\nb\r\n  c.\n\n😀\n\u0301d\n\t1\n "; // only "d" and "1" end their lines so
  const cuts = Array.from({ length: text.length + 1 }, (_, at) => lineCut(text, at));
  assertEquals(cuts.slice(0, 13), [0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 12]);
  assertEquals(cuts.slice(13), [12, 12, 12, 12, 12, 17, 17, 17, 20, 20].slice(0, cuts.length - 13));
  assertEquals(lineCut("\nx", 0), 0);
  assertEquals(lineCut("x", -5), 0);
});

Deno.test("a text in pieces has the ids and offsets of the whole, whatever the tokenizer", async () => {
  const random = new PythonRandom(11);
  const texts = Array.from(
    { length: 60 },
    (_, i) => Array.from({ length: 3 * i }, () => PIECES[random.randbelow(PIECES.length)]!).join(""),
  );
  let cut = 0;
  for (const kind of [...CUTTING, "deepseek-coder"]) {
    for (const [trim_offsets, add_prefix_space] of [[false, true], [true, false], [true, true]] as const) {
      const parts = {
        ...withWords(kind),
        post_processor: { ...byteLevelSteps(false), trim_offsets, add_prefix_space },
      };
      const cuts = wordCuts(parts);
      assertEquals(cuts === null, trim_offsets && add_prefix_space, kind);
      if (cuts === null) continue;
      const native = NativeTokenizer.fromString(JSON.stringify(parts));
      const whole = await new Tokenizer(native).encodeBatch(texts);
      for (const pieceCharacters of [1, 20]) {
        const tokenizer = new Tokenizer(native, { cuts, pieceCharacters });
        assertEquals(await tokenizer.encodeBatch(texts), whole, kind);
        assertEquals(await tokenizer.encodeIds(texts), whole.map(({ ids }) => ids), kind);
      }
      cut += texts.filter((text) => textPieces(text, cuts, 20).length > 5).length;
    }
  }
  assert(cut > 200, `${cut} texts were in more than five pieces`);
});

Deno.test("wordCuts() leaves out what an added token holds itself", () => {
  const token = { lstrip: false, rstrip: false, single_word: false };
  const cutsOf = (...contents: string[]) => {
    const added_tokens = contents.map((content) => ({ ...token, content }));
    return "a1 b\n=".split(wordCuts({ ...withWords("gpt-2"), added_tokens }) ?? /(?!)/);
  };
  assertEquals(cutsOf("<|im_start|>", "  ", "\t "), ["a", "1", " b", "\n="]);
  assertEquals(cutsOf("<unused7>"), ["a1", " b", "\n="]);
  assertEquals(cutsOf("<end of text>"), ["a", "1 b", "\n="]);
  assertEquals(cutsOf("a\nb"), ["a1 b\n="]); // it spans lines
});

Deno.test("Tokenizer.encodeBatch() refuses what has no place to cut, before the native library sees it", async () => {
  const long = " ".repeat((1 << 22) + 1);
  for (const kind of ["qwen2", "gpt-2", "deepseek-coder"]) {
    const tokenizer = parseTokenizer(JSON.stringify(withWords(kind)), kind);
    const text = `x = 1;${long}y`;
    const message =
      "Cannot tokenize text 1: it has no place to cut its 4194312 characters from 0 on: at most 4194304 are allowed";
    await assertRejects(() => tokenizer.encodeBatch(["a", text]), RangeError, message);
    await assertRejects(() => tokenizer.encodeIds(["a", text]), RangeError, message);
  }
});
