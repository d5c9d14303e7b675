import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { bootstrapMean, quantile, type Sample } from "../../lib/metrics/bootstrap.ts";
import { bootstrapRuns } from "../../lib/metrics/bootstrap_runs.ts";

const made = new PythonRandom(3);
/** Runs that differ by their means, each of ten secrets that stand in several places. */
const RUNS = [0.2, 0.5, 0.7, 0.4].map((center, run): Sample => ({
  values: Array.from({ length: 25 }, () => center + made.random() / 5),
  clusters: Array.from({ length: 25 }, (_, i) => `${run}, ${i % 10}`),
}));
/** The same, but that three of the secrets stand in all runs. */
const MIXED = RUNS.map(({ values, clusters }): Sample => ({
  values,
  clusters: clusters!.map((name) => /, [0-2]$/.test(name) ? name.slice(-1) : name),
}));

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * By its definition: secrets of several runs by lot, as many as there are; runs by lot, and of each its other secrets by
 * lot, as many as it has; all places of each.
 */
function drawPlainly(runs: readonly Sample[], random: PythonRandom): number[] {
  const values: number[] = [];
  const lot = (names: readonly string[]) => {
    const drawn: string[] = [];
    for (let i = 0; i < names.length; i++) drawn.push(names[random.randbelow(names.length)]!);
    return drawn;
  };
  const all = Array.from(new Set(runs.flatMap(({ clusters }) => clusters!)));
  const isShared = (name: string) => runs.filter(({ clusters }) => clusters!.includes(name)).length > 1;
  const shared = lot(all.filter(isShared));
  const chosen: Sample[] = [];
  for (let r = 0; r < runs.length; r++) chosen.push(runs[random.randbelow(runs.length)]!);
  for (const run of chosen) {
    const own = Array.from(new Set(run.clusters)).filter((name) => !isShared(name));
    for (const name of [...shared, ...lot(own)]) {
      for (let i = 0; i < run.values.length; i++) if (run.clusters![i] === name) values.push(run.values[i]!);
    }
  }
  return values;
}

Deno.test("bootstrapRuns() is the plain definition: runs by lot, then secrets in each", () => {
  for (const runs of [RUNS, MIXED]) {
    const random = new PythonRandom(7);
    const means = Array.from({ length: 300 }, () => average(drawPlainly(runs, random))).sort((a, b) => a - b);
    const { estimate, low, high } = bootstrapRuns(runs, { seed: 7, resamples: 300 });
    assertAlmostEquals(low, quantile(means, 0.025), 1e-12);
    assertAlmostEquals(high, quantile(means, 0.975), 1e-12);
    assertAlmostEquals(estimate, average(runs.flatMap(({ values }) => values)), 1e-12);
  }
});

Deno.test("bootstrapRuns() is wider than all runs' values as one sample where runs differ", () => {
  const pooled = bootstrapMean({
    values: RUNS.flatMap(({ values }) => values),
    clusters: RUNS.flatMap(({ clusters }) => clusters!),
  });
  const nested = bootstrapRuns(RUNS);
  assertEquals(nested.estimate, pooled.estimate);
  assert(nested.high - nested.low > 2 * (pooled.high - pooled.low));
});

Deno.test("bootstrapRuns() of one run is bootstrapMean(), of whichever statistic, and runs without values are left out", () => {
  const [run] = RUNS;
  const { estimate, low, high } = bootstrapMean(run!);
  assertEquals(bootstrapRuns([run!, { values: [] }]), { estimate, low, high });
  const largest = bootstrapRuns(RUNS, { statistic: (values) => Math.max(...values) });
  assertEquals(largest.estimate, Math.max(...RUNS.flatMap(({ values }) => values)));
});

Deno.test("bootstrapRuns() draws what stands in all runs once for all of them: its luck does not average out", () => {
  const values = Array.from({ length: 20 }, () => made.random());
  const clusters = values.map((_, i) => `text ${i}`);
  const same = [1, 2, 3, 4].map((): Sample => ({ values, clusters })); // runs alike: all spread is the texts'
  const { low, high } = bootstrapRuns(same);
  const texts = bootstrapMean({ values, clusters });
  assertAlmostEquals(high - low, texts.high - texts.low, 0.03);
  const nested = bootstrapRuns(
    same.map((run, i) => ({ ...run, clusters: clusters.map((name) => `${i} ${name}`) })),
  );
  assert(nested.high - nested.low < 0.7 * (high - low));
});

Deno.test("bootstrapRuns() refuses what bootstrapInterval() refuses", () => {
  assertThrows(() => bootstrapRuns([]), RangeError, "Cannot draw from sample 0: it has no values");
  assertThrows(() => bootstrapRuns(RUNS, { level: 1 }), RangeError, "Cannot give an interval of level 1");
  assertThrows(() => bootstrapRuns(RUNS, { resamples: 0 }), RangeError, "Cannot draw 0 resamples");
  const bad = { values: [1, 2], clusters: ["a"] };
  assertThrows(() => bootstrapRuns([...RUNS, bad]), RangeError, "it has 2 values and 1 clusters");
});
