import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import pl from "nodejs-polars";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { countDocuments, type PieceOptions } from "../../lib/datasets/corpus_pieces.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { read, write } from "./corpus_reading.ts";

const FIXTURES = join(import.meta.dirname!, "../fixtures/corpora");
const fixture = (name: string) => join(FIXTURES, name);

const FIRST = 2n ** 53n + 1n;
const ROWS = [0, 1, 2, 4, 5, 6].map((
  i,
): [string, string] => [String(FIRST + BigInt(i)), `x = ${i}  # é😀\n`]);

Deno.test("what datasets.save_to_disk leaves is a corpus: shards of Arrow, several splits", async () => {
  assertEquals(await read(fixture("saved")), { docs: ROWS, skipped: [[String(FIRST + 3n), "no text"]] });
  assertEquals(await countDocuments(fixture("saved")), 7);
  const one = await read(join(fixture("saved"), "data-00001-of-00002.arrow"));
  assertEquals(one.docs, ROWS.slice(3));
  const { tables } = await resolveCorpus(fixture("splits"));
  assertEquals(tables.map((path) => path.slice(fixture("splits").length)), [
    "/test/data-00000-of-00001.arrow",
    "/train/data-00000-of-00001.arrow",
  ]);
  assertEquals((await read(fixture("splits"))).docs.map(([id, text]) => id + text), ["0a", "1b", "2a", "3b"]);
  const shards = await Promise.all(
    [0, 1].map((index) => read(fixture("saved"), { shard: { index, count: 2 } })),
  );
  assertEquals(shards.flatMap(({ docs }) => docs).sort(), [...ROWS].sort());
});

Deno.test("texts that are bytes are read as UTF-8, and rows that are not are counted: Parquet in zstd, Arrow in lz4", async () => {
  const expected = {
    docs: [["0", "ok\n"], ["1", "é\n"], ["4", "mail ada@mail.invalid\n"]] as [string, string][],
    skipped: [["2", "not UTF-8"], ["3", "no text"]] as [string, string][],
  };
  assertEquals(await read(fixture("bytes.parquet")), expected);
  assertEquals(await read(fixture("file")), expected);
  assertEquals(await read(fixture("file"), { documents: 1 }), expected); // batches of two rows
});

Deno.test("zstd is read whole: many frames, what is to be skipped, a stream with a checksum, all kinds of blocks", async () => {
  for (const name of ["frames.jsonl.zst", "stream.json.zst"]) {
    assertEquals((await read(fixture(name))).docs, ROWS);
  }
  const { docs } = await read(fixture("blocks.jsonl.zst"));
  assertEquals(docs.map(([id, text]) => [id, text.length]), [["zeros", 300_000], ["noise", 3000]]);
});

Deno.test("a zstd file that is cut at any byte, or followed by something else, is refused", async () => {
  using folder = temporaryFolder();
  for (const name of ["frames.jsonl.zst", "stream.json.zst", "blocks.jsonl.zst"]) {
    const bytes = Deno.readFileSync(fixture(name));
    const path = join(folder.path, name);
    const ends = new Set<number>(); // a file cut between two frames is a whole one
    for (let end = 0; end < bytes.length; end += name.startsWith("blocks") ? 37 : 1) {
      Deno.writeFileSync(path, bytes.subarray(0, end));
      try {
        await readCorpus(path);
        ends.add(end);
      } catch (error) {
        assert(error instanceof Error && /^Cannot read /.test(error.message), String(error));
      }
    }
    assertEquals(ends.size, name.startsWith("frames") ? 13 : 0, `${name}: ${[...ends]}`);
    Deno.writeFileSync(path, new Uint8Array([...bytes, 0x7b, 0x7d]));
    await assertRejects(() => readCorpus(path), SyntaxError, "as zstd: it is damaged or cut");
  }
});

Deno.test("an Arrow file that is cut is refused: anywhere in its first and last bytes, at every 13th between", async () => {
  using folder = temporaryFolder();
  for (const name of ["saved/data-00000-of-00002.arrow", "file/rows.arrow"]) {
    const bytes = Deno.readFileSync(fixture(name));
    const path = join(folder.path, "a.arrow");
    const ends = [...bytes.keys()].filter((end) => end < 40 || end % 13 === 0 || end >= bytes.length - 80);
    const whole: number[] = [];
    for (const end of ends) {
      Deno.writeFileSync(path, bytes.subarray(0, end));
      await readCorpus(path).then(() => whole.push(end), (error) => {
        assert(/^Cannot read /.test(error.message), error.message);
      });
    }
    // the index behind a file's rows is not needed
    assert(whole.every((end) => name.startsWith("file") && end > bytes.length - 700), `${name}: ${whole}`);
  }
});

