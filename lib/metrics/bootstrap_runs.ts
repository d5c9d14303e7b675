/**
 * Intervals over several runs, such as forget sets unlearned one by one: runs are drawn again with replacement, then clusters
 * in each drawn run (the hierarchical bootstrap of Davison and Hinkley, 1997, section 3.8). What differs from run to run so
 * widens the interval, as it does not where the values of all runs are one sample. Clusters that stand in several runs, such as
 * a secret of two forget sets or a text that every run is measured on, are drawn once for all runs: their luck is the same in
 * each, and does not average out.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";
import {
  bootstrapInterval,
  type BootstrapOptions,
  type Interval,
  quantile,
  type Sample,
} from "./bootstrap.ts";
import { mean } from "./mean.ts";

/** How to draw. */
export interface BootstrapRunsOptions extends BootstrapOptions {
  /** Of all drawn values. Default: their mean. */
  statistic?: (values: readonly number[]) => number;
}

/**
 * A statistic of all runs' values, and its interval.
 *
 * @param runs at least one with values; runs without are left out, and a single one is drawn as `bootstrapInterval` does
 * @throws as `bootstrapInterval`; {RangeError} when no run has a value
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bootstrapMean } from "./bootstrap.ts";
 * import { bootstrapRuns } from "./bootstrap_runs.ts";
 *
 * const runs = [{ values: Array(50).fill(0) }, { values: Array(50).fill(1) }]; // two runs that differ, alike in themselves
 * const { estimate, low, high } = bootstrapRuns(runs);
 * assertEquals([estimate, low, high], [0.5, 0, 1]);
 * const pooled = bootstrapMean({ values: runs.flatMap(({ values }) => values) });
 * assertEquals([pooled.low > 0.3, pooled.high < 0.7], [true, true]);
 * ```
 */
export function bootstrapRuns(
  runs: readonly Sample[],
  { statistic = mean, ...options }: BootstrapRunsOptions = {},
): Interval {
  const given = runs.filter(({ values }) => values.length > 0);
  const all = given.flatMap(({ values }) => values);
  const { seed = 42, resamples = 2000, level = 0.95 } = options;
  if (given.length < 2) {
    return bootstrapInterval([given[0] ?? { values: [] }], ([values]) => statistic(values!), options);
  }
  bootstrapInterval(given, () => 0, { ...options, resamples: Math.min(resamples, 1) }); // throws what is wrong
  const random = new PythonRandom(seed);
  const clusters = given.map(clustersOf);
  const holders = Map.groupBy(clusters.flatMap((own) => [...own.keys()]), (name) => name);
  const isShared = (name: string) => holders.get(name)!.length > 1;
  const shared = [...holders.keys()].filter(isShared);
  const places = clusters.map((own) => ({ own, alone: [...own.keys()].filter((name) => !isShared(name)) }));
  const draw = <T>(from: readonly T[]) => from.map(() => from[random.randbelow(from.length)]!);
  const drawn = Array.from({ length: resamples }, () => {
    const names = draw(shared);
    const values = draw(places).flatMap(({ own, alone }) =>
      [...names, ...draw(alone)].flatMap((name) => own.get(name) ?? [])
    );
    return values.length === 0 ? [] : [statistic(values)]; // of clusters that stand in none of the drawn runs
  }).flat().sort((a, b) => a - b);
  return {
    estimate: statistic(all),
    low: quantile(drawn, (1 - level) / 2),
    high: quantile(drawn, (1 + level) / 2),
  };
}

/** The values of each cluster, in the order in which they come first; values without are each one of their own. */
function clustersOf({ values, clusters }: Sample, run: number): Map<string, number[]> {
  const own = new Map<string, number[]>();
  values.forEach((value, i) => {
    const name = clusters ? `named ${clusters[i]}` : `${run} ${i}`;
    const known = own.get(name);
    if (known) known.push(value);
    else own.set(name, [value]);
  });
  return own;
}
