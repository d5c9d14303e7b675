import { assertEquals } from "@std/assert";
import { frameOfRows } from "../../lib/datasets/row_table.ts";
import { showTable, type ShowTableOptions } from "../../lib/notebooks/show_table.ts";

const COLUMNS = { name: "text", rows: "int", ma: "float?", hit: "bool?" } as const;
const ROWS = [
  { name: "a <b>", rows: 1200, ma: 1 / 3, hit: true },
  { name: "é", rows: 7, ma: null, hit: null },
  { name: "c", rows: 0, ma: -1e-9, hit: false },
];

function shown(rows: typeof ROWS, options?: ShowTableOptions): { [mime: string]: string } {
  return Reflect.get(showTable(frameOfRows(rows, COLUMNS), options), Symbol.for("Jupyter.display"))();
}

Deno.test("showTable() sets text at the left, numbers at the right with the same decimals, a dash for none", () => {
  const { "text/html": html, "text/plain": plain } = shown(ROWS);
  assertEquals(plain!.split("\n"), [
    "name   rows        ma  hit",
    "a <b>  1200    0.3333  true",
    "é         7         –  –",
    "c         0  >-0.0001  false",
  ]);
  const cells = [...html!.matchAll(/<td style="text-align: (\w+)">([^<]*)</g)].map(([, side, text]) =>
    `${side} ${text}`
  );
  assertEquals(cells.slice(0, 4), ["left a &lt;b&gt;", "right 1200", "right 0.3333", "left true"]);
});

Deno.test("showTable() takes decimals by column, and shows a table without rows", () => {
  assertEquals(
    shown(ROWS, { decimals: { ma: 1 } })["text/plain"]!.split("\n")[1],
    "a <b>  1200    0.3  true",
  );
  assertEquals(shown(ROWS, { decimals: 0 })["text/plain"]!.split("\n")[1], "a <b>  1200   <1  true");
  assertEquals(shown([])["text/plain"], "name  rows  ma  hit");
});
