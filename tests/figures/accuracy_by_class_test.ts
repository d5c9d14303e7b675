import { assertAlmostEquals, assertEquals } from "@std/assert";
import { accuracyByClass, type ClassAccuracyRow } from "../../lib/figures/accuracy_by_class.ts";

function row(model: string, name: string, value: number | null): ClassAccuracyRow {
  const [low, high] = value === null ? [null, null] : [value - 0.125, value + 0.25];
  return { model, class: name, value, low, high, count: 1200 };
}

const ROWS = [
  ...[row("codeeraser", "keyword", 0.5), row("codeeraser", "all", 0.25)],
  ...[row("before", "keyword", 0.75), row("before", "all", 0.25), row("before", "comment", 0.5)],
];

Deno.test("accuracyByClass() draws all classes first and the model before first, whatever the rows' order", () => {
  const { data, layout } = accuracyByClass(ROWS);
  assertEquals(data.map(({ name, x, y }) => [name, x, y]), [
    ["before", ["all", "keyword", "comment"], [0.25, 0.75, 0.5]],
    ["CodeEraser", ["all", "keyword"], [0.25, 0.5]],
  ]);
  const { array, arrayminus } = data[0]!.error_y as { array: number[]; arrayminus: number[] };
  for (const end of array) assertAlmostEquals(end, 0.25);
  for (const end of arrayminus) assertAlmostEquals(end, 0.125);
  assertEquals(
    layout.title.subtitle?.text,
    "CodeEraser: −25.0 points at most (keyword); lines: 95 % intervals over documents",
  );
});

Deno.test("accuracyByClass() leaves out what is undefined, compares nothing with one model and keeps text text", () => {
  const rows = [row("<b>", "<i>", 0.5), row("<b>", "keyword", null), row("<b>", "all", NaN)];
  const { data, layout } = accuracyByClass(rows);
  assertEquals(data.map(({ name, x }) => [name, x]), [["&lt;b&gt;", ["&lt;i&gt;"]]]);
  assertEquals(layout.title.subtitle?.text, "lines: 95 % intervals over documents");
});
