/**
 * The area under the ROC curve: how well a score tells two groups apart, with an interval, read from both sides. An area
 * under one half is no failure of the attack: who turns the score around is as right, which is how over-forgetting shows.
 *
 * @module
 */
import { bootstrapInterval, type BootstrapOptions, type Interval, type Sample } from "./bootstrap.ts";

/** An area with its interval. */
export interface AucInterval extends Interval {
  /** The larger of the area and one less it: what an attacker has who may turn the score around. */
  two_sided: number;
  /** What the interval says: `"members"` above one half, `"over-forgotten"` below, `"neither"` where it holds one half. */
  reading: "members" | "over-forgotten" | "neither";
}

/**
 * The probability that a member's score is above another's, equal scores counting half (Mann and Whitney, 1947).
 *
 * @returns in [0, 1]; NaN where a group is empty
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { auc } from "./auc.ts";
 *
 * assertEquals(auc([3, 4], [1, 2]), 1);
 * assertEquals(auc([1, 2], [1, 2]), 0.5);
 * ```
 */
export function auc(members: readonly number[], others: readonly number[]): number {
  const all = [
    ...members.map((score) => ({ score, isMember: true })),
    ...others.map((score) => ({ score, isMember: false })),
  ].sort((a, b) => a.score - b.score);
  let [below, wins] = [0, 0];
  for (let first = 0; first < all.length;) {
    let [last, tied] = [first, 0];
    while (last < all.length && all[last]!.score === all[first]!.score) tied += all[last++]!.isMember ? 0 : 1;
    wins += (last - first - tied) * (below + tied / 2);
    below += tied;
    first = last;
  }
  return wins / (members.length * others.length);
}

/**
 * The area with its bootstrap interval.
 *
 * @param others controls; clusters that stand in both groups are drawn together
 * @throws {RangeError} as `bootstrapInterval`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { aucInterval } from "./auc.ts";
 *
 * const [low, high] = [{ values: [1, 2, 3] }, { values: [4, 5, 6] }];
 * const { estimate, two_sided, reading } = aucInterval(low, high);
 * assertEquals([estimate, two_sided, reading], [0, 1, "over-forgotten"]);
 * ```
 */
export function aucInterval(members: Sample, others: Sample, options: BootstrapOptions = {}): AucInterval {
  const interval = bootstrapInterval([members, others], ([a, b]) => auc(a!, b!), options);
  const { estimate, low, high } = interval;
  const reading = low > 0.5 ? "members" : high < 0.5 ? "over-forgotten" : "neither";
  return { ...interval, two_sided: Math.max(estimate, 1 - estimate), reading };
}
