/**
 * Intervals by the bootstrap (Efron, 1979): clusters are drawn again with replacement, as many as there are, and the
 * statistic is taken anew; the interval holds the middle of what comes out (percentiles, by linear interpolation).
 *
 * Values of one cluster are drawn together: the places of a secret are no independent samples, nor are one secret's
 * scores before and after. Clusters are drawn within those that stand in the same samples, so paired samples stay
 * paired and others keep their sizes. Python's generator draws, so the same seed gives the same interval. Shares of nothing,
 * or of all, are no wider by it than their one value, so theirs are exact ({@linkcode bootstrapShare}).
 *
 * @module
 */
import { mean } from "./mean.ts";
import { PythonRandom } from "../datasets/python_random.ts";

/** Values, and which of them belong together. */
export interface Sample {
  /** The values, at least one. */
  values: readonly number[];
  /** The cluster of each value, such as a secret's fingerprint; by default each is one of its own. */
  clusters?: readonly string[];
}

/** How to draw. */
export interface BootstrapOptions {
  /** The seed of the draws. Default 42. */
  seed?: number;
  /** How often values are drawn anew. Default 2,000. */
  resamples?: number;
  /** The share that lies inside. Default 0.95. */
  level?: number;
}

/** A statistic and its interval. */
export interface Interval {
  /** The statistic of the values themselves. */
  estimate: number;
  /** The interval's lower end. */
  low: number;
  /** Its upper end. */
  high: number;
}

/**
 * A mean and its interval.
 *
 * @throws as {@linkcode bootstrapInterval}
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { bootstrapMean } from "./bootstrap.ts";
 *
 * const { estimate, low, high } = bootstrapMean({ values: [1, 2, 3, 4] });
 * assert(low < 2.5 && high > 2.5);
 * assertEquals(estimate, 2.5);
 * const same = bootstrapMean({ values: [1, 2, 3, 4], clusters: ["a", "a", "a", "a"] });
 * assertEquals([same.low, same.high], [2.5, 2.5]); // one cluster: always the same
 * ```
 */
export function bootstrapMean(sample: Sample, options: BootstrapOptions = {}): Interval {
  const [clusters] = toStrata([sample]) as [Cluster[]];
  return drawnInterval([clusters], options, mean(sample.values), (draw) => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < clusters.length; i++) {
      const [values] = clusters[draw(clusters.length)]! as [number[]];
      for (const value of values) sum += value;
      count += values.length;
    }
    return sum / count;
  });
}

/**
 * A share of what is so or is not, and its interval; values may be shares themselves.
 *
 * @param sample values in [0, 1]
 * @throws as {@linkcode bootstrapInterval}; {RangeError} when a value is not in [0, 1]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bootstrapShare } from "./bootstrap.ts";
 *
 * const { estimate, low, high } = bootstrapShare({ values: Array(76).fill(0) }); // none of 76
 * assertEquals([estimate, low, high.toFixed(3)], [0, 0, "0.047"]);
 * ```
 */
