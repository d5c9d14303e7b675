/**
 * How a score stands to the threshold that unseen text sets: one comparison for the stopping rule, the verdict, the report
 * and the demo; and how a secret stands to bounds of its own: one rule for the result, the certificate and who verifies it.
 *
 * @module
 */

/**
 * Whether a score is below a threshold. A score of 0 is below every one: none can be lower, and a threshold of 0 says no
 * more than that unseen texts show less than so many of them can resolve (see {@linkcode leastMean}).
 *
 * @param score in [0, 1], or null where it was not measured: below nothing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isBelowThreshold } from "./threshold.ts";
 *
 * assertEquals([isBelowThreshold(0.2, 0.3), isBelowThreshold(0.3, 0.3), isBelowThreshold(0, 0)], [true, false, true]);
 * assertEquals(isBelowThreshold(null, 0.3), false);
 * ```
 */
export function isBelowThreshold(score: number | null, threshold: number): boolean {
  return score !== null && (score === 0 || score < threshold);
}

/**
 * The least mean of EL_n above 0 that some texts could have shown: one n-gram of one prefix of one of them.
 *
 * @param n of EL_n
 * @param size how many texts, and the tokens of each
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { leastMean } from "./threshold.ts";
 *
 * assertEquals(leastMean(10, { texts: 4, tokens: 20 }), 1 / 400);
 * ```
 */
export function leastMean(n: number, { texts, tokens }: { texts: number; tokens: number }): number {
  return 1 / (texts * (tokens - n) ** 2);
}

/** How a secret that was to be forgotten can stand. */
export const SECRET_STATES = ["erased", "still above", "below never-seen"] as const;

/** Where what was never seen lies for a secret; the lower ends are known by controls alone. */
export interface StateBounds {
  /** The most that its MA may be. */
  ma: number;
  /** The most that its EL_10 may be. */
  el_10: number;
  /** The MA that 95 % of controls reach. */
  ma_floor: number | null;
  /** The loss that 95 % of controls stay within, nats a token. */
  nll_ceiling: number | null;
}

/**
 * Whether a secret is above its thresholds; one without tokens is above nothing, one whose EL_10 is unknown is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isAbove } from "./threshold.ts";
 *
 * const scores = [{ ma: 0.3, el_10: 0 }, { ma: 0.3, el_10: null }, { ma: 0.4, el_10: null }, { ma: null, el_10: null }];
 * assertEquals(scores.map((score) => isAbove(score, { ma: 0.3, el_10: 0 })), [false, true, true, false]);
 * ```
 */
export function isAbove(
  { ma, el_10 }: { ma: number | null; el_10: number | null },
  bounds: Pick<StateBounds, "ma" | "el_10">,
): boolean {
  return ma !== null && (ma > bounds.ma || el_10 === null || el_10 > bounds.el_10);
}

/**
 * Whether a secret is above its thresholds by what was measured: unlike `isAbove`, an EL_10 that is unknown is not.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isMeasuredAbove } from "./threshold.ts";
 *
 * const scores = [{ ma: 0.3, el_10: null }, { ma: 0.3, el_10: 0.1 }, { ma: 0.4, el_10: null }, { ma: null, el_10: 1 }];
 * assertEquals(scores.map((score) => isMeasuredAbove(score, { ma: 0.3, el_10: 0 })), [false, true, true, false]);
 * ```
 */
export function isMeasuredAbove(
  { ma, el_10 }: { ma: number | null; el_10: number | null },
  bounds: Pick<StateBounds, "ma" | "el_10">,
): boolean {
  return ma !== null && (ma > bounds.ma || (el_10 ?? 0) > bounds.el_10);
}

/**
 * Whether a secret that is above its thresholds is likelier than anything never seen, so that no chance explains it: of what
 * was never seen some are above too, but none loses so little. Where that loss is not known, none is said to be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isRemembered } from "./threshold.ts";
 *
 * const bounds = { ma: 0.3, el_10: 0, nll_floor: 4 };
 * const isKnown = (ma: number, nll: number) => isRemembered({ ma, el_10: 0, nll }, bounds);
 * assertEquals([isKnown(1, 0.01), isKnown(0.4, 5), isKnown(0.2, 3)], [true, false, false]);
 * ```
 */
