import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { readPiece } from "../../lib/datasets/corpus_piece.ts";
import { corpusPieces, countDocuments, type PieceOptions } from "../../lib/datasets/corpus_pieces.ts";
import { SeenIds } from "../../lib/datasets/seen_ids.ts";

async function idsOf(path: string, options: PieceOptions = {}): Promise<string[]> {
  const ids: string[] = [];
  for await (const { source } of corpusPieces(path, options)) {
    ids.push(...(await readPiece(source)).documents.map(({ docId }) => docId));
  }
  return ids;
}

function folderWith(files: Record<string, string | Uint8Array>): string {
  const folder = Deno.makeTempDirSync();
  for (const [name, content] of Object.entries(files)) {
    Deno.mkdirSync(join(folder, name, ".."), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(join(folder, name), content);
    else Deno.writeFileSync(join(folder, name), content);
  }
  return folder;
}

Deno.test("corpusPieces() of a folder are what readCorpus() reads, in its order", async () => {
  const names = [
    "a.py",
    "a/b.py",
    "a-b.py",
    "a/a/z.py",
    "a0.py",
    "A.py",
    "ä.py",
    "z/x.py",
    "z.py",
    "node_modules/n.py",
  ];
  const folder = folderWith({
    ...Object.fromEntries(names.map((name) => [name, name])),
    "z/.gitignore": "*.log\n",
    "z/y.log": "x",
    "b.bin": new Uint8Array([0]),
    "empty.py": "",
  });
  Deno.symlinkSync(join(folder, "a"), join(folder, "loop"));
  const { documents, skipped } = await readCorpus(folder);
  const ids = documents.map(({ docId }) => docId);
  assertEquals(ids, ids.toSorted((a, b) => a < b ? -1 : 1));
  for (const size of [1, 3, 100]) assertEquals(await idsOf(folder, { documents: size }), ids);
  assertEquals(skipped.map(({ path }) => path).sort(), ["b.bin", "empty.py", "loop"]);
  const shards = await Promise.all(
    [0, 1, 2].map((index) => idsOf(folder, { shard: { index, count: 3 }, documents: 2 })),
  );
  assertEquals(shards.flat().sort(), ids.toSorted());
  const counts = await Promise.all(
    [0, 1, 2].map((index) => countDocuments(folder, { shard: { index, count: 3 } })),
  );
  assertEquals(counts.reduce((sum, count) => sum! + count!, 0), ids.length + skipped.length);
});

Deno.test("corpusPieces() keep their names when nothing has changed, and lose them else", async () => {
  const folder = folderWith({ "a.py": "x", "b.py": "y" });
  const keys = async () =>
    (await Array.fromAsync(corpusPieces(folder, { documents: 1 }))).map(({ key }) => key);
  const before = await keys();
  assertEquals(await keys(), before);
  Deno.writeTextFileSync(join(folder, "c.py"), "z");
  assertEquals((await keys()).slice(0, 2), before);
  Deno.renameSync(join(folder, "b.py"), join(folder, "bb.py"));
  assertEquals((await keys())[1] === before[1], false);
});

Deno.test("corpusPieces() of JSON lines take blank lines, gzip and lone surrogates, and refuse what is none", async () => {
  const lines = '{"text":"a"}\n\n \n{"text":"\\ud800"}\r\n{"text":null}\n{"text":""}';
  const folder = folderWith({
    "a.jsonl": lines,
    "twice.jsonl": '{"doc_id":1,"text":"a"}\n{"doc_id":"1","text":"b"}',
  });
  const [piece] = await Array.fromAsync(corpusPieces(join(folder, "a.jsonl")));
  const { documents, skipped, replacedSurrogates } = await readPiece(piece!.source);
  assertEquals(documents.map(({ docId, text }) => [docId, text]), [["0", "a"], ["1", "\ufffd"]]);
  assertEquals([skipped.map(({ reason }) => reason), replacedSurrogates], [["no text", "empty"], 1]);
  const packed = new Blob([lines]).stream().pipeThrough(new CompressionStream("gzip"));
  Deno.writeFileSync(join(folder, "a.jsonl.gz"), await new Response(packed).bytes());
  assertEquals(await idsOf(join(folder, "a.jsonl.gz")), ["0", "1"]);
  const cases: [string, string | Uint8Array, string][] = [
    ["cut.jsonl", '{"text":"a"}\n{"text":', "line 2 is not JSON"],
    ["list.jsonl", "[1]", "line 1 is not a JSON object"],
    ["latin.jsonl", new Uint8Array([0xe9, 0x0a]), "it is not UTF-8"],
    ["cut.jsonl.gz", new Uint8Array([0x1f, 0x8b, 8]), "as gzip: it is damaged or cut"],
    ["other.jsonl", '{"body":"a"}', 'it has no column "content" or "text"'],
    ["bad.parquet", "PAR1", "as Parquet"],
  ];
  for (const [name, content, message] of cases) {
    const path = join(folderWith({ [name]: content }), name);
    await assertRejects(() => idsOf(path), SyntaxError, message);
  }
  await assertRejects(
    () => idsOf(join(folder, "twice.jsonl")),
    SyntaxError,
    "row 1 repeats the doc_id of an earlier row",
  );
  await assertRejects(() => idsOf(join(folder, "nothing")), Error, "there is no such file or folder");
});

Deno.test("SeenIds knows every name, and no other, of a hundred thousand", () => {
  const seen = new SeenIds();
  for (let i = 0; i < 100_000; i++) assertEquals(seen.add(`repository/${i}/file.py`), true);
  for (let i = 0; i < 100_000; i++) assertEquals(seen.add(`repository/${i}/file.py`), false);
  assertEquals([seen.size, seen.add(""), seen.add("")], [100_000, true, false]);
});
