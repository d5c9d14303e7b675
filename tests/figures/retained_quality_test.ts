import { assertEquals } from "@std/assert";
import { type ResultRow, retainedQuality } from "../../lib/figures/retained_quality.ts";
import { NO_EL } from "../no_scores.ts";

function result(set: ResultRow["set"], model: string, ma: number | null, nll: number | null): ResultRow {
  return { set, model, ma, ...NO_EL, nll, rows: 1000 };
}

Deno.test("retainedQuality() shows retain scores and unseen loss a model when all are there", () => {
  const { data } = retainedQuality([
    result("forget", "before", 1, 0),
    result("retain", "before", 0.99, 0.1),
    result("retain", "ga", 0.4, 5),
    result("unseen", "before", 0.46, 3.2),
    result("unseen", "ga", 0.2, 8.9),
  ]);
  assertEquals(data.map((trace) => [trace.name, trace.xaxis, trace.y, trace.text]), [
    ["before", undefined, [0.99, null], ["99.0%", "–"]],
    ["before", "x2", [3.2], ["3.20"]],
    ["GA", undefined, [0.4, null], ["40.0%", "–"]],
    ["GA", "x2", [8.9], ["8.90"]],
  ]);
});

Deno.test("retainedQuality() leaves the loss out when it is null or infinite", () => {
  const rows = [result("retain", "ga", 0, null), result("unseen", "ga", 0, Infinity)];
  assertEquals(retainedQuality(rows).data.length, 1);
});

Deno.test("retainedQuality() names a model once in the legend when it has one panel or two", () => {
  const both = retainedQuality([result("retain", "ga", 1, 0), result("unseen", "ga", 1, 2)]);
  assertEquals(both.data.map((trace) => trace.showlegend), [undefined, false]);
  assertEquals(retainedQuality([result("unseen", "ga", 1, 2)]).data.map((trace) => trace.showlegend), [true]);
});
