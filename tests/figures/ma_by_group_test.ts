import { assertEquals, assertStringIncludes } from "@std/assert";
import { maByGroup } from "../../lib/figures/ma_by_group.ts";

const ROWS = [
  { group: "<b>JWT</b>", part: "never", ma: 0.5 },
  { group: "Email", part: "never", ma: 0.25 },
  { group: "Email", part: "trained", ma: 1 },
  { group: "Email", part: "trained", ma: 0.5 },
  { group: "<b>JWT</b>", part: "trained", ma: 1 },
  { group: "Email", part: "trained", ma: null },
  { group: "Npm", part: "never", ma: null },
];

Deno.test("maByGroup() averages kinds and parts, the best known kind last, and escapes names", () => {
  const { data, layout } = maByGroup(ROWS, { threshold: 0.3 });
  const [never, trained, span] = data;
  assertEquals(never?.y, ["&lt;b&gt;JWT&lt;/b&gt;", "Email"]);
  assertEquals([trained?.x, trained?.y], [[0.75, 1], ["Email", "&lt;b&gt;JWT&lt;/b&gt;"]]);
  assertEquals((trained?.error_x as { array: number[] }).array, [0.25, 0]);
  assertEquals(span?.x, [0.25, 0.75, null, 0.5, 1, null]);
  assertEquals((layout.yaxis as { categoryarray: string[] }).categoryarray, [
    "Email",
    "&lt;b&gt;JWT&lt;/b&gt;",
  ]);
  assertStringIncludes(JSON.stringify(layout.shapes), "threshold 30.0%");
});

Deno.test("maByGroup() gives parts the order that is asked for, and leaves out all others", () => {
  const { data } = maByGroup(ROWS, { parts: ["trained", "never", "other"] });
  assertEquals(data.map(({ name }) => name), ["trained", "never", undefined]);
  assertEquals(maByGroup(ROWS, { parts: ["trained"] }).data[0]?.y.length, 2);
});

Deno.test("maByGroup() says that there is nothing to show when no secret has a score", () => {
  for (const rows of [[], [{ group: "a", part: "b", ma: null }]]) {
    const { data, layout } = maByGroup(rows, { threshold: 0.3 });
    assertEquals(data, []);
    assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
  }
});
