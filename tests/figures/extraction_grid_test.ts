import { assertEquals, assertStringIncludes } from "@std/assert";
import { extractionGrid, visibleText } from "../../lib/figures/extraction_grid.ts";

const TOKENS = ["a", "b", "<c>", "d"];
const ROWS = [
  { prefix: 1, decoded: ["b", "<c>", "d"], isMatched: [true, true, true], matches: 2, grams: 2 },
  { prefix: 2, decoded: ["x\n", "y"], isMatched: [false, false], matches: 0, grams: 1 },
];

Deno.test("extractionGrid() puts each token into its row and column, by what became of it", () => {
  const { data, layout } = extractionGrid(TOKENS, ROWS, { n: 2 });
  const cells = data.map(({ name, base, y }) => [name, (base as number[]).map((at) => at + 0.46), y]);
  assertEquals(cells, [
    ["given", [0, 0, 1], [1, 2, 2]],
    ["decoded, in a true 2-gram", [1, 2, 3], [1, 1, 1]],
    ["decoded, in none", [2, 3], [2, 2]],
  ]);
  assertStringIncludes(layout.title.subtitle!.text, "50.0%"); // the mean of 2/2 and 0/1, not 2/3
  assertEquals((layout.yaxis as { ticktext: string[] }).ticktext, ["1: 2/2", "2: 0/1"]);
});

Deno.test("extractionGrid() escapes tokens and takes none", () => {
  assertEquals(/<c>/.test(JSON.stringify(extractionGrid(TOKENS, ROWS))), false);
  const { layout } = extractionGrid([], []);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
  assertEquals(JSON.stringify(layout).includes("NaN"), false);
});

Deno.test("visibleText() shows each kind of white space", () => {
  assertEquals(visibleText("\r\n a\tb\n"), "⏎·a⇥b⏎");
});
