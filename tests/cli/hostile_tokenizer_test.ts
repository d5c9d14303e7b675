import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { PRE_TOKENIZERS } from "../../lib/tokenizers/pre_tokenizers.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { byteTokenizer, writeTexts, writeTinyModel } from "./tiny_run.ts";

const json = JSON.parse(await byteTokenizer());
const regex = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
const grow = { type: "Replace", pattern: { String: "a" }, content: "aaaa" };

/** What ended the process or filled the memory, each with what is said of it now. */
const HOSTILE: Readonly<Record<string, [Record<string, unknown>, RegExp]>> = {
  split: [{ pre_tokenizer: regex("(a+)+$") }, /Split is a regular expression that may take for ever/],
  replace: [
    { normalizer: { type: "Replace", pattern: { Regex: "(a+)+$" }, content: "" } },
    /Replace is a regular expression that may take for ever/,
  ],
  charsmap: [
    { normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } },
    /"Precompiled" is not supported/,
  ],
  length: [{ pre_tokenizer: { type: "FixedLength", length: 0 } }, /length of its pre_tokenizer FixedLength/],
  growth: [
    { normalizer: { type: "Sequence", normalizers: Array(16).fill(grow) } },
    /make a text 4294967296 times/,
  ],
};

Deno.test("a hostile tokenizer.json is refused by a command in one line, and no process is ended", async () => {
  using folder = temporaryFolder();
  const texts = join(folder.path, "texts.jsonl");
  await writeTexts(texts, { a: "a".repeat(60) + "b\n" });
  for (const [name, [changes, message]] of Object.entries(HOSTILE)) {
    const model = join(folder.path, name);
    await writeTinyModel(model, { tokenizer: JSON.stringify({ ...json, ...changes }) });
    const out = join(folder.path, `${name}.parquet`);
    const { code, stdout, stderr } = await runCli([
      "measure",
      "--model",
      model,
      "--texts",
      texts,
      "--out",
      out,
    ]);
    assertEquals([code, stdout, stderr.trimEnd().split("\n").length], [1, "", 1], stderr);
    assertStringIncludes(stderr, `codescrub: Cannot open tokenizer "${model}/tokenizer.json": `);
    assertMatch(stderr, message);
  }
});

Deno.test("12 MB of blanks and Qwen's expressions are no end of the process", async () => {
  using folder = temporaryFolder();
  const [model, texts] = [join(folder.path, "model"), join(folder.path, "texts.jsonl")];
  const { steps, normalizer } = PRE_TOKENIZERS.qwen2!;
  const tokenizer = { ...json, normalizer, pre_tokenizer: { type: "Sequence", pretokenizers: steps } };
  await writeTinyModel(model, { tokenizer: JSON.stringify(tokenizer) });
  await writeTexts(texts, { a: "x = 1\n", b: " ".repeat(12_000_000) + "x" });
  const args = ["measure", "--model", model, "--texts", texts, "--out", join(folder.path, "out.parquet")];
  const { code, stdout, stderr } = await runCli(args);
  assertEquals([code, stdout], [1, ""], stderr);
  const [line, ...progress] = stderr.trimEnd().split("\n").reverse();
  assertEquals(progress, ["Measuring: 0 of 13 MB"]);
  assertMatch(
    line!,
    /^codescrub: Cannot tokenize text 1: it has no place to cut its 12000001 characters from 0 on: at most 4194304/,
  );
});
