/**
 * Thresholds of secrets that have no controls of their own, as no other value of their formats can be drawn.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";

/** Numbers of a secret, or none. */
type Numbers<K extends string> = Readonly<Record<K, number | null>>;

/**
 * What a secret without controls is held to: the mean of the others' thresholds. That is the one rule of `select`, `scrub`
 * and `unlearn`, and what tables say is enough for it; the quantile of all controls together would need these, and lie
 * where the formats do of which any model knows most.
 *
 * @param names of the numbers
 * @returns the means; null where no secret has the number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { borrowedThresholds } from "./borrowed_thresholds.ts";
 *
 * const secrets = [{ ma: 0.25, el_10: null }, { ma: 0.75, el_10: null }, { ma: null, el_10: null }];
 * assertEquals(borrowedThresholds(secrets, ["ma", "el_10"]), { ma: 0.5, el_10: null });
 * ```
 */
export function borrowedThresholds<K extends string>(
  secrets: readonly Numbers<K>[],
  names: readonly K[],
): Record<K, number | null> {
  const meanOf = (name: K) => {
    const values = secrets.flatMap((secret) => {
      const value = secret[name];
      return value === null || Number.isNaN(value) ? [] : [value];
    });
    return values.length === 0 ? null : mean(values);
  };
  return Object.fromEntries(names.map((name) => [name, meanOf(name)])) as Record<K, number | null>;
}

/** What to do about a forget set, a request or a table none of whose secrets has controls. */
export const NO_CONTROLS = "no other value of their formats can be drawn: give thresholds of unseen texts, ";