export function bootstrapShare(sample: Sample, options: BootstrapOptions = {}): Interval {
  const { values, clusters = values.keys() } = sample;
  const wrong = values.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot take ${wrong} for a share: expected a value in [0, 1]`);
  }
  return exactShare(bootstrapMean(sample, options), new Set<unknown>(clusters).size, options);
}

/**
 * The interval of a share of nothing or of all, where drawing anew gives one end only: what Clopper and Pearson (1934) give
 * for none, or all, of so many independent trials.
 *
 * @param share as drawing has it; given back as it is where it is neither 0 nor 1
 * @param trials what was drawn from: clusters, at least one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exactShare } from "./bootstrap.ts";
 *
 * const { low, high } = exactShare({ estimate: 1, low: 1, high: 1 }, 10);
 * assertEquals([low.toFixed(4), high], ["0.6915", 1]);
 * ```
 */
export function exactShare(
  share: Interval,
  trials: number,
  { level = 0.95 }: Pick<BootstrapOptions, "level"> = {},
): Interval {
  const least = ((1 - level) / 2) ** (1 / trials); // a trial's chance by which all come out alike often enough
  if (share.estimate === 0) return { ...share, high: 1 - least };
  if (share.estimate === 1) return { ...share, low: least };
  return share;
}

/**
 * The difference of two means, first less second, and its interval; clusters that stand in both are drawn for both.
 *
 * @throws as {@linkcode bootstrapInterval}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bootstrapDifference } from "./bootstrap.ts";
 *
 * const clusters = ["a", "b", "c"];
 * const [after, before] = [{ values: [2, 4, 8], clusters }, { values: [0, 2, 4], clusters }];
 * const { estimate, low, high } = bootstrapDifference(after, before);
 * assertEquals([estimate, low, high].map(Math.round), [3, 2, 4]); // 2, 2 and 4
 * ```
 */
export function bootstrapDifference(first: Sample, second: Sample, options: BootstrapOptions = {}): Interval {
  return bootstrapInterval([first, second], ([a, b]) => mean(a!) - mean(b!), options);
}

/**
 * Any statistic of one or more samples and its interval.
 *
 * @param statistic of each sample's values
 * @throws {RangeError} when a sample is empty, has not a cluster for each value, or an option is out of range
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bootstrapInterval } from "./bootstrap.ts";
 *
 * const largest = bootstrapInterval([{ values: [3, 9] }], ([values]) => Math.max(...values!), { seed: 1 });
 * assertEquals(largest, { estimate: 9, low: 3, high: 9 });
 * ```
 */
export function bootstrapInterval(
  samples: readonly Sample[],
  statistic: (values: readonly number[][]) => number,
  options: BootstrapOptions = {},
): Interval {
  const strata = toStrata(samples);
  return drawnInterval(strata, options, statistic(samples.map(({ values }) => [...values])), (draw) => {
    const values = samples.map((): number[] => []);
    for (const clusters of strata) {
      for (let i = 0; i < clusters.length; i++) {
        const cluster = clusters[draw(clusters.length)]!;
        for (let sample = 0; sample < values.length; sample++) {
          for (const value of cluster[sample]!) values[sample]!.push(value);
        }
      }
    }
    return statistic(values);
  });
}

/**
 * A quantile of sorted values, by linear interpolation between neighbours, as NumPy has it.
 *
 * @param share in [0, 1]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { quantile } from "./bootstrap.ts";
 *
 * assertEquals([quantile([1, 2, 4], 0.5), quantile([1, 2, 4], 0.75)], [2, 3]);
 * ```
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (high - low) * (place - below);
}

/** The interval of what comes out of a resample, which draws a cluster of each stratum as often as it has some. */
function drawnInterval(
  strata: readonly Cluster[][],
  { seed = 42, resamples = 2000, level = 0.95 }: BootstrapOptions,
  estimate: number,
  resample: (draw: (size: number) => number) => number,
): Interval {
  if (!(resamples >= 1 && Number.isSafeInteger(resamples))) {
    throw new RangeError(`Cannot draw ${resamples} resamples: a whole number of at least 1 is needed`);
  }
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`Cannot give an interval of level ${level}: expected more than 0 and less than 1`);
  }
  const draw = clusterDraws(strata.map(({ length }) => length), { seed, resamples });
  const drawn = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) drawn[i] = resample(draw);
  drawn.sort();
  return { estimate, low: quantile(drawn, (1 - level) / 2), high: quantile(drawn, (1 + level) / 2) };
}

/** So many drawn numbers are kept, some 16 MB. */
const MOST_KEPT = 2 ** 22;

/** What was drawn last: intervals of one table's columns are over the same clusters. */
let kept: { key: string; numbers: Uint32Array } | undefined;

/** Draws the clusters of resamples, from strata of these sizes: called with each stratum's size as often as it has clusters. */
function clusterDraws(
  sizes: readonly number[],
  { seed, resamples }: { seed: number; resamples: number },
): (size: number) => number {
  const random = new PythonRandom(seed);
  const count = resamples * sizes.reduce((sum, size) => sum + size, 0);
  if (count > MOST_KEPT) return (size) => random.randbelow(size);
  const key = `${seed} ${resamples} ${sizes.join(" ")}`;
  if (kept?.key !== key) {
    const numbers = new Uint32Array(count);
    for (let i = 0; i < count;) {
      for (const size of sizes) for (let k = 0; k < size; k++) numbers[i++] = random.randbelow(size);
    }
    kept = { key, numbers };
  }
  const { numbers } = kept;
  let next = 0;
  return () => numbers[next++]!;
}

/** A cluster's values in each sample. */
type Cluster = number[][];

/** The clusters, those that stand in the same samples together; both in the order in which they come first. */
function toStrata(samples: readonly Sample[]): Cluster[][] {
  const clusters = new Map<string, Cluster>();
  samples.forEach(({ values, clusters: names }, sample) => {
    if (values.length === 0) throw new RangeError(`Cannot draw from sample ${sample}: it has no values`);
    if (names && names.length !== values.length) {
      throw new RangeError(
        `Cannot draw clusters of sample ${sample}: it has ${values.length} values and ${names.length} clusters`,
      );
    }
    values.forEach((value, i) => {
      const name = names ? `named ${names[i]}` : `${sample} ${i}`;
      let cluster = clusters.get(name);
      if (!cluster) clusters.set(name, cluster = samples.map(() => []));
      cluster[sample]!.push(value);
    });
  });
  const standsIn = (cluster: Cluster) => cluster.map((own) => own.length > 0).join();
  return [...Map.groupBy(clusters.values(), standsIn).values()];
}
