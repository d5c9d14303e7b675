import { assertEquals } from "@std/assert";
import type { SetScores } from "../../lib/evaluation/evaluate_sets.ts";
import { besidePaperResults, PAPER_RESULTS, reductionOf } from "../../lib/evaluation/paper_results.ts";
import { NO_EL } from "../no_scores.ts";

const row = (set: SetScores["set"], model: string, ma: number | null, el: number | null): SetScores => ({
  ...NO_EL,
  ...{ set, model, ma, el_3: el, el_5: el, el_10: el, nll: 1, rows: 32 },
});

Deno.test("besidePaperResults() reduces the forget set and retains the retain set, before and after", () => {
  const scores = [
    row("forget", "before", 1, 0.8),
    row("retain", "before", 0.8, 0.9),
    row("forget", "codeeraser", 0.2, 0.2),
    row("retain", "codeeraser", 0.9, 0.1), // better than before
    row("forget", "ga", 0.5, 0.5),
    row("retain", "ga", 0.2, 0.1),
  ];
  const table = besidePaperResults(scores, "ours");
  assertEquals(table.slice(0, -1), [...PAPER_RESULTS]);
  assertEquals(table.at(-1), {
    ...{ model: "ours", ma_before: 100, ma_after: 20, el_10_before: 80, el_10_after: 20 },
    ...{ reduction: 76.25, kept_ga: 25, kept_codeeraser: 112.5 },
  });
});

Deno.test("besidePaperResults() leaves out what was not evaluated", () => {
  const ours = besidePaperResults([row("forget", "before", 0.9, null)], "ours").at(-1)!;
  assertEquals([ours.ma_before, ours.el_10_before], [90, null]);
  assertEquals([ours.ma_after, ours.reduction, ours.kept_ga, ours.kept_codeeraser], [null, null, null, null]);
});

Deno.test("reductionOf() leaves out what was 0 before, and has none where all was", () => {
  assertEquals(reductionOf(row("forget", "a", 0.5, 0), row("forget", "b", 0.25, 0.5)), 0.5);
  assertEquals(reductionOf(row("forget", "a", 0, 0), row("forget", "b", 0, 0)), null);
  assertEquals(reductionOf(row("forget", "a", null, 1), row("forget", "b", 1, 2)), -1); // worse is negative
});
