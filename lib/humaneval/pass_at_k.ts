/**
 * pass@k (Chen et al., 2021, "Evaluating Large Language Models Trained on Code", arXiv 2107.03374): the probability that
 * one of k samples of a problem passes, estimated without bias from n of them; its mean over problems with an interval;
 * and how two models' differ.
 *
 * @module
 */
import {
  bootstrapInterval,
  type BootstrapOptions,
  bootstrapShare,
  type Interval,
} from "../metrics/bootstrap.ts";
import { mean } from "../metrics/mean.ts";

/** What became of a problem's samples. */
export interface ProblemCounts {
  /** The problem. */
  task_id: string;
  /** Samples. */
  n: number;
  /** Those that pass. */
  c: number;
}

/**
 * 1 - C(n - c, k) / C(n, k), as a product that does not overflow.
 *
 * @param n samples @param c those that pass @param k how many are drawn
 * @throws {RangeError} when the numbers are not whole, or c or k are not within n
 *
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { passAtK } from "./pass_at_k.ts";
 *
 * assertAlmostEquals(passAtK({ n: 10, c: 3 }, 1), 0.3);
 * assertAlmostEquals(passAtK({ n: 5, c: 2 }, 2), 1 - 3 / 10);
 * assertEquals([passAtK({ n: 5, c: 0 }, 5), passAtK({ n: 5, c: 1 }, 5)], [0, 1]);
 * ```
 */
export function passAtK({ n, c }: Pick<ProblemCounts, "n" | "c">, k: number): number {
  const isWhole = [n, c, k].every((value) => Number.isSafeInteger(value));
  if (!isWhole || c < 0 || c > n || k < 1 || k > n) {
    throw new RangeError(`Cannot take pass@${k} of ${n} samples of which ${c} pass: k is to be 1 to ${n}`);
  }
  if (n - c < k) return 1;
  let fails = 1;
  for (let i = n - c + 1; i <= n; i++) fails *= 1 - k / i;
  return 1 - fails;
}

/**
 * The mean over problems; problems are drawn anew for its interval.
 *
 * @throws {RangeError} when there is no problem, or one has fewer than k samples
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { meanPassAtK } from "./pass_at_k.ts";
 *
 * const problems = [{ task_id: "a", n: 2, c: 2 }, { task_id: "b", n: 2, c: 0 }];
 * assertEquals(meanPassAtK(problems, 1).estimate, 0.5);
 * ```
 */
export function meanPassAtK(
  problems: readonly ProblemCounts[],
  k: number,
  options: BootstrapOptions = {},
): Interval & { standard_error: number } {
  const values = problems.map((problem) => passAtK(problem, k));
  const interval = bootstrapShare({ values }, options);
  const variance = values.reduce((sum, value) => sum + (value - interval.estimate) ** 2, 0) /
    (values.length - 1);
  return { ...interval, standard_error: values.length < 2 ? 0 : Math.sqrt(variance / values.length) };
}

/** Two models on the same problems. */
export interface PassComparison {
  /** pass@k after less before, for each k. */
  differences: { k: number; difference: Interval }[];
  /** The paper's retention: the mean over k of after / before; null where a pass@k before is 0. */
  retention: Interval | null;
}

/**
 * Compares two models on the problems that both have; a problem is drawn for both at once.
 *
 * A resample in which nothing passed before counts as kept.
 *
 * @throws {RangeError} when they have other problems, or a problem has fewer than k samples
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { comparePasses } from "./pass_at_k.ts";
 *
 * const before = [{ task_id: "a", n: 2, c: 2 }, { task_id: "b", n: 2, c: 2 }];
 * const after = [{ task_id: "b", n: 2, c: 0 }, { task_id: "a", n: 2, c: 2 }];
 * const { differences, retention } = comparePasses(before, after, [1]);
 * assertEquals([differences[0]!.difference.estimate, retention!.estimate], [-0.5, 0.5]);
 * ```
 */
export function comparePasses(
  before: readonly ProblemCounts[],
  after: readonly ProblemCounts[],
  ks: readonly number[],
  options: BootstrapOptions = {},
): PassComparison {
  const known = new Map(after.map((problem) => [problem.task_id, problem]));
  const missing = before.find(({ task_id }) => !known.has(task_id));
  if (missing || known.size !== before.length) {
    const what = missing
      ? `"${missing.task_id}" has no samples after`
      : `${known.size} of ${before.length} problems are there`;
    throw new RangeError(`Cannot compare passes of other problems: ${what}`);
  }
  const clusters = before.map(({ task_id }) => task_id);
  const samples = ks.flatMap((k) => [
    { values: before.map((problem) => passAtK(problem, k)), clusters },
    { values: clusters.map((id) => passAtK(known.get(id)!, k)), clusters },
  ]);
  const means = (values: readonly number[][]) =>
    ks.map((_, i) => [mean(values[2 * i]!), mean(values[2 * i + 1]!)] as const);
  const differences = ks.map((k, i) => ({
    k,
    difference: bootstrapInterval(samples, (values) => means(values)[i]![1] - means(values)[i]![0], options),
  }));
  const isUndefined = means(samples.map(({ values }) => values)).some(([first]) => first === 0);
  const retention = isUndefined ? null : bootstrapInterval(
    samples,
    (values) => mean(means(values).map(([first, second]) => first === 0 ? 1 : second / first)),
    options,
  );
  return { differences, retention };
}

/**
 * McNemar's exact test (1947): whether two models that tried each problem once differ, by the problems that one alone solves.
 *
 * @param onlyBefore problems solved before only @param onlyAfter after only
 * @returns the two-sided p-value of a fair coin
 *
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { mcNemar } from "./pass_at_k.ts";
 *
 * assertEquals([mcNemar(0, 0), mcNemar(3, 3)], [1, 1]);
 * assertAlmostEquals(mcNemar(0, 5), 2 / 32);
 * ```
 */
export function mcNemar(onlyBefore: number, onlyAfter: number): number {
  const n = onlyBefore + onlyAfter;
  const fewer = Math.min(onlyBefore, onlyAfter);
  let [logChoose, tail] = [0, 0];
  for (let i = 0; i <= fewer; i++) {
    tail += Math.exp(logChoose - n * Math.LN2);
    logChoose += Math.log((n - i) / (i + 1));
  }
  return Math.min(1, 2 * tail);
}
