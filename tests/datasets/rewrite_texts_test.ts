import { assert, assertEquals, assertRejects } from "@std/assert";
import pl from "nodejs-polars";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Replacement } from "../../lib/datasets/redact_text.ts";
import { rewriteTexts } from "../../lib/datasets/rewrite_texts.ts";
import { RowIds } from "../../lib/datasets/seen_ids.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

/** Puts "<KEY>" for each SECRET of a text. */
function rewrite(_docId: string, text: string): Replacement[] {
  return [...text.matchAll(/SECRET/g)].map(({ index }) => ({ start: index, end: index + 6, text: "<KEY>" }));
}

const TEXT = { text: "text", id: [], path: null };

/** A table's bytes after it was written anew. */
async function rewritten(name: string, content: string | Uint8Array): Promise<Uint8Array> {
  using folder = temporaryFolder();
  const [from, to] = [`${folder.path}/${name}`, `${folder.path}/out.${name}`];
  await Deno.writeFile(from, typeof content === "string" ? new TextEncoder().encode(content) : content);
  await Deno.chmod(from, 0o640);
  await rewriteTexts(from, to, { columns: TEXT, first: 0, ids: new RowIds([]), rewrite });
  assertEquals((await Deno.stat(to)).mode! & 0o777, 0o640);
  return await Deno.readFile(to);
}

const LINES = [
  '\ufeff{"hash":-8876543210987654321,"score":26.0, "text":"x","z":1e5}\r\n',
  '{"hash":-8876543210987654321 , "text" : "a\\/\\u0041\\t\\ud800 SECRET \\u0053ECRET b","n":26.0,"n":-0}\r\n',
  "\n  \t\n",
  '{"a":{"text":"SECRET"},"text":"SECRET","text":"é😀 SECRET!","b":[ "SECRET" ,"}"]}\n',
  '{"content":"SECRET","text":"SECRET"}\n',
  '{"t\\u0065xt":"SECRET"}\n',
  '{"text":null,"b":"SECRET"}\n{"text":["SECRET"]}\n{"b":"SECRET"}\n',
  '{"text":"SECRET"}',
];
const CHANGED = [
  LINES[0],
  '{"hash":-8876543210987654321 , "text" : "a\\/\\u0041\\t\\ud800 <KEY> <KEY> b","n":26.0,"n":-0}\r\n',
  LINES[2],
  '{"a":{"text":"SECRET"},"text":"SECRET","text":"é😀 <KEY>!","b":[ "SECRET" ,"}"]}\n',
  '{"content":"SECRET","text":"<KEY>"}\n',
  '{"t\\u0065xt":"<KEY>"}\n',
  LINES[6],
  '{"text":"<KEY>"}',
];

Deno.test("rewriteTexts() changes nothing of JSON lines but the places of secrets", async () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  assertEquals(decoder.decode(await rewritten("a.jsonl", LINES.join(""))), CHANGED.join(""));
  const packed = await rewritten("a.jsonl.gz", gzipSync(LINES.join("")));
  assertEquals(decoder.decode(gunzipSync(packed)), CHANGED.join(""));
});

Deno.test("rewriteTexts() changes nothing of a CSV but the places of secrets", async () => {
  const csv = [
    '\ufeffn,"text",word,hash\r\n',
    '00123,"x ""q"" SECRET, ""SECRET""",True,-8876543210987654321\r\n',
    "\r\n",
    '1.50,"two\r\nlines\nSECRET\r\n",TRUE,"quoted, SECRET"\r\n',
    '"00123",SECRET,"",\n',
    ',"",a"b,SECRET\n',
    "+1,,,\r\n",
    '1,5" SECRET,x,y',
  ];
  const changed = [...csv];
  changed[1] = '00123,"x ""q"" <KEY>, ""<KEY>""",True,-8876543210987654321\r\n';
  changed[3] = '1.50,"two\r\nlines\n<KEY>\r\n",TRUE,"quoted, SECRET"\r\n';
  changed[4] = '"00123",<KEY>,"",\n';
  changed[7] = '1,5" <KEY>,x,y';
  const bytes = await rewritten("a.csv", csv.join(""));
  assertEquals(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), changed.join(""));
});

