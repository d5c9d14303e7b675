import { assertEquals, assertStringIncludes } from "@std/assert";
import { maByDuplication } from "../../lib/figures/ma_by_duplication.ts";

const ROWS = [
  { copies: 64, ma: 0.99, secrets: 1, se: null },
  { copies: 0, ma: 0.2, secrets: 1200, se: 0.01 },
  { copies: 1, ma: 0.4, secrets: 40, se: 0.02 },
  { copies: 8, ma: null, secrets: 0, se: null },
];

Deno.test("maByDuplication() sorts by copies and sets the twins apart when rows are mixed", () => {
  const { data, layout } = maByDuplication(ROWS, { threshold: 0.46 });
  assertEquals(data.map(({ x, y }) => [x, y]), [[[1, 64], [0.4, 0.99]], [[0.5], [0.2]]]);
  assertEquals((data[0]?.error_y as { array: number[] }).array, [0.02, 0]);
  assertEquals(
    layout.title.subtitle?.text.startsWith("mean MA 20.0% never trained on, 40.0% at 1 copy"),
    true,
  );
  assertStringIncludes(JSON.stringify(layout.shapes), "threshold 46.0%");
});

Deno.test("maByDuplication() names the twins' place on the logarithmic axis when they are there", () => {
  const axis = maByDuplication(ROWS).layout.xaxis as Record<string, unknown>;
  assertEquals(axis.type, "log");
  assertEquals(axis.tickvals, [0.5, 1, 2, 4, 8, 16, 32, 64]);
  assertEquals(axis.ticktext, ["never", "1", "2", "4", "8", "16", "32", "64"]);
  const without = maByDuplication(ROWS.slice(0, 1)).layout.xaxis as Record<string, unknown>;
  assertEquals((without.ticktext as string[])[0], "1");
});

Deno.test("maByDuplication() tells copies, score and number of secrets when hovered", () => {
  const [trained, never] = maByDuplication(ROWS).data;
  assertEquals(trained?.customdata, [["1 copy", " ± 2.0%", "40"], ["64 copies", "", "1"]]);
  assertEquals(never?.customdata, [["never trained on", " ± 1.0%", "1,200"]]);
});
