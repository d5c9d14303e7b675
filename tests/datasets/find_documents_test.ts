import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import pl from "nodejs-polars";
import { chooseDocuments } from "../../lib/datasets/choose_documents.ts";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { corpusBytes } from "../../lib/datasets/corpus_pieces.ts";
import { findDocuments, pickDocuments } from "../../lib/datasets/find_documents.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { writeTable } from "../../lib/datasets/tables.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const TEXTS = Array.from(
  { length: 700 },
  (_, i) => [`d${i}`, `# document ${i}\n${"x = 1\n".repeat(i % 40)}`] as const,
);

/** The same documents in every form that a corpus has. */
async function writeForms(folder: string): Promise<string[]> {
  const frame = pl.DataFrame({ doc_id: TEXTS.map(([id]) => id), content: TEXTS.map(([, text]) => text) });
  const files = ["a.parquet", "a.jsonl", "a.jsonl.gz", "a.csv"].map((name) => join(folder, name));
  for (const file of files) await writeTable(frame, file);
  await Deno.writeTextFile(join(folder, "a.json"), JSON.stringify(frame.toRecords()));
  const source = join(folder, "src");
  await Deno.mkdir(source);
  for (const [id, text] of TEXTS) await Deno.writeTextFile(join(source, id), text);
  return [...files, join(folder, "a.json"), source];
}

Deno.test("findDocuments() and chooseDocuments() give what a corpus in memory gives, of every form of corpus", async () => {
  using folder = temporaryFolder();
  for (const path of await writeForms(folder.path)) {
    const { documents } = await readCorpus(path);
    const known = new Map(documents.map((document) => [document.docId, document]));
    const ids = ["d699", "d0", "d300", "d0", "d257"];
    const expected = [...new Set(ids)].map((id) => known.get(id)!);
    assertEquals(await findDocuments(path, ids), expected, path);
    assertEquals(await Array.fromAsync(pickDocuments(path, new Set(known.keys()))), documents, path);
    for (const count of [0, 5, undefined, 9000]) {
      const chosen = new PythonRandom(3).shuffle([...documents]).slice(0, count);
      assertEquals(await chooseDocuments(path, { seed: 3, count }), chosen, path);
    }
  }
});

Deno.test("findDocuments() tells how far it is, to the corpus' last byte, but for files that it need not walk", async () => {
  using folder = temporaryFolder();
  for (const path of await writeForms(folder.path)) {
    const told: number[] = [];
    const onRead = (bytes: number) => void told.push(bytes);
    await findDocuments(path, TEXTS.map(([id]) => id), { onRead });
    assertEquals(told, told.toSorted((a, b) => a - b));
    assertEquals(told.at(-1), await corpusBytes(await resolveCorpus(path)), path);
    const whole = told.splice(0).length;
    await findDocuments(path, ["d0"], { onRead });
    assert(path.endsWith("src") ? told.length < whole : told.length === whole, path);
  }
});

Deno.test("findDocuments() reads no other file of a folder", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  for (const name of ["a.py", "b.py", "c.py"]) await Deno.writeTextFile(path(name), "x = 1\n");
  const opened: string[] = [];
  const original = Deno.openSync;
  Deno.openSync = (file, options) => {
    opened.push(String(file));
    return original(file, options);
  };
  try {
    assertEquals((await findDocuments(folder.path, ["c.py"])).length, 1);
  } finally {
    Deno.openSync = original;
  }
  assertEquals(opened.filter((file) => file.endsWith(".py")), [path("c.py")]);
});

Deno.test("findDocuments() names the first id that the corpus lacks, how many others, and why where it is known", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.jsonl");
  await Deno.writeTextFile(path, '{"id":"a","text":"x"}\n{"id":"b","text":null}\n{"id":"c","text":""}\n');
  const lacks = (ids: string[], message: string) =>
    assertRejects(() => findDocuments(path, ids), RangeError, `Cannot find document ${message}`);
  const advice = "give the corpus that the set was made from";
  await lacks(["a", "e"], `"e" in the corpus: ${advice}`);
  await lacks(["a", "e", "d", "e"], `"e" in the corpus, nor 1 other: ${advice}`);
  await lacks(
    ["b", "a", "d", "e"],
    `"b" in the corpus, nor 2 others: what has that name there was skipped (no text): ${advice}`,
  );
  await lacks(["c"], '"c" in the corpus: what has that name there was skipped (empty)');
  await Deno.mkdir(join(folder.path, "src"));
  await Deno.writeFile(join(folder.path, "src/a.py"), new Uint8Array([0]));
  await Deno.writeTextFile(join(folder.path, "src/b.py"), "x");
  await assertRejects(
    () => findDocuments(join(folder.path, "src"), ["a.py", "b.py"]),
    RangeError,
    'Cannot find document "a.py" in the corpus: what has that name there was skipped (binary)',
  );
});

Deno.test("findDocuments() says of an empty corpus that it is empty, whatever is asked for", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.jsonl");
  await Deno.writeTextFile(path, '{"id":"a","text":null}\n{"id":"b","text":null}\n');
  for (const ids of [[], ["a"], ["c"]]) {
    await assertRejects(() => findDocuments(path, ids), Error, "it is empty (2 files or rows skipped)");
  }
  await assertRejects(
    () => chooseDocuments(path, { seed: 1 }),
    Error,
    "it is empty (2 files or rows skipped)",
  );
});

Deno.test("findDocuments() finds an id that stands twice, though all were found before", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.jsonl");
  const rows = [...TEXTS.map(([id]) => id), "d5"].map((id) => JSON.stringify({ id, text: "x" }) + "\n");
  await Deno.writeTextFile(path, rows.join(""));
  await assertRejects(
    () => findDocuments(path, ["d0"]),
    SyntaxError,
    "row 700 repeats the id of an earlier row",
  );
});

Deno.test("findDocuments() and chooseDocuments() refuse more text than is to be held, of what is asked for", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.jsonl");
  await Deno.writeTextFile(path, '{"id":"a","text":"xxxx"}\n{"id":"b","text":"yyyy"}\n');
  const tooMuch =
    `Cannot hold corpus "${path}": its texts up to one of its rows have 8 characters, at most 7 are held`;
  assertEquals((await findDocuments(path, ["b"], { maxCharacters: 7 })).length, 1);
  await assertRejects(() => findDocuments(path, ["a", "b"], { maxCharacters: 7 }), RangeError, tooMuch);
  assertEquals((await chooseDocuments(path, { seed: 1, count: 1, maxCharacters: 7 })).length, 1);
  await assertRejects(() => chooseDocuments(path, { seed: 1, maxCharacters: 7 }), RangeError, tooMuch);
});

Deno.test("a shard that vanishes while the corpus is read is named", async () => {
  using folder = temporaryFolder();
  const shard = (i: number) => join(folder.path, `data-0000${i}.jsonl`);
  for (let i = 0; i < 3; i++) await Deno.writeTextFile(shard(i), `{"id":"${i}","text":"x"}\n`);
  const source = await resolveCorpus(folder.path);
  const vanishing = findDocuments(source, ["0", "2"], {
    onRead: async () => await Deno.remove(shard(2)).catch(() => {}),
  });
  await assertRejects(() => vanishing, Error, `Cannot read corpus "${shard(2)}": no such file`);
});
