import { assertEquals, assertRejects } from "@std/assert";
import pl from "nodejs-polars";
import { type Columns, frameOfRows, readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { readTable } from "../../lib/datasets/tables.ts";

const COLUMNS = { doc_id: "text", window: "int", ma: "float?", kept: "bool", note: "text?" } as const;
const ROWS = [
  { doc_id: "a", window: 0, ma: 0.5, kept: true, note: null },
  { doc_id: "7", window: 600, ma: null, kept: false, note: 'x, "é😀"' },
];
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test("frameOfRows() has the stated columns and types, without rows or with nulls only", () => {
  const types = {
    doc_id: "DataType(String)",
    window: "DataType(Int64)",
    ma: "DataType(Float64)",
    kept: "DataType(Bool)",
    note: "DataType(String)",
  };
  for (const rows of [[], ROWS, [{ doc_id: "a", window: 1, ma: null, kept: true, note: null }]]) {
    const frame = frameOfRows(rows, COLUMNS);
    assertEquals(frame.height, rows.length);
    const found = frame.columns.map((name) => [name, String(frame.getColumn(name).dtype)]);
    assertEquals(Object.fromEntries(found), types);
  }
});

Deno.test("writeRows() and readRows() keep rows in every format", async () => {
  for (const format of ["parquet", "jsonl", "jsonl.gz", "csv"]) {
    const path = `${folder}/rows.${format}`;
    await writeRows(path, ROWS, COLUMNS);
    assertEquals(await readRows(path, COLUMNS), ROWS, format);
  }
});

Deno.test("writeRows() keeps an empty table's columns, where the format has them", async () => {
  for (const format of ["parquet", "csv"]) {
    const path = `${folder}/empty.${format}`;
    await writeRows(path, [], COLUMNS);
    assertEquals([(await readTable(path)).columns, await readRows(path, COLUMNS)], [
      Object.keys(COLUMNS),
      [],
    ]);
  }
});

Deno.test("readRows() takes text for text, whatever it looks like", async () => {
  const columns = { doc_id: "text", path: "text?", value: "text" } as const;
  const rows = [
    { doc_id: "007", path: null, value: "12" },
    { doc_id: "1e5", path: null, value: "0.50" },
  ];
  for (const format of ["parquet", "jsonl", "csv"]) {
    const path = `${folder}/text.${format}`;
    await writeRows(path, rows, columns);
    assertEquals(await readRows(path, columns), rows, format);
  }
});

Deno.test("readRows() keeps the stated columns only, in their order", async () => {
  const path = `${folder}/more.parquet`;
  await writeRows(path, ROWS, COLUMNS);
  const [row] = await readRows(path, { ma: "float?", doc_id: "text" });
  assertEquals(Object.entries(row!), [["ma", 0.5], ["doc_id", "a"]]);
});

Deno.test("readRows() takes whole numbers for numbers, and NaN for null", async () => {
  const path = `${folder}/numbers.parquet`;
  await Deno.writeFile(path, pl.DataFrame({ a: [1, 2], b: [NaN, 0.5], c: [3, 4] }).writeParquet());
  const columns = { a: "float", b: "float?", c: "int" } as const;
  assertEquals(await readRows(path, columns), [{ a: 1, b: null, c: 3 }, { a: 2, b: 0.5, c: 4 }]);
  const rows = [{ a: NaN }, { a: 1 }];
  for (const format of ["parquet", "jsonl", "csv"]) {
    await writeRows(`${folder}/nan.${format}`, rows, { a: "float?" });
    assertEquals(await readRows(`${folder}/nan.${format}`, { a: "float?" }), [{ a: null }, { a: 1 }]);
  }
});

Deno.test("readRows() names column and row of a wrong value", async () => {
  const cases: [Record<string, unknown[]>, Columns, string][] = [
    [{ a: [0.5, 1.5] }, { a: "int" }, 'column "a" of row 0 is a number, expected a whole number'],
    [{ a: ["x", null] }, { a: "text" }, 'column "a" of row 1 is null, expected text'],
    [{ a: [1, NaN] }, { a: "float" }, 'column "a" of row 1 is null, expected a number'],
    [
      { a: [1, 2], b: ["1", "2"] },
      { a: "int", b: "float?" },
      'column "b" of row 0 is a string, expected a number or null',
    ],
    [{ a: [true, false] }, { a: "int?" }, "is a boolean, expected a whole number or null"],
    [{ a: [1, 0] }, { a: "bool" }, "is a number, expected true or false"],
    [{ a: [1, 2] }, { a: "text?" }, "is a number, expected text or null"],
    [{ a: [2 ** 60] }, { a: "int" }, "is a number, expected a whole number"],
  ];
  for (const [data, columns, message] of cases) {
    const path = `${folder}/wrong.parquet`;
    await Deno.writeFile(path, pl.DataFrame(data).writeParquet());
    await assertRejects(() => readRows(path, columns), TypeError, `Cannot read "${path}": `);
    await assertRejects(() => readRows(path, columns), TypeError, message);
  }
});

Deno.test("readRows() refuses a table that lacks a column, or is none", async () => {
  const path = `${folder}/lacking.csv`;
  await Deno.writeTextFile(path, "a,b\n1,2\n");
  await assertRejects(() => readRows(path, { a: "int", ma: "float" }), SyntaxError, 'it has no column "ma"');
  await assertRejects(() => readRows(`${folder}/none.parquet`, { a: "int" }), Error, "no such file");
});
