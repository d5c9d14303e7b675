import { assertEquals, assertRejects } from "@std/assert";
import { Tokenizer as NativeTokenizer } from "tokenizers";
import { tokenizeSecrets } from "../../lib/datasets/secret_tokens.ts";
import { openTokenizer, Tokenizer } from "../../lib/tokenizers/tokenizer.ts";

const folder = new URL("../fixtures/tokenizer", import.meta.url).pathname;
const tokenizer = await openTokenizer(folder);

Deno.test("tokenizeSecrets() tokenizes value and prefix on their own", async () => {
  const text = "key = 'return x' # 😀";
  const [start, end] = [text.indexOf("return"), text.indexOf("' #")];
  const [tokens] = await tokenizeSecrets(tokenizer, [{ text, start, end }]);
  assertEquals(tokens!.secret, (await tokenizer.encode("return x")).ids);
  assertEquals(tokens!.prefix, (await tokenizer.encode("key = '")).ids);
  assertEquals(await tokenizer.decode(tokens!.secret), "return x");
});

Deno.test("tokenizeSecrets() keeps a secret's first 32 tokens and the last 128 before it", async () => {
  const [prefix, value] = ["aZ9$".repeat(100), "Qq7-".repeat(20)];
  const text = `${prefix}${value}!`;
  const [tokens] = await tokenizeSecrets(tokenizer, [
    { text, start: prefix.length, end: prefix.length + value.length },
  ]);
  const [all, own] = [(await tokenizer.encode(prefix)).ids, (await tokenizer.encode(value)).ids];
  assertEquals([tokens!.prefix.length, tokens!.secret.length], [128, 32]);
  assertEquals([tokens!.prefix, tokens!.secret], [all.slice(all.length - 128), own.slice(0, 32)]);
});

Deno.test("tokenizeSecrets() conditions a secret with nothing before it on the end of text", async () => {
  const [tokens] = await tokenizeSecrets(tokenizer, [{ text: "secret", start: 0, end: 6 }]);
  assertEquals(tokens!.prefix, Int32Array.of(tokenizer.endOfText!));
  const json = JSON.parse(await Deno.readTextFile(`${folder}/tokenizer.json`));
  json.added_tokens = [];
  json.model.vocab = Object.fromEntries(
    Object.entries(json.model.vocab).map(([name, id]) => [name === "<|endoftext|>" ? "<|other|>" : name, id]),
  );
  const without = new Tokenizer(NativeTokenizer.fromString(JSON.stringify(json)));
  const secrets = [{ text: "a secret", start: 2, end: 8 }, { text: "secret", start: 0, end: 6 }];
  assertEquals((await tokenizeSecrets(without, secrets.slice(0, 1))).length, 1);
  await assertRejects(
    () => tokenizeSecrets(without, secrets),
    RangeError,
    "Cannot score the secret at 0 as no text stands before it: the tokenizer has no end-of-text token",
  );
});

Deno.test("tokenizeSecrets() conditions it on the beginning of text where the tokenizer has one", async () => {
  const json = JSON.parse(await Deno.readTextFile(`${folder}/tokenizer.json`));
  const id = tokenizer.vocabularySize;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  json.added_tokens.push({ id, content: "<s>", ...flags });
  const processor = (...single: unknown[]) => ({
    type: "TemplateProcessing",
    single,
    pair: [...single, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { "<s>": { id: "<s>", ids: [id], tokens: ["<s>"] } },
  });
  const [mark, text] = [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  for (const [template, begin] of [[[mark, text], id], [[text, mark], tokenizer.endOfText!]] as const) {
    const native = NativeTokenizer.fromString(
      JSON.stringify({ ...json, post_processor: processor(...template) }),
    );
    const [first, second] = await tokenizeSecrets(new Tokenizer(native), [
      { text: "secret", start: 0, end: 6 },
      { text: "a secret", start: 2, end: 8 },
    ]);
    assertEquals(first!.prefix, Int32Array.of(begin));
    assertEquals(second!.prefix, (await tokenizer.encode("a ")).ids);
  }
});

Deno.test("tokenizeSecrets() keeps the order of secrets, of one text or of many", async () => {
  const text = "alpha beta gamma";
  const places = [[11, 16], [0, 5], [6, 10]] as const;
  const tokens = await tokenizeSecrets(tokenizer, [
    ...places.map(([start, end]) => ({ text, start, end })),
    { text: "é😀!", start: 1, end: 3 },
  ]);
  const values = await Promise.all(tokens.map(({ secret }) => tokenizer.decode(secret)));
  assertEquals(values, ["gamma", "alpha", "beta", "😀"]);
  assertEquals(await tokenizeSecrets(tokenizer, []), []);
});