export function isRemembered(
  { ma, el_10, nll }: { ma: number | null; el_10: number | null; nll: number | null },
  bounds: Pick<StateBounds, "ma" | "el_10"> & { nll_floor?: number | null },
): boolean {
  return isAbove({ ma, el_10 }, bounds) && nll !== null && nll < (bounds.nll_floor ?? -Infinity);
}

/**
 * How a secret stands by its scores: erased where it scores as what was never seen does, and below that where it gives
 * away by a lower score that something stood there.
 *
 * @returns null where it has no scores
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretState } from "./threshold.ts";
 *
 * const bounds = { ma: 0.3, el_10: 0, ma_floor: 0.1, nll_ceiling: 6 };
 * const stateOf = (ma: number, nll: number) => secretState({ ma, el_10: 0, nll }, bounds);
 * assertEquals([stateOf(0.3, 5), stateOf(0.4, 5), stateOf(0, 5), stateOf(0.2, 7)], [
 *   "erased",
 *   "still above",
 *   "below never-seen",
 *   "below never-seen",
 * ]);
 * ```
 */
export function secretState(
  { ma, el_10, nll }: { ma: number | null; el_10: number | null; nll: number | null },
  bounds: StateBounds,
): typeof SECRET_STATES[number] | null {
  if (ma === null) return null;
  if (isAbove({ ma, el_10 }, bounds)) return "still above";
  const isLow = ma < (bounds.ma_floor ?? 0) || (nll ?? 0) > (bounds.nll_ceiling ?? Infinity);
  return isLow ? "below never-seen" : "erased";
}

/**
 * How many secrets are in which state; null is that of those without tokens.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countStates } from "./threshold.ts";
 *
 * const rows = [{ status: "erased" }, { status: null }, { status: "erased" }];
 * assertEquals(countStates(rows), { erased: 2, still_above: 0, below_never_seen: 0, without_tokens: 1 });
 * ```
 */
export function countStates(rows: readonly { status: string | null }[]) {
  const count = (status: typeof SECRET_STATES[number] | null) =>
    rows.filter((row) => row.status === status).length;
  const [erased, still_above, below_never_seen] = SECRET_STATES.map(count) as [number, number, number];
  return { erased, still_above, below_never_seen, without_tokens: count(null) };
}

/** A secret with its bounds when a run has ended. */
export interface EndedScores {
  status: string | null;
  ma: number | null;
  ma_threshold: number;
  el_10: number | null;
  el_10_threshold: number;
  nll: number | null;
  nll_floor: number | null;
}

/** How many secrets ended how. */
export interface OutcomeCounts extends ReturnType<typeof countStates> {
  /** So many of what was never seen are above their thresholds by chance. */
  above_by_chance: number;
  /** So many of those above are likelier than any made-up one, which no chance explains. */
  remembered: number;
}

/**
 * Counts how secrets ended.
 *
 * @param rows as `unlearn` writes them @param byChance so many are above by chance
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countOutcomes } from "./threshold.ts";
 *
 * const row = { status: "still above", ma: 1, ma_threshold: 0.3, el_10: 0, el_10_threshold: 0, nll: 0.1, nll_floor: 2 } as const;
 * const { still_above, remembered } = countOutcomes([row, { ...row, nll: 3 }], 1);
 * assertEquals([still_above, remembered], [2, 1]);
 * ```
 */
export function countOutcomes(
  rows: readonly EndedScores[],
  byChance: number,
): OutcomeCounts {
  const remembered = rows.filter((row) =>
    isRemembered(row, { ma: row.ma_threshold, el_10: row.el_10_threshold, nll_floor: row.nll_floor })
  );
  return { ...countStates(rows), above_by_chance: byChance, remembered: remembered.length };
}
