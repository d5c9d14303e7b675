import { assert, assertEquals, assertRejects } from "@std/assert";
import pl from "nodejs-polars";
import { readJsonLines, readTable, writeTable } from "../../lib/datasets/tables.ts";

const FRAME = pl.DataFrame([
  pl.Series("doc_id", ["a", 'b,"c"\n', "é😀"]),
  pl.Series("tokens", [1, null, -3], pl.Int64),
  pl.Series("ma", [0.5, null, 1]),
  pl.Series("path", ["x", null, ""]),
]);

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = `${await Deno.makeTempDir()}/${name}`;
  await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  return path;
}

for (const extension of ["parquet", "jsonl", "jsonl.gz", "csv"]) {
  Deno.test(`readTable() gives back what writeTable() wrote as .${extension}`, async () => {
    const path = `${await Deno.makeTempDir()}/t.${extension}`;
    await writeTable(FRAME, path);
    const frame = await readTable(path);
    assertEquals(frame.toRecords(), FRAME.toRecords());
    assertEquals(String(frame.getColumn("tokens").dtype), String(pl.Int64));
    assertEquals((await readTable(path, { columns: ["ma", "doc_id"] })).columns, ["ma", "doc_id"]);
    await assertRejects(
      () => readTable(path, { columns: ["ma", "el_3", "el_5"] }),
      SyntaxError,
      `it has no column "el_3", "el_5": it has "doc_id", "tokens", "ma", "path"`,
    );
  });
}

Deno.test("readTable() keeps lists of numbers in .parquet and .jsonl", async () => {
  const frame = pl.DataFrame({ doc_id: ["a", "b"], spans: [[1, 2, 3], []] });
  for (const extension of ["parquet", "jsonl"]) {
    const path = `${await Deno.makeTempDir()}/t.${extension}`;
    await writeTable(frame, path);
    assertEquals((await readTable(path)).toRecords(), frame.toRecords());
  }
});

Deno.test("writeTable() writes NaN as null where there is no NaN", async () => {
  for (const extension of ["jsonl", "csv"]) {
    const path = `${await Deno.makeTempDir()}/t.${extension}`;
    await writeTable(pl.DataFrame({ doc_id: ["a", "b"], ma: [NaN, 0.5] }), path);
    assertEquals((await readTable(path)).toRecords(), [{ doc_id: "a", ma: null }, { doc_id: "b", ma: 0.5 }]);
  }
});

Deno.test("readTable() gives every doc_id as a string", async () => {
  const csv = await written("t.csv", "doc_id,ma\n1,0.5\n22,0.25");
  assertEquals((await readTable(csv)).getColumn("doc_id").toArray(), ["1", "22"]);
  const jsonl = await written("t.jsonl", '{"doc_id":1}\n{"doc_id":22}\n');
  assertEquals((await readTable(jsonl)).getColumn("doc_id").toArray(), ["1", "22"]);
});

Deno.test("readTable() and writeTable() refuse an unknown format", async () => {
  const message = 'Unknown table format "t.xlsx": expected .parquet, .jsonl, .jsonl.gz or .csv';
  await assertRejects(() => readTable("/tmp/t.xlsx"), RangeError, message);
  await assertRejects(() => writeTable(FRAME, "/tmp/t.xlsx"), RangeError, message);
});

for (const extension of ["parquet", "jsonl", "jsonl.gz", "csv"]) {
  Deno.test(`readTable() says that a .${extension} is missing or a folder`, async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/t.${extension}`;
    await assertRejects(() => readTable(path), Error, `Cannot read table "${path}": no such file`);
    await Deno.mkdir(path);
    await assertRejects(() => readTable(path), Error, `Cannot read table "${path}": it is a folder`);
  });
}

Deno.test("readTable() refuses a .parquet cut at any byte", async () => {
  const path = `${await Deno.makeTempDir()}/t.parquet`;
  await writeTable(FRAME, path);
  const bytes = await Deno.readFile(path);
  for (let length = 0; length < bytes.length; length += 7) {
    await Deno.writeFile(path, bytes.subarray(0, length));
    await assertRejects(() => readTable(path), SyntaxError, `Cannot read table "${path}" as Parquet`);
  }
});

const FOREIGN: [string, string | Uint8Array, string][] = [
  ["t.parquet", "doc_id,ma\n", "as Parquet"],
  ["t.csv", "", "as CSV: it is empty"],
  ["t.csv", "PAR1\0\0", "as CSV: the header holds NUL bytes"],
  ["t.csv", new Uint8Array([97, 10, 0xff, 0xfe]), "as text: it is not UTF-8"],
  ["t.jsonl", '{"a":1}\n{"a":', "line 2 is not JSON"],
  ["t.jsonl", '{"a":1}\n\n[1]', "line 3 is not a JSON object"],
  ["t.jsonl", '{"a":1}\n{"a":"x"}', "column 1 mixes number and string"],
  ["t.jsonl", '{"a":{"b":1}}', "column 1 holds objects"],
  ["t.jsonl.gz", '{"a":1}\n', "as gzip: it is damaged or cut"],
];
for (const [name, content, message] of FOREIGN) {
  Deno.test(`readTable() refuses ${JSON.stringify(String(content))} as ${name}`, async () => {
    const path = await written(name, content);
    const error = await assertRejects(() => readTable(path), SyntaxError, message);
    assert(!error.message.includes("\n"));
  });
}

Deno.test("readTable() refuses a .jsonl.gz cut in the middle", async () => {
  const path = `${await Deno.makeTempDir()}/t.jsonl.gz`;
  await writeTable(FRAME, path);
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, bytes.subarray(0, bytes.length - 9));
  await assertRejects(() => readTable(path), SyntaxError, "as gzip: it is damaged or cut");
});

Deno.test("readJsonLines() keeps lone surrogates and keys of all kinds", async () => {
  const path = await written("t.jsonl", '{"text":"\\ud800","__proto__":1}\r\n');
  const [row] = await readJsonLines(path);
  assertEquals(row?.["text"], "\ud800");
  assertEquals(Object.keys(row ?? {}), ["text", "__proto__"]);
});

Deno.test("readTable() reads a table of no rows", async () => {
  assertEquals((await readTable(await written("t.jsonl", "\n"))).height, 0);
  assertEquals((await readTable(await written("t.csv", "doc_id,ma\n"))).height, 0);
});

Deno.test("a .csv quotes texts that begin like a formula, and reads them as they were", async () => {
  const rows = ["=cmd()", "+1", "-x", "@a", "\t=1", "'=1", "1-2"].map((doc_id) => ({ doc_id, ma: -0.5 }));
  const path = await written("formulas.csv", "");
  await writeTable(pl.DataFrame(rows), path);
  const lines = (await Deno.readTextFile(path)).split("\n");
  assertEquals(lines.slice(1, 8), [
    ...rows.slice(0, 5).map(({ doc_id }) => `"${doc_id}",-0.5`),
    "'=1,-0.5",
    "1-2,-0.5",
  ]);
  assertEquals((await readTable(path)).toRecords(), rows);
});
