import { assertEquals } from "@std/assert";
import { describeMean, showIntervals } from "../../lib/notebooks/show_intervals.ts";

const shown = (rows: readonly object[], options?: { decimals?: number }): { [mime: string]: string } =>
  Reflect.get(showIntervals(rows, options), Symbol.for("Jupyter.display"))();

Deno.test("showIntervals() folds ends into their means, keeps numbers as numbers, and shows a dash for none", () => {
  const rows = [
    { model: "a <b>", ma: 0.5, ma_low: 0.25, ma_high: 0.75, rows: 12, share: 0.5 },
    { model: "c", ma: 0.125, ma_low: null, ma_high: null, rows: 7, share: null },
    { model: "d", ma: null, ma_low: null, ma_high: null, rows: null, share: 1 },
  ];
  assertEquals(shown(rows)["text/plain"]!.split("\n"), [
    "model  ma                    rows  share",
    "a <b>  0.500 [0.250, 0.750]    12  0.500",
    "c      0.125                    7      –",
    "d      –                        –  1.000",
  ]);
  assertEquals(
    shown(rows, { decimals: 1 })["text/plain"]!.split("\n")[1],
    "a <b>  0.5 [0.3, 0.8]    12    0.5",
  );
  assertEquals(shown(rows)["text/html"]!.includes("a &lt;b&gt;"), true);
});

Deno.test("showIntervals() takes intervals as cells, also in rows that have columns of their own, and no rows", () => {
  const one = { estimate: 0.5, low: null, high: null };
  const rows = [{ measure: "x", ga: one }, { measure: "y", gold: { estimate: 1, low: 0, high: 2 } }];
  assertEquals(shown(rows)["text/plain"]!.split("\n"), [
    "measure  ga     gold",
    "x        0.500  –",
    "y        –      1.000 [0.000, 2.000]",
  ]);
  assertEquals(shown([])["text/plain"], "");
});

Deno.test("describeMean() shows a dash for a row that a run has not", () => {
  assertEquals(describeMean(undefined), "–");
});
