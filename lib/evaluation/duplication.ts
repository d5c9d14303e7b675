/**
 * How memorization grows with the number of copies of a secret in the training set, where the truth is known: the mean
 * MA over the places of each planted secret, then over the secrets of each number of copies.
 *
 * @module
 */
import { type Place, placeKey } from "../datasets/place.ts";
import type { ValuePlace } from "./secret_values.ts";
import { meanAndError } from "./thresholds.ts";

/** Mean MA of the secrets of one number of copies. */
export interface DuplicationMeans {
  /** 0 for never-trained twins. */
  copies: number;
  /** Mean over secrets. */
  ma: number | null;
  /** Its standard error. */
  se: number | null;
  /** How many secrets. */
  secrets: number;
}

/**
 * Joins probed places with the truth and averages.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maByCopies } from "./duplication.ts";
 *
 * const place = { doc_id: "a", start: 0, end: 9 };
 * const truth = [{ ...place, secret_id: "s", copies: 4 }];
 * assertEquals(maByCopies([{ ...place, ma: 0.5 }], truth), [{ copies: 4, ma: 0.5, se: null, secrets: 1 }]);
 * ```
 */
export function maByCopies(
  probed: readonly (Place & { ma: number | null })[],
  truth: readonly (Place & Pick<ValuePlace, "secret_id" | "copies">)[],
): DuplicationMeans[] {
  const planted = new Map(truth.map((row) => [placeKey(row), row]));
  const bySecret = new Map<string, { copies: number; scores: number[] }>();
  for (const row of probed) {
    const secret = planted.get(placeKey(row));
    if (!secret || row.ma === null) continue;
    const entry = bySecret.get(secret.secret_id) ?? { copies: secret.copies, scores: [] };
    entry.scores.push(row.ma);
    bySecret.set(secret.secret_id, entry);
  }
  const secrets = [...bySecret.values()].map(({ copies, scores }) => ({
    copies,
    ma: meanAndError(scores).mean!,
  }));
  const counts = [...new Set(secrets.map(({ copies }) => copies))].sort((a, b) => a - b);
  return counts.map((copies) => {
    const values = secrets.filter((secret) => secret.copies === copies).map(({ ma }) => ma);
    const { mean, standard_error } = meanAndError(values);
    return { copies, ma: mean, se: standard_error, secrets: values.length };
  });
}
