import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import pl from "nodejs-polars";
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

Deno.test("corpusPieces() of a folder are cut by bytes, and the same ones each time", async () => {
  const mebibytes = { "a.py": 1, "b.py": 2, "c.py": 2, "d.py": 9, "e.py": 1, "f.py": 3, "g.py": 1 };
  const folder = folderWith(
    Object.fromEntries(Object.entries(mebibytes).map(([name, n]) => [name, "x".repeat(n * 2 ** 20)])),
  );
  const pieces = await Array.fromAsync(corpusPieces(folder));
  const ids = await Promise.all(
    pieces.map(async ({ source }) => (await readPiece(source)).documents.map(({ docId }) => docId).join(" ")),
  );
  assertEquals(ids, ["a.py b.py", "c.py", "d.py", "e.py f.py", "g.py"]);
  assertEquals(pieces.map(({ bytes }) => bytes / 2 ** 20), [3, 2, 9, 4, 1]);
  assertEquals(await Array.fromAsync(corpusPieces(folder)), pieces);
  assertEquals(await idsOf(folder, { shard: { index: 1, count: 2 } }), ["b.py", "d.py", "f.py"]);
});

Deno.test("corpusPieces() lose their names when a file's size or time changes", async () => {
  const folder = folderWith({ "a.py": "x", "b.py": "y" });
  const keys = async () =>
    (await Array.fromAsync(corpusPieces(folder, { documents: 1 }))).map(({ key }) => key);
  const before = await keys();
  Deno.utimeSync(join(folder, "a.py"), 1, 1);
  Deno.writeTextFileSync(join(folder, "b.py"), "yy");
  const after = await keys();
  assertEquals(after.filter((key) => before.includes(key)), []);
});

Deno.test("corpusPieces() of what cannot be read are small too, and a file that vanishes is skipped", async () => {
  const folder = folderWith({ "a.py": "x", "b.py": "y" });
  for (let i = 0; i < 5; i++) Deno.symlinkSync("/etc/passwd", join(folder, `link-${i}`));
  const pieces = await Array.fromAsync(corpusPieces(folder, { documents: 3 }));
  Deno.removeSync(join(folder, "a.py"));
  const read = await Promise.all(pieces.map(({ source }) => readPiece(source)));
  assertEquals(read.map(({ documents, skipped }) => documents.length + skipped.length), [3, 3, 1]);
  assertEquals(read[0]!.documents.map(({ docId }) => docId), ["b.py"]);
  assertEquals(read[0]!.skipped[0], { path: "a.py", reason: "unreadable (NotFound)" });
  assertEquals(new Set(read.flatMap(({ skipped }) => skipped.map(({ reason }) => reason))).size, 2);
});

Deno.test({
  name: "corpusPieces() keep names that are not UTF-8 apart from those of files that can be read",
  ignore: Deno.build.os !== "linux", // other systems' names are text
}, async () => {
  const folder = folderWith({ "a\ufffd.py": "the real one" });
  const script = String.raw`printf other > "$(printf 'a\377.py')"; mkdir "$(printf 'a\376.py')"`;
  assert((await new Deno.Command("bash", { args: ["-ec", script], cwd: folder }).output()).success);
  const [piece] = await Array.fromAsync(corpusPieces(folder));
  const { documents, skipped, unnamed } = await readPiece(piece!.source);
  assertEquals(documents.map(({ docId, text }) => [docId, text]), [["a\ufffd.py", "the real one"]]);
  assertEquals([skipped, unnamed.map(({ path }) => path)], [[], ["a\ufffd.py", "a\ufffd.py"]]);
});

Deno.test("corpusPieces() and countDocuments() end when breathe throws", async () => {
  const folder = folderWith({ "a.py": "x" });
  const breathe = () => Promise.reject(new RangeError("interrupted"));
  await assertRejects(() => Array.fromAsync(corpusPieces(folder, { breathe })), RangeError, "interrupted");
  await assertRejects(() => countDocuments(folder, { breathe }), RangeError, "interrupted");
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
    ["other.jsonl", '{"remark":"a"}', 'it has no column "content", "text" or "code"'],
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

Deno.test("corpusPieces() of Parquet are cut by the sizes of their texts, however many shards there are", async () => {
  const folder = folderWith({});
  const path = join(folder, "a.parquet");
  const texts = Array.from({ length: 40 }, (_, i) => i < 20 ? "x".repeat(2 ** 20) : `y = ${i}`);
  pl.DataFrame({ doc_id: texts.map((_, i) => `row ${i}`), text: texts }).writeParquet(path);
  const pieces = await Array.fromAsync(corpusPieces(path));
  assertEquals(pieces.map(({ bytes }) => bytes >> 20), [4, 4, 4, 4, 4, 0]);
  assertEquals(await idsOf(path), texts.map((_, i) => `row ${i}`));
  const shards = await Promise.all([0, 1, 2].map((index) => idsOf(path, { shard: { index, count: 3 } })));
  assertEquals(shards.flat().sort(), (await idsOf(path)).sort());
  Deno.removeSync(folder, { recursive: true });
});
