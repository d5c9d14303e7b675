import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openTrainingTokens, type TokenSource } from "../../lib/cli/train_tokens.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { temporaryFolder } from "./run_cli.ts";

const tokenizer = await openTokenizer(new URL("../fixtures/tokenizer", import.meta.url).pathname);
const TEXTS = [["def f():\n    return 1\n", "x = 1\n"], [], ["y = '😀'\n"]];
const { vocabularySize } = tokenizer;

/** What is tokenized, how often it was read, and what was said. */
function watched(changes: Partial<TokenSource> = {}, { bytes = 30, read = 10 } = {}) {
  const found = { passes: 0, lines: [] as string[] };
  async function* pieces() {
    found.passes++;
    for (const [i, texts] of TEXTS.entries()) {
      await Promise.resolve();
      yield { texts, read: read * (i + 1) };
    }
  }
  const source = { texts: { bytes, pieces }, tokenizer, vocabularySize, otherBytes: 0, ...changes };
  const stage = { advance: () => {}, skip: () => {}, done: () => {} };
  const context = {
    progress: { start: () => stage, log: () => {}, close: () => {} },
    breathe: () => Promise.resolve(),
    log: (line: string) => void found.lines.push(line),
  };
  return { source, context, found };
}

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("openTrainingTokens() makes the ids once and takes them again, unless they were cut or changed", async () => {
  using folder = temporaryFolder();
  const [out, path] = [folder.path, join(folder.path, "token_ids.bin")];
  const { source, context, found } = watched();
  await Deno.mkdir(join(out, "checkpoint-100"));
  const expected = await tokenizer.encodeIds(TEXTS.flat());
  const open = async () => {
    await using tokens = await openTrainingTokens(out, source, context);
    return Array.from({ length: tokens.file.length }, (_, i) => {
      const ids = new Int32Array(tokens.file.lengthOf(i));
      tokens.file.read(i, 0, ids);
      return ids;
    });
  };
  for (let i = 0; i < 2; i++) assertEquals([await open(), found.passes], [expected, 1]);
  const bytes = Deno.readFileSync(path);
  await Deno.truncate(path, bytes.length - 1);
  assertEquals([await open(), found.passes], [expected, 2]);
  Deno.writeFileSync(path, bytes.map((byte, i) => i === 4 ? byte ^ 1 : byte));
  assertEquals([await open(), found.passes], [expected, 3]);
  Deno.removeSync(join(out, "token_ids.json"));
  assertEquals([await open(), found.passes], [expected, 4]);
  assertEquals(namesIn(out), ["checkpoint-100", "token_ids.bin", "token_ids.json"]);
});

Deno.test("openTrainingTokens() leaves no ids where there is no checkpoint to go on from", async () => {
  using folder = temporaryFolder();
  const { source, context } = watched();
  {
    await using _tokens = await openTrainingTokens(folder.path, source, context);
    assertEquals(namesIn(folder.path), ["token_ids.bin", "token_ids.json"]);
  }
  assertEquals(namesIn(folder.path), []);
});

Deno.test("openTrainingTokens() refuses ids that the model lacks and a disk that is too small, and leaves nothing", async () => {
  using folder = temporaryFolder();
  const fail = async (changes: Partial<TokenSource>, message: string, sizes = {}) => {
    const { source, context } = watched(changes, sizes);
    await assertRejects(() => openTrainingTokens(folder.path, source, context), Error, message);
    assertEquals(namesIn(folder.path), []);
  };
  await fail({ vocabularySize: 7 }, "Cannot train on text 0: token ");
  await fail({ otherBytes: 2 ** 60 }, "GB are free: make space");
  await fail({}, "GB are free: make space", { bytes: 2 ** 80, read: 2 ** 24 }); // the ids of so large a corpus
});

Deno.test("openTrainingTokens() says how much it will write, where it is much", async () => {
  using folder = temporaryFolder();
  const { source, context, found } = watched({}, { bytes: 3 * 2 ** 24, read: 2 ** 24 });
  const more = {
    ...source,
    tokenizer: { ...tokenizer, encodeIds: () => Promise.resolve([new Int32Array(5e6)]) },
  };
  await using _tokens = await openTrainingTokens(folder.path, more as unknown as TokenSource, context);
  assertEquals(found.lines.length, 1);
  assertStringIncludes(found.lines[0]!, "Token ids: about 0.06 GB in ");
});
