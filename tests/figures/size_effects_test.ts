import { assertEquals, assertStringIncludes } from "@std/assert";
import { sizeEffects } from "../../lib/figures/size_effects.ts";

const row = { ma: 0.2, ma_deviation: 0.05, retain_ma: 0.9, retain_ma_deviation: null };

Deno.test("sizeEffects() draws a curve a method in each panel, by size, with its spread", () => {
  const rows = [8, 1].flatMap((k) => ["ga", "<b>mine"].map((method) => ({ ...row, method, k })));
  const { data, layout } = sizeEffects(rows, { threshold: 0.3 });
  assertEquals(data.map(({ name, x, xaxis }) => [name, x, xaxis]), [
    ["GA", [1, 8], "x"],
    ["GA", [1, 8], "x2"],
    ["&lt;b&gt;mine", [1, 8], "x"],
    ["&lt;b&gt;mine", [1, 8], "x2"],
  ]);
  assertEquals((data[0]!.error_y as { array: number[] }).array, [0.05, 0.05]);
  assertStringIncludes(JSON.stringify(layout.shapes), "MA threshold 30.0%");
});

Deno.test("sizeEffects() leaves a gap where a score is undefined, and draws nothing of nothing", () => {
  const { data } = sizeEffects([{ ...row, method: "ga", k: 1, ma: NaN }, {
    ...row,
    method: "ga",
    k: 2,
    ma: null,
  }]);
  assertEquals(data[0]!.y, [null, null]);
  assertEquals(sizeEffects([]).data, []);
});
