import { assertEquals, assertStringIncludes } from "@std/assert";
import { maByQuantity } from "../../lib/figures/ma_by_quantity.ts";

const OPTIONS = { label: "tokens <n>", title: "T" };
const row = (value: number | null, ma: number | null, part = "a") => ({ value, ma, part });

Deno.test("maByQuantity() never parts equal numbers and loses no secret", () => {
  const rows = [...Array(7).fill(row(10, 1)), row(20, 0), row(30, 0.5), row(5, 0.25)];
  const [curve] = maByQuantity(rows, { ...OPTIONS, bins: 5 }).data;
  const seen = curve?.customdata as string[][];
  assertEquals(seen.reduce((sum, [, , secrets]) => sum + parseInt(secrets!), 0), rows.length);
  assertEquals(curve?.x.filter((x) => x === 10).length! <= 1, true);
  assertEquals(curve?.x, [...curve!.x].toSorted((a, b) => Number(a) - Number(b)));
});

Deno.test("maByQuantity() draws a curve a part in the order that is asked for", () => {
  const rows = [row(1, 1, "x"), row(2, 0.5, "y")];
  const { data, layout } = maByQuantity(rows, { ...OPTIONS, parts: ["y", "x", "z"], threshold: 0.3 });
  assertEquals(data.map(({ name, y }) => [name, y]), [["y", [0.5]], ["x", [1]]]);
  assertEquals((layout.xaxis as { title: { text: string } }).title.text, "tokens &lt;n&gt;");
  assertStringIncludes(JSON.stringify(layout.shapes), "threshold 30.0%");
});

Deno.test("maByQuantity() leaves out undefined scores, and what has no logarithm on such an axis", () => {
  const rows = [row(null, 1), row(1, null), row(0, 1), row(-1, 1), row(NaN, 1), row(10, 0.5)];
  assertEquals(maByQuantity(rows, { ...OPTIONS, log: true }).data[0]?.x, [10]);
  const { data, layout } = maByQuantity(rows.slice(0, 2), OPTIONS);
  assertEquals(data, []);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
});
