import { assertEquals, assertStringIncludes } from "@std/assert";
import { continuationQuality } from "../../lib/figures/continuation_quality.ts";

Deno.test("continuationQuality() sorts texts, and those at the bound are memorized", () => {
  const rows = [0.2, 0.95, 1, NaN].map((bleu4, i) => ({ doc_id: `<${i}>`, bleu4 }));
  const { data, layout } = continuationQuality(rows, { bound: 0.95 });
  assertEquals(data.map(({ x, y }) => [x, y]), [[[1, 2], [1, 0.95]], [[3], [0.2]]]);
  assertEquals(data[0]?.customdata, ["&lt;2&gt;", "&lt;1&gt;"]);
  assertEquals(layout.title.subtitle?.text, "2 of 3 texts (66.7%) reach the bound");
  assertStringIncludes(JSON.stringify(layout.shapes), "bound 95.0%");
});

Deno.test("continuationQuality() says that there is nothing to show without texts", () => {
  const { data, layout } = continuationQuality([], { bound: 0.95 });
  assertEquals(data, []);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
});
