import { assertEquals, assertStringIncludes } from "@std/assert";
import { twinPairs } from "../../lib/figures/twin_pairs.ts";

const pair = (copies: number, ma: number, twin_ma: number) => ({ detector: "<i>", copies, ma, twin_ma });

Deno.test("twinPairs() tells pairs apart by copies and counts those that were learnt", () => {
  const pairs = [pair(1, 0.25, 0.25), pair(4, 0.75, 0.5), pair(64, 1, 0.25), pair(100, 1, NaN)];
  const { data, layout } = twinPairs(pairs);
  assertEquals(data.map(({ name, y }) => [name, y]), [
    ["1 or 2 copies", [0.25]],
    ["4 or 8 copies", [0.75]],
    ["16 copies and more", [1]],
  ]);
  assertEquals(layout.title.subtitle?.text, "2 of 3 beat their twin; mean MA 66.7% against 33.3%");
  assertEquals((data[2]?.customdata as string[][])[0], ["&lt;i&gt;", "64"]);
});

Deno.test("twinPairs() says that there is nothing to show without pairs", () => {
  const { data, layout } = twinPairs([]);
  assertEquals(data, []);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
});