Deno.test("rewriteTexts() copies a table without secrets byte for byte, packed or Parquet too", async () => {
  const lines = '{"n":26.0,"text":"x"}\n'.repeat(100);
  const members = new Uint8Array([...gzipSync(lines, { level: 1 }), ...gzipSync(lines, { level: 9 })]);
  const frame = pl.DataFrame({ text: ["x", "y"], n: [1, 2] });
  const parquet = new Uint8Array(frame.writeParquet({ compression: "uncompressed" }));
  for (const [name, content] of [["a.jsonl.gz", members], ["a.parquet", parquet]] as const) {
    assertEquals(await rewritten(name, content), content);
  }
});

Deno.test("rewriteTexts() keeps every other column of a Parquet file, its types and its values", async () => {
  using folder = temporaryFolder();
  const texts = (values: string[]) => pl.Series("x", values, pl.Utf8);
  const rows = 5000; // more than are read at once
  const large = Array.from({ length: rows }, (_, i) => i % 3 ? `-887654321098765${1000 + i}` : null);
  const frame = pl.DataFrame([
    texts(Array.from({ length: rows }, (_, i) => i % 1000 === 7 ? `é SECRET ${i}` : `x = ${i}`)).rename(
      "content",
    ),
    pl.Series("hash", large, pl.Utf8).cast(pl.Int64),
    pl.Series("u", large.map((cell) => cell?.slice(1) ?? null), pl.Utf8).cast(pl.UInt64),
    pl.Series("price", Array(rows).fill("26.10"), pl.Utf8).cast(pl.Decimal(20, 2)),
    pl.Series("at", large, pl.Utf8).cast(pl.Int64).cast(pl.Datetime("us")),
    pl.Series("day", Array(rows).fill(19000), pl.Int64).cast(pl.Date),
    pl.Series("small", Array(rows).fill(7), pl.Int64).cast(pl.Int8),
    pl.Series("list", Array.from({ length: rows }, (_, i) => [`a${i}`, "SECRET"])),
    pl.Series("flag", Array.from({ length: rows }, (_, i) => i % 2 ? null : true), pl.Bool),
    texts(Array(rows).fill("SECRET")).rename("changed"),
  ]).withColumn(pl.struct([pl.col("small"), pl.col("price")]).alias("struct"));
  const [from, to] = [`${folder.path}/a.parquet`, `${folder.path}/b.parquet`];
  frame.writeParquet(from);
  const content = { ...TEXT, text: "content" };
  assertEquals(await rewriteTexts(from, to, { columns: content, first: 0, ids: new RowIds([]), rewrite }), {
    rows,
    unsearched: 0,
  });
  const after = pl.readParquet(to);
  assertEquals(after.columns, frame.columns);
  const types = (of: pl.DataFrame) => of.columns.map((name) => String(of.getColumn(name).dtype));
  assertEquals(types(after), types(frame));
  assert(after.drop("content").frameEqual(frame.drop("content"), true));
  const before = frame.getColumn("content").toArray() as string[];
  assertEquals(after.getColumn("content").toArray(), before.map((text) => text.replace("SECRET", "<KEY>")));
  assertEquals([...Deno.readDirSync(folder.path)].length, 2);
});

Deno.test("rewriteTexts() refuses a damaged row and writes nothing", async () => {
  const cases: [string, string, string][] = [
    ["a.jsonl", '{"text":"x"}\n{"text":"hunter2', "line 2 is not JSON"],
    ["a.csv", "n,text\n1,x\n2,hunter2,y\n", "row 1 has 3 fields, the header 2 fields"],
    ["a.csv", "n,text\n1,x\nhunter2\n", "row 1 has 1 field, the header 2 fields"],
    ["a.csv", "hunter2,hunter2\n1,2\n", "columns 1 and 2 have the same name"],
  ];
  using folder = temporaryFolder();
  for (const [name, content, message] of cases) {
    await Deno.writeTextFile(`${folder.path}/${name}`, content);
    const options = { columns: TEXT, first: 0, ids: new RowIds([]), rewrite };
    const write = () => rewriteTexts(`${folder.path}/${name}`, `${folder.path}/out.${name}`, options);
    const error = await assertRejects(write, Error, message);
    assert(!error.message.includes("hunter2"), error.message);
  }
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["a.csv", "a.jsonl"]);
});
