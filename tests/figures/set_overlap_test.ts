import { assertEquals, assertStringIncludes } from "@std/assert";
import { setOverlap } from "../../lib/figures/set_overlap.ts";

const OPTIONS = { title: "T", unit: "values" };

Deno.test("setOverlap() counts an item once a set, and shares by the row's set", () => {
  const rows = [["a", "x"], ["a", "x"], ["a", "y"], ["b", "y"], ["c", "z"]]
    .map(([set, item]) => ({ set: set!, item: item! }));
  const { data, layout } = setOverlap(rows, OPTIONS);
  assertEquals(data[0]?.text, ["2", "1", "0", "1", "1", "0", "0", "0", "1"]);
  assertEquals((data[0]?.marker as { color: number[] }).color.slice(0, 4), [1, 0.5, 0, 1]);
  assertStringIncludes(layout.title.subtitle!.text, "1 of 3 different values stand in more than one set");
});

Deno.test("setOverlap() escapes names, and says that there is nothing to show without rows", () => {
  const figure = setOverlap([{ set: "<s>", item: "x" }], OPTIONS);
  assertEquals(JSON.stringify(figure.data).includes("<s>"), false);
  assertEquals((figure.layout.xaxis as { ticktext: string[] }).ticktext, ["&lt;s&gt;"]);
  assertStringIncludes(JSON.stringify(setOverlap([], OPTIONS).layout.annotations), "no rows to show");
});
