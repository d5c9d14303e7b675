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

async function lasting(values: Partial<LastingValues>, { path = corpusPath } = {}) {
  const options = { textColumn: "code" };
  const source = { source: await resolveCorpus(path, options), options, values: [VALUE] };
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

Deno.test("lastingOf() takes the corpus' own texts without what is forgotten, and others with columns of their own", async () => {
  const own = await lasting({});
  assertEquals([own.found!.texts.length, own.lines], [1, [
    "Training between: 1 text, 1 left out that holds what is forgotten",
  ]]);
  const others = await lasting({ benign: benignPath });
  assertEquals([others.found!.texts.length, others.lines], [3, [
    "Training between: 3 texts, 1 left out that holds what is forgotten",
  ]]);
  assertEquals((await lasting({ benign: benignPath, maxBenign: 1 })).found!.texts.length, 2);
});

Deno.test("lastingOf() refuses texts that hold what is forgotten, and says so without the values", async () => {
  const [path, benign] = [join(folder, "held.csv"), join(folder, "held.jsonl")];
  await Deno.writeTextFile(path, `code\nto ${VALUE}\n`);
  await Deno.writeTextFile(benign, `{"text":"to ${VALUE}"}\n{"text":"cc Ada"}\n`);
  await assertRejects(
    () => lasting({}, { path }),
    RangeError,
    "Cannot find texts to train on between: all of 1 hold what is forgotten: give others by --benign",
  );
  await assertRejects(
    () => lasting({ benign }),
    RangeError,
    "Cannot train between on texts that hold what was forgotten: 1 of 2 texts, 1 of 1 values: leave these texts out",
  );
});
