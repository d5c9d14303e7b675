import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { setComposition } from "../../lib/figures/set_composition.ts";

const OPTIONS = { title: "T", unit: "secrets", label: "tag" };

Deno.test("setComposition() draws rare categories together and has shares that add up", () => {
  const rows = [..."aaabbc"].map((category) => ({ set: "one", category }))
    .concat([..."ad"].map((category) => ({ set: "two", category })));
  const { data, layout } = setComposition(rows, { ...OPTIONS, maxCategories: 2 });
  assertEquals(data.map(({ name }) => name), ["a", "b", "others"]);
  for (const i of [0, 1]) assertAlmostEquals(data.reduce((sum, { x }) => sum + Number(x[i]), 0), 1);
  assertEquals(layout.title.subtitle?.text, "tag a: 50.0% to 50.0% of each set");
});

Deno.test("setComposition() puts numbers in their order and in shades of one colour", () => {
  const rows = [64, 2, 8, 64].map((category) => ({ set: "one", category }));
  const { data } = setComposition(rows, { ...OPTIONS, label: "copies" });
  assertEquals(data.map(({ name }) => name), ["2", "8", "64"]);
  const opacities = data.map(({ opacity }) => Number(opacity));
  assertEquals(opacities, opacities.toSorted((a, b) => a - b));
});

Deno.test("setComposition() escapes names, and says that there is nothing to show without rows", () => {
  const { data } = setComposition([{ set: "<s>", category: "<c>" }], OPTIONS);
  assertEquals([data[0]?.name, data[0]?.y], ["&lt;c&gt;", ["&lt;s&gt;"]]);
  assertStringIncludes(JSON.stringify(setComposition([], OPTIONS).layout.annotations), "no rows to show");
});
