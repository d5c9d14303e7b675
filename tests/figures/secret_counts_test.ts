import { assertEquals, assertStringIncludes } from "@std/assert";
import { secretCounts } from "../../lib/figures/secret_counts.ts";

const ROWS = [
  { tag: "KEY", group: "Npm" },
  { tag: "EMAIL", group: "<b>" },
  { tag: "KEY", group: "Npm" },
  { tag: "KEY", group: "<b>" },
  { tag: "KEY", group: "JWT" },
];

Deno.test("secretCounts() splits each group by tag, the largest on top", () => {
  const { data, layout } = secretCounts(ROWS, { by: "detector" });
  assertEquals(data.map(({ name, x, y }) => [name, x, y]), [
    ["e-mail", [1, 0, 0], ["&lt;b&gt;", "Npm", "JWT"]],
    ["key", [1, 2, 1], ["&lt;b&gt;", "Npm", "JWT"]],
  ]);
  assertEquals((layout.yaxis as { categoryarray: string[] }).categoryarray.at(-1), "&lt;b&gt;");
  assertEquals(layout.title.subtitle?.text, "5 places in 3 detectors");
});

Deno.test("secretCounts() loses nothing when small groups become one bar, or says what it does not draw", () => {
  const { data, layout } = secretCounts(ROWS, { most: 2 });
  assertEquals(data[0]?.y, ["&lt;b&gt;", "Npm", "1 others"]);
  assertEquals(data.flatMap(({ x }) => x as number[]).reduce((sum, count) => sum + count, 0), 5);
  assertEquals(layout.title.subtitle?.text, "5 places in 3 groups");
  const many = secretCounts(ROWS, { most: 1 }); // the two others hold more than the largest
  assertEquals(many.data[0]?.y, ["&lt;b&gt;"]);
  assertStringIncludes(many.layout.title.subtitle!.text, "the 2 with the fewest, 3 places, are not drawn");
});

Deno.test("secretCounts() splits by what the filter says where rows tell", () => {
  const { data, layout } = secretCounts(ROWS.map((row, i) => ({ ...row, kept: i > 0 })), { by: "detector" });
  assertEquals(data.map(({ name, x }) => [name, x]), [["kept", [2, 1, 1]], ["dropped", [0, 1, 0]]]);
  assertEquals(layout.title.subtitle?.text, "4 of 5 finds are kept, 1 dropped");
});

Deno.test("secretCounts() says that there is nothing to show without secrets", () => {
  assertStringIncludes(JSON.stringify(secretCounts([]).layout.annotations), "no rows to show");
});
