import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { thresholdConvergence } from "../../lib/figures/threshold_convergence.ts";

Deno.test("thresholdConvergence() has the running mean and twice the standard error around it", () => {
  const scores = [0.2, 0.4, null, 0.9];
  const [band, mean] = thresholdConvergence(scores).data;
  assertEquals([mean?.x, band?.x], [[2, 3], [2, 3, 3, 2]]);
  assertAlmostEquals(mean!.y[1] as number, 0.5);
  // the sample's standard deviation of 0.2, 0.4, 0.9 is sqrt(0.13)
  const error = Math.sqrt(0.13 / 3);
  assertAlmostEquals(band!.y[1] as number, 0.5 - 2 * error);
  assertAlmostEquals(band!.y[2] as number, 0.5 + 2 * error);
});

Deno.test("thresholdConvergence() shows nothing of fewer than two scores, and equal ones without an error", () => {
  for (const scores of [[], [0.5], [null, null]]) {
    assertStringIncludes(JSON.stringify(thresholdConvergence(scores).layout.annotations), "no rows to show");
  }
  const [band] = thresholdConvergence(Array(40).fill(0.1)).data;
  assertEquals(band?.y.every((value) => Math.abs(Number(value) - 0.1) < 1e-6), true); // never NaN
});
