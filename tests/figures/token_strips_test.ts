import { assertEquals, assertStringIncludes } from "@std/assert";
import { tokenStrips } from "../../lib/figures/token_strips.ts";

const token = (hit: boolean, probability: number) => ({
  text: "<a>",
  hit,
  log_probability: Math.log(probability),
});
const ROWS = [
  { name: "KEY, 9 characters, <b...", detail: "8 copies", tokens: [token(true, 1), token(false, 0.25)] },
  { name: "EMAIL", detail: "never", tokens: [token(false, 0.5)] },
  { name: "none", detail: "", tokens: [] },
];

Deno.test("tokenStrips() draws a cell a token by its probability and marks the first choices", () => {
  const { data, layout } = tokenStrips(ROWS);
  assertEquals(data.length, 1);
  assertEquals((data[0]?.marker as { color: number[] }).color, [1, 0.25, 0.5]);
  assertEquals(data[0]?.base, [0.54, 1.54, 0.54]);
  assertEquals((layout.shapes as { y0: number }[]).map(({ y0 }) => y0), [0.6]); // the upper strip's
  assertEquals(new Set(data[0]?.y).size, 2);
  assertStringIncludes(String(data[0]?.y[0]), "MA 50.0%");
});

Deno.test("tokenStrips() keeps secrets of one description apart by their detail", () => {
  const [row] = ROWS;
  const { data } = tokenStrips([row!, { ...row!, detail: "64 copies" }]);
  assertEquals(new Set(data[0]?.y).size, 2);
});

Deno.test("tokenStrips() escapes texts, and says that there is nothing to show without tokens", () => {
  const [trace] = tokenStrips(ROWS).data;
  for (const texts of [trace?.text, trace?.customdata]) {
    assertEquals(/<a>|<b/.test(JSON.stringify(texts)), false);
  }
  assertStringIncludes(JSON.stringify(tokenStrips(ROWS.slice(2)).layout.annotations), "no rows to show");
});
