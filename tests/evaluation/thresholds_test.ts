import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { THRESHOLD_METRICS } from "../../lib/datasets/metrics.ts";
import { meanAndError, memorizationThresholds } from "../../lib/evaluation/thresholds.ts";
import type { Scores } from "../../lib/metrics/scorer.ts";
import { NO_EL } from "../no_scores.ts";

const score = (fields: Partial<Scores>): Scores => ({
  tokens: 9,
  ma: null,
  ...NO_EL,
  nll: null,
  ...fields,
});

Deno.test("meanAndError() is the mean and the sample deviation by the root of the count", () => {
  assertEquals(meanAndError([]), { mean: null, standard_error: null });
  assertEquals(meanAndError([0.25]), { mean: 0.25, standard_error: null });
  assertEquals(meanAndError([0.5, 0.5, 0.5]), { mean: 0.5, standard_error: 0 });
  const { mean, standard_error } = meanAndError([2, 4, 4, 4, 5, 5, 7, 9]);
  assertEquals(mean, 5);
  assertAlmostEquals(standard_error!, Math.sqrt(32 / 7 / 8));
});

Deno.test("memorizationThresholds() averages each metric over the texts that have it", () => {
  const rows = memorizationThresholds([
    score({ ma: 0.2, el_3: 0.5 }),
    score({ ma: 0.4, el_3: 0 }),
    score({ ma: 0.6 }),
    score({}),
  ]);
  assertEquals(rows.map(({ metric }) => metric), [...THRESHOLD_METRICS]);
  assertEquals(rows.map(({ texts }) => texts), [3, 2, 0, 0]);
  assertAlmostEquals(rows[0]!.mean!, 0.4);
  assertAlmostEquals(rows[0]!.standard_error!, 0.2 / Math.sqrt(3));
  assertAlmostEquals(rows[1]!.mean!, 0.25);
  assertEquals([rows[2]!.mean, rows[3]!.standard_error], [null, null]);
  assertEquals(memorizationThresholds([]).map(({ mean, texts }) => [mean, texts]), Array(4).fill([null, 0]));
});

Deno.test("memorizationThresholds() refuses scores that are no numbers", () => {
  for (const el_5 of [NaN, Infinity]) {
    const message = `Cannot take thresholds of scores: el_5 of text 1 is ${el_5}`;
    assertThrows(() => memorizationThresholds([score({}), score({ el_5 })]), RangeError, message);
  }
});
