/**
 * The choice of the next token: greedy, or by temperature and top-p (nucleus sampling, Holtzman et al., 2020) as
 * transformers has it: tokens from the likeliest on until their probabilities reach p, the one that reaches it included.
 *
 * @module
 */

/** The likeliest tokens of one row. */
export interface Candidates {
  /** Token ids, the likeliest first. */
  ids: ArrayLike<number>;
  /** Their logits, not yet divided by the temperature. */
  logits: ArrayLike<number>;
  /** log(sum(exp(logit / temperature))) over the whole vocabulary. */
  logSumExp: number;
}

/** How to choose. */
export interface SamplingOptions {
  /** The temperature, above 0. */
  temperature: number;
  /** The share of the probability that is kept, in (0, 1]. */
  topP: number;
}

/**
 * Draws from the nucleus.
 *
 * @param uniform in [0, 1)
 * @returns a token id; null when the nucleus reaches past the candidates
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const logSumExp = Math.log(Math.exp(2) + Math.exp(1));
 * const candidates = { ids: [7, 3], logits: [2, 1], logSumExp };
 * assertEquals(drawToken(candidates, { temperature: 1, topP: 0.5 }, 0.99), 7); // its probability is 0.73
 * assertEquals(drawToken(candidates, { temperature: 1, topP: 1 }, 0.99), 3);
 * ```
 */
export function drawToken(
  { ids, logits, logSumExp }: Candidates,
  { temperature, topP }: SamplingOptions,
  uniform: number,
): number | null {
  const sums: number[] = [];
  let sum = 0;
  while (sum < topP) {
    if (sums.length === ids.length) {
      if (sum < Math.min(topP, 1 - 1e-6)) return null; // but for rounding, that was the whole vocabulary
      break;
    }
    sum += Math.exp(logits[sums.length]! / temperature - logSumExp);
    sums.push(sum);
  }
  const place = sums.findIndex((bound) => uniform * sum < bound);
  return ids[place]!;
}