Deno.test("a JSON array is read as its rows, however it is laid out, cut into any chunks", async () => {
  using folder = temporaryFolder();
  const rows = [
    { id: "a]", code: 'x = "[{\\"", \\\\' },
    { id: "b", code: null },
    { id: "c", code: ["}"], deep: { a: [[{}]] } },
    { id: "d", code: "é😀\n" },
  ];
  const expected = {
    docs: [["a]", rows[0]!.code], ["d", "é😀\n"]],
    skipped: [["b", "no text"], ["c", "no text"]],
  };
  const layouts = [
    JSON.stringify(rows),
    JSON.stringify(rows, null, 2) + "\n",
    `\ufeff \n[${rows.map((row) => JSON.stringify(row)).join("\r\n ,\t")}\n]\n\n`,
  ];
  for (const layout of layouts) {
    for (
      const [name, bytes] of [
        ["a.json", layout],
        ["a.json.gz", new Uint8Array(gzipSync(layout))],
        ["a.json.zst", new Uint8Array(zstdCompressSync(layout))],
      ] as const
    ) {
      const path = join(write(folder.path, { [name]: bytes }), name);
      assertEquals(await read(path), expected as Awaited<ReturnType<typeof read>>, name);
      assertEquals(await read(path, { documents: 1 }), expected as Awaited<ReturnType<typeof read>>);
    }
  }
  // larger than what is read at once, so that strings and escapes lie across the ends of chunks
  const large = Array.from({ length: 400 }, (_, i) => ({ id: String(i), code: '\\"]é'.repeat(i * 7) + i }));
  const path = join(write(folder.path, { "large.json": JSON.stringify(large) }), "large.json");
  assertEquals((await read(path)).docs, large.map(({ id, code }): [string, string] => [id, code]));
});

Deno.test("a JSON array that is cut, or is none of rows, is refused in one line; other JSON is a source file", async () => {
  using folder = temporaryFolder();
  const cases: [string, string, string][] = [
    ["cut.json", '[{"code":"a"},{"code":"b"}', "its array has no end: the file is cut"],
    ["damaged.json", '[{"code":"a"},{"code":hunter2}]', "row 1 is not JSON"],
    ["mixed.json", '[{"code":"a"}, "hunter2"]', "row 1 is not a JSON object"],
    ["behind.json", '[{"code":"a"}] {"code":"hunter2"}', "it has text behind its array"],
  ];
  for (const [name, content, message] of cases) {
    const path = join(write(folder.path, { [name]: content }), name);
    const error = await assertRejects(() => readCorpus(path), SyntaxError, message);
    assert(!error.message.includes("hunter2"));
  }
  for (const content of ['{\n  "name": "x"\n}\n', '{"name":"x"}', "[1, 2]", '["a"]']) {
    const path = join(write(folder.path, { "config.json": content }), "config.json");
    assertEquals((await read(path)).docs, [["config.json", content]]);
  }
});

Deno.test("columns are those that are given, else the first of the common names, and ids are whole", async () => {
  using folder = temporaryFolder();
  const columnsOf = async (row: Record<string, unknown>, options: PieceOptions = {}) => {
    const path = join(write(folder.path, { "a.jsonl": JSON.stringify(row) + "\n" }), "a.jsonl");
    const { text, id } = (await resolveCorpus(path, options)).columns!;
    return [text, id.join("/") || "#", (await read(path, options)).docs[0]?.[0]];
  };
  const stack = { max_stars_repo_name: "a/b", max_stars_repo_path: "c.py", hexsha: "ff", content: "x" };
  const clean = { repo_name: "a/b", path: "c.py", copies: "3", content: "x", hash: -8876543210987654 };
  assertEquals(await columnsOf(clean), ["content", "repo_name/path", "a/b/c.py"]);
  assertEquals(await columnsOf(clean, { idColumn: "hash" }), ["content", "hash", "-8876543210987654"]);
  assertEquals(await columnsOf(clean, { idColumn: "#" }), ["content", "#", "0"]);
  assertEquals(await columnsOf(stack), ["content", "max_stars_repo_name/max_stars_repo_path", "a/b/c.py"]);
  assertEquals(await columnsOf({ code: 3, func_code_string: "x" }), ["func_code_string", "#", "0"]);
  assertEquals(await columnsOf({ code: 3, text: "x", id: null }), ["text", "#", "0"]);
  assertEquals(await columnsOf({ snippet: "x", blob_id: "7" }, { textColumn: "snippet" }), [
    "snippet",
    "blob_id",
    "7",
  ]);
  const twice = '{"id":1,"hash":"a","text":"x"}\n{"id":1,"hash":"b","text":"y"}\n'; // an id that rows share is none
  const shared = join(write(folder.path, { "b.jsonl": twice }), "b.jsonl");
  assertEquals((await read(shared)).docs, [["a", "x"], ["b", "y"]]);
  const parquet = join(folder.path, "b.parquet");
  pl.DataFrame({ id: ["1", "1"], list: [[1], [2]], code: ["x", "y"] }).writeParquet(parquet);
  assertEquals((await read(parquet)).docs, [["0", "x"], ["1", "y"]]);
  await assertRejects(
    () => columnsOf({ text: "x" }, { textColumn: "code" }),
    SyntaxError,
    'no column "code", but "text"',
  );
  await assertRejects(
    () => columnsOf({ hunter2: "x" }),
    SyntaxError,
    "name that of the texts by --text-column",
  );
  await assertRejects(() => columnsOf({ text: "x" }, { idColumn: "id" }), SyntaxError, 'no column "id"');
});

Deno.test("two rows of one id are refused, the second by its number, whatever the ids are made of", async () => {
  using folder = temporaryFolder();
  const row = (path: string) => JSON.stringify({ repo_name: "a", path, content: "x" }) + "\n";
  write(folder.path, {
    "a.json.gz": new Uint8Array(gzipSync(row("p") + row("q"))),
    "b.json.gz": new Uint8Array(gzipSync(row("p"))),
  });
  const error = await assertRejects(
    () => read(folder.path),
    SyntaxError,
    'b.json.gz": row 2 repeats the "repo_name/path" of an earlier row: name other ids by --id-column, "#"',
  );
  assert(!error.message.includes('"p"'));
  assertEquals((await read(folder.path, { idColumn: "#" })).docs.length, 3);
});
