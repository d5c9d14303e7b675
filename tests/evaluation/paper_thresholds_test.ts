import { assertEquals } from "@std/assert";
import { besidePaper, PAPER_THRESHOLDS } from "../../lib/evaluation/paper_thresholds.ts";
import { NO_EL } from "../no_scores.ts";

Deno.test("PAPER_THRESHOLDS fall with n, and all below MA", () => {
  assertEquals(PAPER_THRESHOLDS.length, 5);
  for (const { ma, el_3, el_5, el_10 } of PAPER_THRESHOLDS) {
    assertEquals([ma, el_3, el_5, el_10].toSorted((a, b) => b! - a!), [ma, el_3, el_5, el_10]);
  }
});

Deno.test("besidePaper() adds one row in percent, with what was not measured as null and zero as zero", () => {
  const row = (metric: "ma" | "el_3" | "el_10", mean: number | null) => ({
    ...{ metric, mean, standard_error: null, texts: 4 },
  });
  const table = besidePaper([row("ma", 0.123456), row("el_3", 0), row("el_10", null)], "ours");
  assertEquals(table.slice(0, -1), [...PAPER_THRESHOLDS]);
  assertEquals(table.at(-1), { model: "ours", ...NO_EL, ma: 12.35, el_3: 0 });
});
