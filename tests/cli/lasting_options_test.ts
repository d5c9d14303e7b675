import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { lastingOf, type LastingValues } from "../../lib/cli/lasting_options.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const VALUE = "ada@mail.invalid";
const folder = await Deno.makeTempDir();
const corpusPath = join(folder, "corpus.csv"), benignPath = join(folder, "benign.jsonl");
await Deno.writeTextFile(corpusPath, `code\nmail = ${VALUE}\nx = 1\n`);
await Deno.writeTextFile(benignPath, '{"text":"y = 2"}\n{"text":"z = 3"}\n');
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

async function lasting(values: Partial<LastingValues>, forgotten: readonly string[] = [VALUE]) {
  const options = { textColumn: "code" };
  const source = { source: await resolveCorpus(corpusPath, options), options, values: forgotten };
  const given = {
    lasting: true,
    benign: undefined,
    maxBenign: 9,
    benignSteps: 20,
    benignLr: 3e-4,
    cycles: 8,
  };
  const lines: string[] = [];
  const context = {
    seed: 42,
    breathe: () => Promise.resolve(),
    log: (line: string) => void lines.push(line),
  };
  const tokenizer = await openTokenizer("data/model");
  return { found: await lastingOf({ ...given, ...values }, { ...source, tokenizer }, context), lines };
}

Deno.test("lastingOf() takes the corpus' own texts without what is forgotten, or others with columns of their own", async () => {
  const own = await lasting({});
  assertEquals([own.found!.texts.length, own.lines], [1, [
    "Training between: 1 text, 1 left out that holds what is forgotten",
  ]]);
  const others = await lasting({ benign: benignPath });
  assertEquals([others.found!.texts.length, others.lines], [2, ["Training between: 2 texts"]]);
  assertEquals((await lasting({ benign: benignPath, maxBenign: 1 })).found!.texts.length, 1);
});

Deno.test("lastingOf() refuses texts all of which hold what is forgotten, and says so without the values", async () => {
  await Deno.writeTextFile(join(folder, "held.jsonl"), `{"text":"to ${VALUE}"}\n{"text":"cc ${VALUE}"}\n`);
  await assertRejects(
    () => lasting({ benign: join(folder, "held.jsonl") }),
    RangeError,
    "Cannot find texts to train on between: all of 2 hold what is forgotten: give others by --benign",
  );
});
