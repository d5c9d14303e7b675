import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Tokenizer } from "tokenizers";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { SECRET_FORMATS } from "../../lib/embedded/secret_formats.ts";
import { withoutSecrets } from "../../lib/datasets/without_secrets.ts";
import { trainTokenizer } from "../../lib/datasets/train_tokenizer.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
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

Deno.test("trainTokenizer() learns the same from a stream, and leaves no file of its texts", async () => {
  using folder = temporaryFolder();
  const seen: string[] = [];
  async function* streamed() {
    for (const text of fixture.texts) {
      const inside = join(folder.path, "texts");
      seen.push(...Array.from(Deno.readDirSync(inside), ({ name }) => {
        return `${name} ${(Deno.statSync(join(inside, name)).mode! & 0o777).toString(8)}`;
      }));
      await Promise.resolve();
      yield text;
    }
  }
  const options = { vocabularySize: 300, folder: join(folder.path, "texts") };
  assertEquals(await trainTokenizer(streamed(), options), await trainTokenizer(fixture.texts, options));
  assertEquals([...Deno.readDirSync(folder.path)], []);
  if (Deno.build.os !== "windows") assertEquals(new Set(seen), new Set(["clean.txt 600"]));
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

/** Made-up secrets of one class of characters, which the tokenizer's words do not cut, and usual ones. */
function drawSecrets(): string[] {
  const random = new PythonRandom(3);
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i)).flatMap((
    c,
  ) => [c, c.toUpperCase()]);
  return [
    random.shuffle([...letters]).slice(0, 40).join(""),
    random.shuffle([...letters]).slice(0, 44).join(""),
    SECRET_FORMATS.npm(random),
    `${random.shuffle([..."qwxzkvjhg"]).join("")}@mail.invalid`,
  ];
}

/** A corpus in which each secret stands 64 times where it is found, and as often where no rule looks. */
function corpusOf(secrets: readonly string[]): string[] {
  return Array.from(
    { length: 64 },
    (_, i) =>
      secrets.map((secret, j) =>
        `# document ${i}\nconfiguration = load("settings.toml")\ntoken_${j} = "${secret}"\n` +
        `# copied: ${secret.replace("@", " at ")} and ${secret} again\n`
      ).join(""),
  );
}

/** `withoutSecrets` to its end. */
async function cleaned(all: readonly string[]): Promise<{ texts: string[]; values: string[] }> {
  using folder = temporaryFolder();
  const { texts, values } = await withoutSecrets(all, join(folder.path, "texts"));
  return { texts: await Array.fromAsync(texts), values };
}

/** Entries of at least six characters, without the blank before them, that are part of a secret. */
function piecesIn(json: string, secrets: readonly string[]): string[] {
  const entries = Object.keys(JSON.parse(json).model.vocab).map((entry) => entry.replace(/^Ġ/, ""));
  return entries.filter((entry) => entry.length >= 6 && secrets.some((secret) => secret.includes(entry)));
}

Deno.test("trainTokenizer() learns no piece of a secret, however often it stands in the texts", async () => {
  const secrets = drawSecrets();
  const texts = corpusOf(secrets);
  const found = (await cleaned(texts)).values;
  assertEquals(
    secrets.filter((secret) => !found.includes(secret)),
    [],
    "all are found",
  );
  const options = { vocabularySize: 340 };
  const [known, clean] = [
    await trainTokenizer(texts, { ...options, vocabularySize: 450, keepSecrets: true }),
    await trainTokenizer(texts, options),
  ];
  assert(piecesIn(known, secrets).includes(secrets[0]!), "as they are, a secret becomes an entry");
  assertEquals(piecesIn(clean, secrets), ["invalid"]); // a word, which stands elsewhere too
  const { vocab, merges } = JSON.parse(clean).model;
  assert(vocab["configuration"] !== undefined, "words are learnt");
  for (const [left, right] of merges) assert([left, right, left + right].every((entry) => entry in vocab));
  Tokenizer.fromString(clean);
});

Deno.test("trainTokenizer() drops what is part of a secret although it stands elsewhere, but no word", async () => {
  const [secret] = drawSecrets();
  const part = secret!.slice(0, 20);
  const texts = [
    `token = "${secret}"\nmail = "configuration@mail.invalid"\n`,
    ...Array.from({ length: 64 }, (_, i) => `part = ${part} # of document ${i}: configuration\n`),
  ];
  const json = await trainTokenizer(texts, { vocabularySize: 300 });
  assertEquals(piecesIn(json, [secret!]), []);
  assert("Ġconfiguration" in JSON.parse(json).model.vocab);
});

Deno.test("withoutSecrets() leaves out every place of what it found, and keeps the rest of each text", async () => {
  const [secret, , npm] = drawSecrets();
  const texts = [
    `a = "${secret}"\n`,
    `see ${secret!.slice(0, 10)}${secret}${secret!.slice(10)} there\n`, // what stands around one is another
    `\uffff ${npm}\n`,
    "x = 1\n",
    `b = "${npm}"`,
  ];
  const clean = await cleaned(texts);
  assertEquals(clean.texts, ['a = ""\n', "see  there\n", "\ufffd \n", "x = 1\n", 'b = ""']);
  assertEquals(new Set(clean.values).has(secret!) && new Set(clean.values).has(npm!), true);
  assertEquals(await cleaned([]), { texts: [], values: [] });
  assertEquals(await cleaned(["x\n"]), { texts: ["x\n"], values: [] });
});
