import { assertEquals } from "@std/assert";
import { occurrences } from "../../lib/secrets/occurrences.ts";

Deno.test("occurrences() finds the same for many values at once as for each alone", () => {
  let state = 7;
  const next = (below: number): number => (state = state * 48271 % 2147483647) % below;
  const letters = (count: number): string => Array.from({ length: count }, () => "ab😀"[next(4)]).join("");
  const text = letters(3_000);
  const values = Array.from({ length: 200 }, () => letters(1 + next(9)));
  assertEquals(occurrences(text, values), values.map((value) => occurrences(text, [value])[0]!));
});

Deno.test("occurrences() do not overlap, and a value longer than the text has none", () => {
  const values = ["aaaa", "aaaaaaaaaaaa", ...Array.from({ length: 40 }, (_, i) => `value ${i}`)];
  assertEquals(occurrences("aaaaaaaaaa", values).slice(0, 2), [[0, 4], []]);
  assertEquals(occurrences("", values).flat(), []);
});
