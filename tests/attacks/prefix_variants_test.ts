import { assert, assertEquals } from "@std/assert";
import { prefixVariants } from "../../lib/attacks/prefix_variants.ts";
import { renameIdentifiers } from "../../lib/attacks/rename_identifiers.ts";
import { tokenizeSecrets } from "../../lib/datasets/secret_tokens.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const TOKENIZER = await openTokenizer("data/model");

const BEFORE = `import os


def total(items):
    """Adds 'items' up."""
    return sum(item.price for item in items)


# sender of heron-ledger
heron_ledger_sender = "ada.l@mail.invalid"
heron_ledger_mail_key = '`;
const VALUE = "SG.abcdefgh";
const SECRET = {
  id: "a",
  text: `${BEFORE}${VALUE}'\n`,
  tag: "KEY",
  start: BEFORE.length,
  end: BEFORE.length + VALUE.length,
};

async function textsOf(secret: typeof SECRET, host?: string): Promise<Record<string, string>> {
  const [variants] = await prefixVariants(TOKENIZER, [secret], { ...host !== undefined && { host } });
  const [own] = await tokenizeSecrets(TOKENIZER, [secret]);
  const entries = await Promise.all(variants!.map(async ({ name, prefix, secret }) => {
    assertEquals([...Array.from(secret)], [...Array.from(own!.secret)], name);
    assert(prefix.length >= 1, name);
    return [name, await TOKENIZER.decode(prefix)];
  }));
  return Object.fromEntries(entries);
}

Deno.test("prefixVariants() asks with less context, rewritten context, and none", async () => {
  const host = "a = 1\nb = 2\nc = 3\nd = 4\n";
  const texts = await textsOf(SECRET, host);
  assertEquals(Object.keys(texts), [
    ...[0, 16, 32, 64, 128].map((count) => `context ${count}`),
    "line",
    "quotes",
    "renamed",
    "moved",
    "asked",
  ]);
  assertEquals(texts["context 0"], "<|endoftext|>");
  for (const count of [16, 32, 64]) {
    const text = texts[`context ${count}`]!;
    assert(BEFORE.endsWith(text) && text.length > count, text);
    assertEquals((await TOKENIZER.encode(text)).ids.length <= count, true);
  }
  assertEquals(texts.line, "heron_ledger_mail_key = '");
  assert(texts.quotes!.endsWith(`_sender = 'ada.l@mail.invalid'\nheron_ledger_mail_key = "`));
  assert(
    texts.renamed!.includes('def beta(gamma):\n    """Adds \'items\' up."""\n    return'),
    texts.renamed,
  );
  assert(texts.renamed!.endsWith(`\neta = "ada.l@mail.invalid"\ntheta = '`), texts.renamed);
  assert(!texts.renamed!.includes("heron_ledger_"));
  assertEquals(
    texts.moved,
    "a = 1\nb = 2\nc = 3\n# sender of heron-ledger\n" +
      `heron_ledger_sender = "ada.l@mail.invalid"\nheron_ledger_mail_key = '`,
  );
  assertEquals(texts.asked, 'api_key = "');
});

Deno.test("prefixVariants() gives no variant twice, and takes a secret that begins its text", async () => {
  const short = { ...SECRET, text: VALUE, start: 0, end: VALUE.length };
  assertEquals(Object.keys(await textsOf(short)), ["context 0", "asked"]);
  const line = { ...SECRET, text: `key = ${VALUE}`, start: 6, end: 6 + VALUE.length };
  assertEquals(await textsOf(line), {
    "context 0": "<|endoftext|>",
    "context 16": "key = ",
    renamed: "alpha = ",
    asked: 'api_key = "',
  });
});

Deno.test("renameIdentifiers() keeps words of languages, strings, comments and numbers, and is consistent", () => {
  const cases: [string, string][] = [
    ["", ""],
    ["let x1 = 0x1f + y; // y\nx1 += y", "let alpha = 0x1f + beta; // y\nalpha += beta"],
    ["for a in b:\n  print(a)", "for alpha in beta:\n  print(alpha)"],
    ["s = 'it\\'s s' + s", "alpha = 'it\\'s s' + alpha"],
    ['x = """x\nx"""; x', 'alpha = """x\nx"""; alpha'],
    ["größe = größe2", "alpha = beta"],
    ['open = "a\nb = c', 'open = "alpha\nbeta = gamma'], // a string without an end is code
  ];
  for (const [code, expected] of cases) assertEquals(renameIdentifiers(code), expected);
  const many = Array.from({ length: 40 }, (_, i) => `v${i}`).join(" ");
  assertEquals(new Set(renameIdentifiers(many).split(" ")).size, 40);
});
