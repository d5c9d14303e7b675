import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { secretPositions } from "../../lib/figures/secret_positions.ts";

Deno.test("secretPositions() counts each secret once, those at the very end too", () => {
  const rows = [0, 0.049, 0.05, 0.999, 1].map((position) => ({ tag: "KEY", position }));
  const { data, layout } = secretPositions(rows);
  const counts = data[0]!.y as number[];
  assertEquals([counts.length, counts[0], counts[1], counts[19]], [20, 2, 1, 2]);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), rows.length);
  assertEquals(layout.title.subtitle?.text, "3 of 5 places are in the first tenth");
});

Deno.test("secretPositions() refuses a place outside of its file, and takes none", () => {
  for (const position of [-0.1, 1.1, NaN]) {
    assertThrows(() => secretPositions([{ tag: "KEY", position }]), RangeError, "it must be in [0, 1]");
  }
  assertStringIncludes(JSON.stringify(secretPositions([]).layout.annotations), "no rows to show");
});
