/** Folders: data sets with what lies beside them, source code with tables in it, and what may be either. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import pl from "nodejs-polars";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { corpusPieces } from "../../lib/datasets/corpus_pieces.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { read, write } from "./corpus_reading.ts";

const SHARD = '{"id":"a","content":"x"}\n';
const BESIDE = {
  "README.md": "#",
  ".gitattributes": "*",
  ".git/config": "x",
  ".DS_Store": "\0",
  "CITATION.cff": "x",
  "dataset_infos.json": "{}",
  "LICENSE": "x",
  "assets/a.png": "\0",
  "assets/fig.svg": "<svg/>",
  ".cache/huggingface/download/a.metadata": "x",
  "loader.py": "import datasets\n",
};

Deno.test("what lies beside shards does not make a data set source code, wherever the shards lie", async () => {
  for (
    const name of [
      "file-000000000001.json.gz",
      "data/python/train-00000-of-00002.jsonl.zst",
      "default/train/0000.ndjson",
      "a.jsonl",
      "data/a.csv.gz",
    ]
  ) {
    using folder = temporaryFolder();
    const text = name.includes(".csv") ? "id,content\na,x\n" : SHARD;
    const bytes = new TextEncoder().encode(text);
    const content = name.endsWith(".gz")
      ? new Uint8Array(gzipSync(bytes))
      : name.endsWith(".zst")
      ? new Uint8Array(zstdCompressSync(bytes))
      : bytes;
    write(folder.path, { ...BESIDE, [name]: content });
    assertEquals((await read(folder.path)).docs, [["a", "x"]], name);
    assertEquals((await resolveCorpus(folder.path)).others, 7);
  }
});

Deno.test("a folder that may be either is refused with the names, and the user chooses", async () => {
  using folder = temporaryFolder();
  write(folder.path, {
    "data/a.jsonl": SHARD,
    "data/b.jsonl": SHARD.replace("a", "b"),
    "main.go": "package main\n",
  });
  await assertRejects(
    () => resolveCorpus(folder.path),
    RangeError,
    'it holds tables ("data/a.jsonl", "data/b.jsonl") and other files ("main.go"): give --format tables or --format files',
  );
  assertEquals((await read(folder.path, { format: "tables" })).docs.length, 2);
  assertEquals((await read(folder.path, { format: "files" })).docs.length, 3);
  assertEquals((await read(folder.path, { exclude: ["*.go"] })).docs.length, 2);
  assertEquals((await read(folder.path, { exclude: ["*.go", "b.*"] })).docs.length, 1);
  assertEquals((await read(folder.path, { exclude: ["data"] })).docs, [["main.go", "package main\n"]]);
});

Deno.test("source code with tables among its tests, or with JSON and CSV, stays source code", async () => {
  using folder = temporaryFolder();
  write(folder.path, {
    "src/main.py": "x = 1\n",
    "tests/fixtures/a.jsonl": SHARD,
    "package.json": '{"name":"x"}\n',
    "table.csv": "a,b\n",
  });
  assertEquals((await read(folder.path)).docs.map(([id]) => id), [
    "package.json",
    "src/main.py",
    "table.csv",
    "tests/fixtures/a.jsonl",
  ]);
});

Deno.test("nested Parquet shards are read in the order of their paths, of all configurations", async () => {
  using folder = temporaryFolder();
  write(folder.path, { "README.md": "#", ".gitattributes": "*.parquet filter=lfs\n" });
  const names = ["data/python/0.parquet", "default/test/0000.parquet", "default/train/0000.parquet"];
  for (const [i, name] of names.entries()) {
    write(folder.path, { [name]: "" });
    pl.DataFrame({ code: [`x = ${i}`], stars: [i] }).writeParquet(join(folder.path, name));
  }
  assertEquals((await read(folder.path)).docs.map(([, text]) => text), ["x = 0", "x = 1", "x = 2"]);
  assertEquals((await read(join(folder.path, "default"))).docs.length, 2);
  Deno.truncateSync(join(folder.path, names[1]!), 100);
  await assertRejects(() => read(folder.path), SyntaxError, '0000.parquet" as Parquet: it is damaged, cut');
});

Deno.test("folders of JSON: tables, other JSON, and both", async () => {
  const [rows, other] = ['[{"id":"a","content":"x"}]', '{\n  "name": "x"\n}\n'];
  using folder = temporaryFolder();
  write(folder.path, { "README.md": "#", "train.json": rows, "test.json": rows.replace("a", "b") });
  assertEquals((await read(folder.path)).docs, [["b", "x"], ["a", "x"]]);
  write(folder.path, { "stats.json": other });
  await assertRejects(() => resolveCorpus(folder.path), RangeError, 'tables and other JSON ("stats.json")');
  assertEquals((await read(folder.path, { exclude: ["stats.json"] })).docs.length, 2);
  assertEquals((await read(folder.path, { format: "files" })).docs.length, 4);
  using configs = temporaryFolder();
  write(configs.path, { "a.json": other, "b/c.json": other });
  assertEquals((await read(configs.path)).docs.map(([id]) => id), ["a.json", "b/c.json"]);
});

Deno.test("data in a format that is not read is named, not passed over for the README", async () => {
  using folder = temporaryFolder();
  write(folder.path, { "README.md": "# A data set", "train.tar.xz": "\0", "test.7z": "\0" });
  await assertRejects(
    () => resolveCorpus(folder.path),
    RangeError,
    'data that is not read ("test.7z", "train.tar.xz")',
  );
  assertEquals((await read(folder.path, { format: "files" })).docs.length, 1);
  await assertRejects(
    () => resolveCorpus(folder.path, { format: "tables" }),
    RangeError,
    "it holds no tables",
  );
});

Deno.test("shards that are pointers, of other columns, cut, or gone are refused by name", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  write(folder.path, {
    "a.jsonl": SHARD,
    "b.jsonl": "version https://git-lfs.invalid/spec/v1\noid sha256:0\nsize 9\n",
  });
  await assertRejects(() => read(folder.path), SyntaxError, 'b.jsonl": it is a pointer of Git LFS');
  write(folder.path, { "b.jsonl": '{"id":"b","remark":"x"}\n' });
  await assertRejects(() => read(folder.path), SyntaxError, 'b.jsonl": it has no column "content"');
  write(folder.path, { "b.csv": "id,remark\nb,x\n", "b.jsonl": SHARD.replace("a", "b") });
  Deno.renameSync(path("b.csv"), path("b.csv.gz"));
  write(folder.path, { "b.csv.gz": new Uint8Array(gzipSync("id,remark\nc,x\n")) });
  await assertRejects(() => read(folder.path), SyntaxError, 'b.csv.gz": it has no column "content"');
  write(folder.path, { "b.csv.gz": new Uint8Array(gzipSync("id,content\nc,x\n")).subarray(0, -3) });
  await assertRejects(() => read(folder.path), SyntaxError, 'b.csv.gz" as gzip: it is damaged or cut');
  Deno.removeSync(path("b.csv.gz"));
  const source = await resolveCorpus(folder.path);
  const pieces = corpusPieces(source);
  assertEquals((await pieces.next()).done, false);
  Deno.removeSync(path("b.jsonl"));
  await assertRejects(
    () => pieces.next(),
    Error,
    'Cannot read corpus "' + path("b.jsonl") + '": no such file',
  );
});
