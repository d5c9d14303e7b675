/**
 * How a score stands to the threshold that unseen text sets: one comparison for the stopping rule, the verdict, the report
 * and the demo.
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
