import { assertEquals } from "@std/assert";
import { erasureDurability } from "../../lib/figures/erasure_durability.ts";

const measures = { "after 20 steps": "20 steps", "after 100 steps": "100 steps" };
const row = (method: string, measure: string, estimate: number | null) => ({
  ...{ method, measure, estimate },
  low: estimate === null ? null : estimate - 0.1,
  high: estimate === null ? null : estimate + 0.2,
});

Deno.test("erasureDurability() has a row a method, a mark a measure, and its interval", () => {
  const figure = erasureDurability([
    row("ga", "after 20 steps", 0.5),
    row("ga", "after 100 steps", 0.6),
    row("ga", "another", 0.9),
    row("lasting <b>", "after 20 steps", 0),
    row("gold", "after 20 steps", null),
  ], { measures });
  const [first, second] = figure.data;
  assertEquals([first!.x, second!.x], [[0.5, 0], [0.6]]);
  const { ticktext, tickvals } = figure.layout.yaxis as { ticktext: string[]; tickvals: number[] };
  assertEquals([ticktext, tickvals], [["GA", "lasting &lt;b&gt;"], [1, 0]]);
  const { array, arrayminus } = first!.error_x as { array: number[]; arrayminus: number[] };
  assertEquals([array, arrayminus].map((all) => all.map((value) => Number(value.toFixed(6)))), [
    [0.2, 0.2],
    [0.1, 0.1],
  ]);
});

Deno.test("erasureDurability() draws a number of a single set without an interval, and nothing of nothing", () => {
  const [trace] = erasureDurability(
    [{ method: "ga", measure: "after 20 steps", estimate: 0.5, low: null, high: null }],
    { measures },
  ).data;
  assertEquals((trace!.error_x as { array: number[] }).array, [0]);
  assertEquals((trace!.customdata as string[][])[0], ["GA", ""]);
  assertEquals(erasureDurability([], { measures }).data.flatMap(({ x }) => x), []);
});
