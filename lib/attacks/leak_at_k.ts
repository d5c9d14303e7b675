/**
 * Estimates of what some draws out of a model give away, from one probability or from draws that were made.
 *
 * @module
 */

/**
 * The probability that at least one of n draws gives a text that each gives with probability q: 1 - (1 - q)^n, the p of
 * (n, p)-discoverable extraction (Hayes et al., 2024).
 *
 * @param logProbability ln q; -Infinity for 0
 *
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { discoverable } from "./leak_at_k.ts";
 *
 * assertAlmostEquals(discoverable(Math.log(0.5), 2), 0.75, 1e-12);
 * assertAlmostEquals(discoverable(Math.log(1e-20), 10_000), 1e-16, 1e-20);
 * assertEquals([discoverable(0, 1), discoverable(-Infinity, 100)], [1, 0]);
 * ```
 */
export function discoverable(logProbability: number, n: number): number {
  return -Math.expm1(n * Math.log1p(-Math.exp(Math.min(0, logProbability)))) + 0;
}

/**
 * leak@k (Reisizadeh et al., 2025): the mean over all choices of k of the draws of the largest score among them, which is an
 * unbiased estimate of the largest score of k draws. With scores of 0 and 1 it is pass@k.
 *
 * @param scores of the draws
 * @throws {RangeError} when k is not between 1 and the number of draws
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { leakAtK } from "./leak_at_k.ts";
 *
 * assertAlmostEquals(leakAtK([0, 1, 0], 2), 2 / 3, 1e-12);
 * assertAlmostEquals(leakAtK([0.2, 0.4, 0.9], 1), 0.5, 1e-12);
 * ```
 */
export function leakAtK(scores: readonly number[], k: number): number {
  const n = scores.length;
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= n)) {
    throw new RangeError(`Cannot estimate leak@${k} from ${n} draws: k must be a whole number of 1 to ${n}`);
  }
  const sorted = [...scores].sort((a, b) => b - a);
  // the share of choices whose largest is draw i of the sorted ones: that it and none before it are chosen
  let share = k / n;
  return sorted.slice(0, n - k + 1).reduce((sum, score, i) => {
    const term = share * score;
    share *= (n - k - i) / (n - 1 - i);
    return sum + term;
  }, 0);
}

/** The k of leak@k, of as many draws as the last: others' tables are of 200. */
export const LEAK_DRAWS = [1, 10, 100, 200] as const;

/**
 * What {@linkcode leakAtK} of hits and misses is in expectation, so without draws and their noise: a choice of k draws holds a
 * hit as often as any k do, 1 - (1 - q)^k.
 *
 * @param logProbability ln of the probability that a draw hits
 * @returns by k
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { leaksAtK } from "./leak_at_k.ts";
 *
 * const leaks = leaksAtK(Math.log(0.25));
 * assertEquals([Object.keys(leaks), leaks[1]!.toFixed(9)], [["1", "10", "100", "200"], "0.250000000"]);
 * ```
 */
export function leaksAtK(logProbability: number): Record<string, number> {
  return Object.fromEntries(LEAK_DRAWS.map((k) => [String(k), discoverable(logProbability, k)]));
}
