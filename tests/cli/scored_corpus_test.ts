import { assert, assertEquals, assertRejects } from "@std/assert";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { PROOF_COLUMNS, SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { scoreDocuments } from "../../lib/cli/score_documents.ts";
import { type Flags, listAll, tiny } from "./tiny_cases.ts";
import { temporaryFolder } from "./run_cli.ts";

/** The commands that go through a corpus row by row, and what each calls it. */
const COMMANDS = { measure: "texts", thresholds: "texts", retain: "texts", probe: "corpus" } as const;

/** Gives each command a corpus that it must refuse. */
async function refused(at: Awaited<ReturnType<typeof tiny>>, corpus: string, message: string | RegExp) {
  for (const [command, name] of Object.entries(COMMANDS)) await at.fail(command, { [name]: corpus }, message);
}

Deno.test("a corpus of shards of different columns, or that is cut, or has null ids, is refused", async () => {
  using at = await tiny();
  const text = await Deno.readTextFile(at.corpus);
  await Deno.mkdir(at.path("set"));
  await Deno.writeTextFile(at.path("set/a.jsonl"), text);
  await Deno.writeTextFile(at.path("set/b.jsonl"), '{"doc_id":"z","other":"x = 1"}\n');
  await refused(at, at.path("set"), 'b.jsonl": it has no column "text"');
  const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")))
    .bytes();
  await Deno.writeFile(at.path("cut.jsonl.gz"), packed.subarray(0, packed.length - 20));
  await refused(at, at.path("cut.jsonl.gz"), "as gzip: it is damaged or cut");
  await Deno.writeTextFile(at.path("ids.jsonl"), `${text}{"doc_id":null,"text":"x = 1"}\n`);
  await refused(at, at.path("ids.jsonl"), "row 24 has no doc_id");
  await Deno.writeTextFile(at.path("twice.jsonl"), text + text.slice(0, text.indexOf("\n") + 1));
  await refused(at, at.path("twice.jsonl"), "row 24 repeats the doc_id of an earlier row");
});

Deno.test("rows without text, and rows of more than 64 MiB, are skipped and counted", async () => {
  using at = await tiny();
  const text = await Deno.readTextFile(at.corpus);
  const long = `{"doc_id":"long","text":"${"x = 1 ".repeat(2 ** 24 * 0.7)}"}\n`;
  assert(long.length > 64 * 2 ** 20);
  await Deno.writeTextFile(at.path("odd.jsonl"), `${long}{"doc_id":"null","text":null}\n${text}`);
  const { code, stdout, stderr } = await at.run("measure", { texts: at.path("odd.jsonl"), json: true });
  assertEquals(code, 0, stderr);
  const { texts, skipped } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([texts, skipped], [24, 2]);
});

Deno.test("probe names a document that the corpus lacks, and says how many more there are", async () => {
  using at = await tiny();
  const places = await readRows(at.secrets, SECRET_COLUMNS);
  const gone = (...names: string[]) =>
    writeRows(
      at.path("gone.parquet"),
      places.map((row, i) => ({ ...row, doc_id: names[i] ?? row.doc_id })),
      SECRET_COLUMNS,
    );
  await gone("gone-a");
  const message =
    'Cannot probe document "gone-a" as the corpus has no such document: give the corpus that detect read';
  await at.fail("probe", { secrets: at.path("gone.parquet") }, message);
  await gone("gone-a", "gone-b", "gone-b", "gone-c");
  const more =
    'Cannot probe document "gone-a" as the corpus has no such document, nor 2 others: give the corpus';
  await at.fail("probe", { secrets: at.path("gone.parquet") }, more);
});

Deno.test("probe and retain refuse a corpus that has changed since detect", async () => {
  using at = await tiny();
  const text = await Deno.readTextFile(at.corpus);
  await at.run("detect", { out: at.path("found.parquet") });
  const found = await readRows(at.path("found.parquet"), { ...SECRET_COLUMNS, ...PROOF_COLUMNS });
  assert(found.length > 0);
  await Deno.writeTextFile(at.path("moved.jsonl"), text.replaceAll('"# document', '"#  document'));
  const message = "another value stands there than was found: the corpus has changed";
  const changes = { secrets: at.path("found.parquet") };
  await at.fail("probe", { ...changes, corpus: at.path("moved.jsonl") }, message);
  await at.fail("retain", { ...changes, texts: at.path("moved.jsonl") }, message);
});

Deno.test("scoreDocuments() refuses a table that vanishes while it is read", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  await Deno.mkdir(path("set"));
  for (const name of ["a", "b"]) {
    const rows = Array.from({ length: 300 }, (_, i) => ({ doc_id: `${name}${i}`, text: "x = 1\n" }));
    await writeRows(path(`set/${name}.jsonl`), rows, { doc_id: "text", text: "text" });
  }
  const stream = { write: () => {}, isTTY: false, columns: 80 };
  const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
  const corpus = { source: await resolveCorpus(path("set")), options: {} };
  const scored = () =>
    scoreDocuments(corpus, {
      name: "Measuring",
      folder: path("parts"),
      shard: undefined,
      columns: { doc_id: "text" },
      score: async (documents) => {
        await Deno.remove(path("set/b.jsonl"));
        return { rows: documents.map(({ docId }) => ({ doc_id: docId })), counts: documents.length };
      },
    }, context);
  await assertRejects(scored, Error, 'b.jsonl": no such file');
});

Deno.test("--plan says rows, time and memory, and writes nothing", async () => {
  using at = await tiny();
  await Deno.mkdir(at.path("src"));
  for (let i = 0; i < 10; i++) await Deno.writeTextFile(at.path(`src/${i}.py`), "x = 1\n");
  const before = listAll(at.folder);
  const plan = async (command: string, changes: Flags = {}) => {
    const { code, stdout, stderr } = await at.run(command, { ...changes, plan: true, json: true });
    assertEquals(code, 0, stderr);
    const said = stdout + stderr;
    assert(/Time: at most about \d+ /.test(said), said);
    assert(/Memory: about \d\.\d GB for 0\.0 M parameters/.test(said), said);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  };
  assertEquals((await plan("probe")).secrets, 16);
  assertEquals((await plan("probe", { el: true, shard: "1/4" })).secrets, 4);
  const unknown = await plan("measure");
  assertEquals([unknown.texts, typeof unknown.seconds_of_1000], [null, "number"]);
  assertEquals((await plan("measure", { texts: at.path("src") })).texts, 10);
  assertEquals((await plan("thresholds", { "max-texts": 7 })).texts, 7);
  assertEquals((await plan("retain", { texts: at.path("src"), "max-texts": 70 })).texts, 10);
  assertEquals(listAll(at.folder), before);
});
