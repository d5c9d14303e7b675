import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ResultRow } from "../../lib/figures/retained_quality.ts";
import { scoresBeforeAfter } from "../../lib/figures/scores_before_after.ts";
import { NO_EL } from "../no_scores.ts";

const row = (set: ResultRow["set"], model: string, ma: number): ResultRow => ({
  ...{ set, model, ma, ...NO_EL, el_3: 0.5, el_10: 0 },
  ...{ nll: 1, rows: 32 },
});
const ROWS = [
  row("forget", "before", 0.98),
  row("retain", "before", 0.97),
  row("unseen", "before", 0.3),
  row("forget", "<b>ga", 0.2),
  row("retain", "<b>ga", 0.4),
];

Deno.test("scoresBeforeAfter() puts the forget set left and the retain set right, and leaves unseen text out", () => {
  const { data, layout } = scoresBeforeAfter(ROWS);
  assertEquals(data.map(({ xaxis, y }) => [xaxis, y[0]]), [["x", 0.98], ["x", 0.2], ["x2", 0.97], [
    "x2",
    0.4,
  ]]);
  assertEquals(data.map(({ showlegend }) => showlegend), [true, true, false, false]);
  assertEquals(data[0]?.text, ["98", "50", "", "0"]); // not measured has no number, zero has one
  assertStringIncludes(layout.title.subtitle!.text, "20.0% forget, 40.0% retain");
  assertEquals(JSON.stringify([data, layout.title]).includes("<b>ga"), false);
});

Deno.test("scoresBeforeAfter() marks known thresholds on the forget set", () => {
  const { data } = scoresBeforeAfter(ROWS, { thresholds: { ma: 0.3, el_3: null, el_10: 0 } });
  const marks = data.at(-1);
  assertEquals([marks?.x, marks?.y, marks?.xaxis], [["MA", "EL_10"], [0.3, 0], undefined]);
  const struck = scoresBeforeAfter(ROWS, { thresholds: { ma: 0.21 } });
  assertEquals(struck.data.slice(1, 3).map(({ text }) => (text as string[])[0]), ["20<br>\u00a0", "97"]); // it clears the mark
});

Deno.test("scoresBeforeAfter() says that there is nothing to show without rows", () => {
  const { data, layout } = scoresBeforeAfter([], { thresholds: { ma: 0.3 } });
  assertEquals(data, []);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
});
