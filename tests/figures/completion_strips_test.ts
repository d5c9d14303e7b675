import { assertEquals, assertStringIncludes } from "@std/assert";
import { completionStrips } from "../../lib/figures/completion_strips.ts";

const row = (start: number, model: string, characters: string) => ({
  doc_id: "<b>.py",
  start,
  description: `KEY, ${characters.length} characters, <i...`,
  model,
  characters,
});

Deno.test("completionStrips() puts a secret's models under each other and its characters in their places", () => {
  const { data, layout } = completionStrips([
    row(4, "before", "●●·"),
    row(4, "ga", "···"),
    row(9, "before", "●"),
    row(9, "ga", "●"),
  ]);
  assertEquals(data.map(({ name, x }) => [name, x]), [
    ["before", [1, 2, 1]],
    ["GA", [1]],
    ["another character", [3, 1, 2, 3]],
    [undefined, [0.3, 0.3, 0.3, 0.3]], // the models' names
  ]);
  assertEquals(data.at(-1)?.text, ["before", "GA", "before", "GA"]);
  const [before, ga] = data;
  assertEquals(before?.y[0], before?.y[1]);
  assertEquals(Number(before?.y[2]) > Number(before?.y[0]), true); // the next secret stands lower
  assertEquals(Number(ga?.y[0]) - Number(before?.y[2]), 1); // under its own model before
  assertStringIncludes(layout.title.subtitle!.text, "before 75.0%, GA 25.0% of all characters right; 2 of 2");
  assertEquals((layout.annotations as unknown[]).length, 2);
});

Deno.test("completionStrips() draws the first secrets only, counts all, and escapes what it shows", () => {
  const { data, layout } = completionStrips([row(4, "before", "●"), row(9, "before", "●")], {
    maxSecrets: 1,
  });
  assertEquals(data[0]?.x, [1]);
  assertStringIncludes(layout.title.subtitle!.text, "1 of 2 secrets drawn");
  assertEquals(/<i|<b>\.py/.test(JSON.stringify([data, layout.annotations])), false);
});

Deno.test("completionStrips() keeps a model in the legend that has no right character", () => {
  const { data } = completionStrips([row(4, "before", "●"), row(4, "ga", "·")]);
  const ga = data.find(({ name }) => name === "GA");
  assertEquals([ga?.x, ga?.y, ga?.showlegend], [[null], [null], true]);
});

Deno.test("completionStrips() says that there is nothing to show without secrets", () => {
  const { data, layout } = completionStrips([]);
  assertEquals(data, []);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
});
