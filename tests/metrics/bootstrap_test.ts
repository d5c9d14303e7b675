import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { auc, aucInterval } from "../../lib/metrics/auc.ts";
import {
  bootstrapDifference,
  bootstrapInterval,
  bootstrapMean,
  bootstrapShare,
  exactShare,
  quantile,
  type Sample,
} from "../../lib/metrics/bootstrap.ts";
import FIXTURE from "../fixtures/statistics.json" with { type: "json" };

/** A sample of the fixture. */
function sampleOf({ values, clusters }: { values: number[]; clusters: string[] | null }): Sample {
  return { values, ...clusters && { clusters } };
}

Deno.test("bootstrap intervals of means, differences and areas are those of the plain definition", () => {
  for (const { kind, samples, expected, ...options } of FIXTURE.intervals) {
    const [first, second] = samples.map(sampleOf) as [Sample, Sample];
    const found = kind === "mean"
      ? bootstrapMean(first, options)
      : kind === "difference"
      ? bootstrapDifference(first, second, options)
      : aucInterval(first, second, options);
    for (const key of ["estimate", "low", "high"] as const) {
      assertAlmostEquals(found[key], expected[key], 1e-12, `${key} of ${kind} of ${first.values.length}`);
    }
  }
});

Deno.test("bootstrapMean() agrees with SciPy's percentile interval to the error of its draws", () => {
  const { values, low, high } = FIXTURE.scipy_mean;
  const found = bootstrapMean({ values }, { resamples: 20000 });
  assertAlmostEquals(found.low, low, 0.01);
  assertAlmostEquals(found.high, high, 0.01);
});

Deno.test("bootstrapMean() holds the true mean about as often as its level says", () => {
  // 20 clusters of 3 equal values: taken for 60 samples, the interval would be too short by the root of 3
  const clusters = Array.from({ length: 60 }, (_, i) => `c${i % 20}`);
  let [held, heldAsSingles] = [0, 0];
  for (let trial = 0; trial < 200; trial++) {
    const draws = Array.from({ length: 20 }, (_, i) => Math.sin(12.9898 * (trial * 20 + i)) * 43758.5453 % 1);
    const values = clusters.map((_, i) => draws[i % 20]!);
    const holds = ({ low, high }: { low: number; high: number }) => low <= 0 && high >= 0 ? 1 : 0;
    const options = { seed: trial, resamples: 300, level: 0.9 };
    held += holds(bootstrapMean({ values, clusters }, options));
    heldAsSingles += holds(bootstrapMean({ values }, options));
  }
  assert(held >= 160 && held <= 196, `${held} of 200`);
  assert(heldAsSingles < held - 20, `${heldAsSingles} of 200 without clusters`);
});

Deno.test("bootstrapDifference() of paired samples is that of their differences", () => {
  const clusters = ["a", "b", "c", "d"];
  const [a, b] = [[4, 2, 7, 1], [1, 2, 3, 9]];
  const paired = bootstrapDifference({ values: a, clusters }, { values: b, clusters }, { seed: 5 });
  const single = bootstrapMean({ values: a.map((value, i) => value - b[i]!) }, { seed: 5 });
  for (const key of ["estimate", "low", "high"] as const) assertAlmostEquals(paired[key], single[key], 1e-12);
});

Deno.test("bootstrapInterval() refuses empty samples, missing clusters and odd options", () => {
  const size = ([values]: readonly number[][]) => values!.length;
  const sample = { values: [1, 2] };
  const cases: [() => unknown, string][] = [
    [() => bootstrapInterval([sample, { values: [] }], size), "Cannot draw from sample 1: it has no values"],
    [
      () => bootstrapMean({ values: [1, 2], clusters: ["a"] }),
      "Cannot draw clusters of sample 0: it has 2 values and 1 clusters",
    ],
    [() => bootstrapMean(sample, { resamples: 0 }), "Cannot draw 0 resamples"],
    [() => bootstrapMean(sample, { level: 1 }), "Cannot give an interval of level 1"],
  ];
  for (const [call, message] of cases) assertThrows(call, RangeError, message);
});

Deno.test("quantile() reads both ends and between them", () => {
  assertEquals([0, 0.5, 1].map((share) => quantile([1, 3, 9, 11], share)), [1, 6, 11]);
  assertEquals(quantile([7], 0.3), 7);
});

Deno.test("auc() is scikit-learn's, ties and all", () => {
  for (const { members, others, auc: expected } of FIXTURE.areas) {
    assertAlmostEquals(auc(members, others), expected, 1e-12);
    assertAlmostEquals(auc(others, members), 1 - expected, 1e-12);
  }
  assertEquals(auc([], [1]), NaN);
});

Deno.test("aucInterval() reads the interval from both sides", () => {
  const low = { values: [1, 2, 3, 4, 5, 6, 7, 8] };
  const high = { values: [11, 12, 13, 14, 15, 16] };
  const found = [[high, low], [low, high], [low, low]].map(([a, b]) => aucInterval(a!, b!));
  assertEquals(found.map(({ reading }) => reading), ["members", "over-forgotten", "neither"]);
  assertEquals(found.map(({ estimate, two_sided }) => [estimate, two_sided]), [[1, 1], [0, 1], [0.5, 0.5]]);
});

Deno.test("bootstrapShare() of none or all has Clopper and Pearson's end, by clusters, and else is a mean", () => {
  // scipy.stats.binomtest(0, n).proportion_ci(method="exact") of SciPy 1.17.1
  for (const [n, high] of [[1, 0.975], [5, 0.52182375], [76, 0.04737875], [164, 0.02224208]] as const) {
    const none = bootstrapShare({ values: Array(n).fill(0) });
    assertEquals([none.estimate, none.low], [0, 0]);
    assertAlmostEquals(none.high, high, 1e-8, `of ${n}`);
    const all = bootstrapShare({ values: Array(n).fill(1) });
    assertEquals([all.estimate, all.high], [1, 1]);
    assertAlmostEquals(all.low, 1 - high, 1e-8, `of ${n}`);
  }
  const places = bootstrapShare({ values: Array(10).fill(0), clusters: Array(10).fill("a") });
  assertEquals(places.high, 0.975); // one value at ten places is one trial
  const some = { values: [0, 0, 1, 0.5] };
  assertEquals(bootstrapShare(some), bootstrapMean(some));
  assertAlmostEquals(exactShare({ estimate: 0, low: 0, high: 0 }, 5, { level: 0.9 }).high, 0.45071972, 1e-8);
  assertThrows(() => bootstrapShare({ values: [0, 1.5] }), RangeError, "Cannot take 1.5 for a share");
  assertThrows(() => bootstrapShare({ values: [] }), RangeError, "has no values");
});
