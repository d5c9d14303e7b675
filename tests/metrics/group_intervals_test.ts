import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { METRIC_NAMES } from "../../lib/datasets/metrics.ts";
import { bootstrapDifference, bootstrapInterval, bootstrapMean } from "../../lib/metrics/bootstrap.ts";
import { groupChanges, groupIntervals } from "../../lib/metrics/group_intervals.ts";
import { groupMeans } from "../../lib/metrics/group_scores.ts";
import type { Scores } from "../../lib/metrics/scorer.ts";

const random = new PythonRandom(7);
const SCORES = Array.from({ length: 30 }, (_, i): Scores => {
  const [ma, nll] = [random.random(), 5 * random.random()];
  return { tokens: 9, ma, el_3: i % 3 === 0 ? null : ma / 2, el_5: 0, el_10: null, nll };
});
const DOCUMENTS = SCORES.map((_, i) => `d${Math.floor(i / 4)}`);
const CLUSTERS = SCORES.map((_, i) => `v${i % 11}`);

Deno.test("groupIntervals() are around groupMeans(), a secret with the weight of its share of its document", () => {
  const groups = { documents: DOCUMENTS, clusters: CLUSTERS };
  const intervals = groupIntervals(SCORES, groups, { resamples: 200 });
  const means = groupMeans(SCORES, DOCUMENTS);
  for (const metric of METRIC_NAMES) {
    const members = [...SCORES.keys()].filter((i) => SCORES[i]![metric] !== null);
    if (members.length === 0) continue;
    const weightOf = (i: number) => 1 / members.filter((other) => DOCUMENTS[other] === DOCUMENTS[i]).length;
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const plain = bootstrapInterval(
      [{ values: members, clusters: members.map((i) => CLUSTERS[i]!) }],
      ([drawn]) => sum(drawn!.map((i) => weightOf(i) * SCORES[i]![metric]!)) / sum(drawn!.map(weightOf)),
      { resamples: 200 },
    );
    assertAlmostEquals(plain.estimate, means[metric]!, 1e-12);
    assertAlmostEquals(intervals[`${metric}_low`]!, plain.low, 1e-12);
    assertAlmostEquals(intervals[`${metric}_high`]!, plain.high, 1e-12);
    assert(plain.low <= means[metric]! && means[metric]! <= plain.high);
  }
  assertEquals([intervals.el_10_low, intervals.el_10_high, intervals.el_5_high], [null, null, 0]);
});

Deno.test("groupIntervals() of texts that each stand alone are those of their plain mean", () => {
  const { low, high } = bootstrapMean({ values: SCORES.map(({ ma }) => ma!) });
  const intervals = groupIntervals(SCORES, { documents: [...SCORES.keys()] });
  assertAlmostEquals(intervals.ma_low!, low, 1e-12);
  assertAlmostEquals(intervals.ma_high!, high, 1e-12);
});

Deno.test("groupChanges() of secrets that each stand alone is bootstrapDifference() of values drawn for both", () => {
  const before = SCORES.map((score) => ({ ...score, ma: score.ma! / 3, nll: null }));
  const groups = { documents: [...SCORES.keys()], clusters: CLUSTERS };
  const changes = groupChanges(SCORES, before, groups, { resamples: 200 });
  const sampleOf = (scores: readonly { ma: number | null }[]) => ({
    values: scores.map(({ ma }) => ma!),
    clusters: CLUSTERS,
  });
  const plain = bootstrapDifference(sampleOf(SCORES), sampleOf(before), { resamples: 200 });
  assertAlmostEquals(changes.ma_change_low!, plain.low, 1e-12);
  assertAlmostEquals(changes.ma_change_high!, plain.high, 1e-12);
  assertEquals([changes.nll_change_low, changes.el_10_change_high], [null, null]);
});

Deno.test("groupChanges() is narrower than the means' own intervals where members change alike, and null without pairs", () => {
  const after = SCORES.map((score) => ({ ...score, ma: score.ma! - 0.25 }));
  const groups = { documents: DOCUMENTS, clusters: CLUSTERS };
  const { ma_change_low, ma_change_high } = groupChanges(after, SCORES, groups);
  assertAlmostEquals(ma_change_low!, -0.25, 1e-12);
  assertAlmostEquals(ma_change_high!, -0.25, 1e-12);
  const { ma_low, ma_high } = groupIntervals(after, groups);
  assert(ma_high! - ma_low! > 0.1);
  for (const before of [undefined, SCORES.slice(1)]) {
    const none = groupChanges(after, before, groups);
    assert(Object.values(none).every((end) => end === null));
    assertEquals(Object.keys(none).length, 2 * METRIC_NAMES.length);
  }
});
