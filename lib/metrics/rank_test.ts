/**
 * The place of one score among those of controls: as a p-value, and as exposure (Carlini et al., 2019). If the score is
 * one more draw from what the controls are drawn from, each place is as likely as any other.
 *
 * @module
 */

/** Where a score stands. */
export interface RankResult {
  /** How many controls score at least as high: 0 is the top. */
  rank: number;
  /** (rank + 1) / (controls + 1): at most alpha in a share alpha of never-seen secrets. */
  p_value: number;
  /** -log2 of that: the bits by which the score narrows a guess down; at most log2(controls + 1). */
  exposure: number;
  /**
   * The p-value with ties broken by chance: uniform over [0, 1] for what was never seen, also where scores have few
   * values; equal to `p_value` but for ties and the last place where no tie breaker is given.
   */
  smooth_p_value: number;
}

/**
 * Ranks a score among controls; high is memorized, so losses are given with a minus.
 *
 * @param controls at least one
 * @param options.tie in [0, 1): a random number that places the score among its equals
 * @throws {RangeError} when there are no controls, or a score is NaN
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rankAmong } from "./rank_test.ts";
 *
 * const { rank, p_value, exposure } = rankAmong(0.9, [0.1, 0.9, 0.2]);
 * assertEquals([rank, p_value, exposure], [1, 0.5, 1]);
 * assertEquals(rankAmong(0.9, [0.1, 0.9, 0.2], { tie: 0.25 }).smooth_p_value, 0.125);
 * ```
 */
export function rankAmong(score: number, controls: readonly number[], { tie = 1 } = {}): RankResult {
  if (controls.length === 0) throw new RangeError("Cannot rank a score among controls: there are none");
  if ([score, ...controls].some(Number.isNaN)) {
    throw new RangeError("Cannot rank a score among controls: one is not a number");
  }
  const above = controls.filter((control) => control > score).length;
  const equal = controls.filter((control) => control === score).length;
  const p_value = (above + equal + 1) / (controls.length + 1);
  return {
    rank: above + equal,
    p_value,
    exposure: -Math.log2(p_value) + 0, // never -0
    smooth_p_value: (above + tie * (equal + 1)) / (controls.length + 1),
  };
}

/**
 * How many of so many never-seen secrets may lie above thresholds that each passes with a small probability, before their
 * number says more than chance: the least count that a binomial variable exceeds in less than 5 % of cases.
 *
 * @param count of secrets @param share of the never-seen above its threshold, in [0, 1]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { aboveByChance } from "./rank_test.ts";
 *
 * assertEquals([aboveByChance(76, 0.05), aboveByChance(1, 0.05), aboveByChance(76, 0)], [7, 0, 0]);
 * ```
 */
export function aboveByChance(count: number, share: number): number {
  if (share === 0 || share === 1) return share * count;
  let log = count * Math.log1p(-share); // of the probability that none is above: too small for a number where there are many
  let [sum, above] = [Math.exp(log), 0];
  while (sum < 0.95 && above < count) {
    log += Math.log((count - above) / (above + 1)) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(log);
    above++;
  }
  return above;
}
