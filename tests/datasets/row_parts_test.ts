import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { corpusPieces } from "../../lib/datasets/corpus_pieces.ts";
import { readPiece, type SkippedDocument } from "../../lib/datasets/corpus_piece.ts";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { MAX_ROW_BYTES, rowParts } from "../../lib/datasets/row_parts.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

/** A file of these bytes, one after the other. */
function fileOf(folder: string, name: string, pieces: readonly (string | Uint8Array)[]): string {
  using file = Deno.openSync(`${folder}/${name}`, { create: true, write: true, truncate: true });
  for (const piece of pieces) {
    const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  }
  return `${folder}/${name}`;
}

/** The documents and the skipped rows of a corpus as a stream, as `detect` reads it. */
async function streamed(path: string): Promise<{ ids: string[]; skipped: SkippedDocument[] }> {
  const [ids, skipped]: [string[], SkippedDocument[]] = [[], []];
  for await (const { source } of corpusPieces(path)) {
    const content = await readPiece(structuredClone(source)); // as it is sent to a worker
    ids.push(...content.documents.map(({ docId }) => docId));
    skipped.push(...content.skipped);
  }
  return { ids, skipped };
}

const FILL = new Uint8Array(2 ** 20).fill(0x78);

Deno.test("a row over 64 MiB is skipped and named, and not held, wherever a table is read as a corpus", async () => {
  using folder = temporaryFolder();
  const mebibytes = (count: number) => Array.from({ length: count }, () => FILL);
  const long = ['{"text":"a"}\n\n{"text":"', ...mebibytes(300), '"}\n{"text":"b"}\n'];
  const quoted = ['text\na\n"', ...mebibytes(65), '"\nb\n'];
  const path = fileOf(folder.path, "a.jsonl", long);
  const packed = `${path}.gz`;
  await Deno.writeFile(packed, (await Deno.open(path)).readable.pipeThrough(new CompressionStream("gzip")));
  for (
    const [table, place] of [
      [path, "a.jsonl line 3"],
      [packed, "a.jsonl.gz line 3"],
      [fileOf(folder.path, "a.csv", quoted), "a.csv row 1"],
    ] as const
  ) {
    const skipped = [{ path: place, reason: "row over 64 MiB" }];
    const before = Deno.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 2);
    assertEquals(await streamed(table), { ids: ["0", "2"], skipped });
    const corpus = await readCorpus(table);
    assertEquals([corpus.documents.map(({ docId }) => docId), corpus.skipped], [["0", "2"], skipped]);
    clearInterval(watch);
    assert(most - before < 256 * 2 ** 20, `${(most - before) >> 20} MiB were held`);
    await assertRejects(() => readTable(table), RangeError, "row over 64 MiB");
  }
});

Deno.test("rowParts() frees each piece of a long row as the next is asked for, and keeps whole rows", async () => {
  using folder = temporaryFolder();
  const path = fileOf(folder.path, "a.jsonl", ["{}\n", new Uint8Array(MAX_ROW_BYTES + 2 ** 20), "\n{}\n"]);
  const parts: { bytes: Uint8Array; isWhole: boolean }[] = [];
  let read = 0;
  for await (const { bytes, isWhole } of rowParts(path)) {
    const held = parts.reduce((sum, part) => sum + (part.isWhole ? 0 : part.bytes.length), 0);
    assert(held < 2 ** 19, `${held} bytes are held`); // the first and the last piece stand beside other rows
    parts.push({ bytes, isWhole });
    read += bytes.length;
  }
  assertEquals(read, MAX_ROW_BYTES + 2 ** 20 + 7);
  assertEquals(parts.filter(({ isWhole }) => isWhole).map(({ bytes }) => bytes.length), [3, 3]);
});

Deno.test("a row of 64 MiB is whole", async () => {
  using folder = temporaryFolder();
  const pieces = [new Uint8Array(MAX_ROW_BYTES - 1), "\n", new Uint8Array(MAX_ROW_BYTES), "\n"];
  const parts: [boolean, boolean, number][] = [];
  for await (const part of rowParts(fileOf(folder.path, "a.jsonl", pieces))) {
    parts.push([part.isWhole, part.isLast, part.end]);
  }
  assertEquals([parts[0], parts.at(-1)], [[true, true, MAX_ROW_BYTES], [false, true, 2 * MAX_ROW_BYTES + 1]]);
});

Deno.test("a quote without an end is refused, even where what follows is too long to be held", async () => {
  using folder = temporaryFolder();
  const short = fileOf(folder.path, "short.csv", ['doc_id,text\na,x\nb,"hunter2\nc,y\n']);
  const long = fileOf(folder.path, "long.csv", ['doc_id,text\na,x\nb,"hunter2\n', ...Array(65).fill(FILL)]);
  for (
    const [path, message] of [[short, "row 1 opens a quote"], [long, "the row at byte 16 opens"]] as const
  ) {
    for (const read of [readCorpus, readTable, streamed]) {
      const error = await assertRejects(() => read(path) as Promise<unknown>, SyntaxError);
      if (read !== readTable || path === short) assert(error.message.includes(message), error.message);
      assert(!error.message.includes("hunter2"));
    }
  }
});

Deno.test("gzip of several members is read whole, and refused where it is damaged, cut or followed by something else", async () => {
  using folder = temporaryFolder();
  const members = ["a", "b", "c"].map((text) => new Uint8Array(gzipSync(`{"text":"${text}"}\n`)));
  const path = (name: string, pieces: readonly (string | Uint8Array)[]) =>
    fileOf(folder.path, `${name}.jsonl.gz`, pieces);
  const whole = path("whole", members);
  assertEquals((await streamed(whole)).ids, ["0", "1", "2"]);
  assertEquals((await readCorpus(whole)).documents.map(({ text }) => text), ["a", "b", "c"]);
  assertEquals((await readTable(whole)).getColumn("text").toArray(), ["a", "b", "c"]);
  const flipped = members[1]!.slice();
  flipped[12]! ^= 0xff;
  const damaged = [
    path("cut", [members[0]!, members[1]!.subarray(0, -1)]),
    path("head", [members[0]!, members[1]!.subarray(0, 5)]),
    path("flipped", [members[0]!, flipped, members[2]!]),
    path("garbage", [members[0]!, "hunter2"]),
    path("none", []),
    path("plain", ['{"text":"hunter2"}']),
  ];
  for (const file of damaged) {
    for (const read of [readCorpus, readTable, streamed]) {
      const error = await assertRejects(
        () => read(file) as Promise<unknown>,
        SyntaxError,
        "as gzip: it is damaged",
      );
      assert(!error.message.includes("hunter2"));
    }
  }
});

Deno.test("a pipe and a device are refused as a table, and not opened", async () => {
  using folder = temporaryFolder();
  for (const name of ["a.jsonl", "a.csv", "a.parquet", "a.jsonl.gz"]) {
    const path = `${folder.path}/${name}`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    for (const read of [readTable, readCorpus]) {
      await assertRejects(
        () => read(path) as Promise<unknown>,
        TypeError,
        "it is a pipe, not a regular file",
      );
    }
    await Deno.remove(path);
    await Deno.symlink("/dev/zero", path);
    await assertRejects(() => readTable(path), TypeError, "it is a device, not a regular file");
  }
});

Deno.test("readTable() refuses a table of more than 512 MiB, packed or not, with the numbers", async () => {
  using folder = temporaryFolder();
  for (const name of ["a.jsonl", "a.csv", "a.parquet"]) {
    const path = fileOf(folder.path, name, [""]);
    await Deno.truncate(path, 3 * 2 ** 30); // sparse
    await assertRejects(
      () => readTable(path),
      RangeError,
      "it has 3221225472 bytes, at most 536870912 are read",
    );
  }
  const blank = gzipSync(`${" ".repeat(60 * 2 ** 20)}\n`, { level: 1 });
  fileOf(folder.path, "a.jsonl.gz", Array(9).fill(new Uint8Array(blank)));
  const message = /its \d{7} bytes unpack to more than the 536870912 that are read/;
  assertMatch(
    (await assertRejects(() => readTable(`${folder.path}/a.jsonl.gz`), RangeError)).message,
    message,
  );
});
