/**
 * Means of secrets' scores as the paper takes them: over the secrets of a document, then over the documents of a group.
 *
 * @module
 */
import type { Scores } from "./scorer.ts";

/** Means over a group; null where a metric is defined for no member. */
export type GroupMeans = Record<"ma" | "el_3" | "el_5" | "el_10" | "nll", number | null>;

/**
 * The mean over documents of the mean over their secrets.
 *
 * @param scores of all secrets
 * @param documents for each secret, its document
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const score = (ma: number) => ({ tokens: 9, ma, el_3: null, el_5: null, el_10: null, nll: 0 });
 * const { ma, el_3 } = groupMeans([score(1), score(0), score(1)], ["a", "a", "b"]);
 * assertEquals([ma, el_3], [0.75, null]);
 * ```
 */
export function groupMeans(scores: readonly Scores[], documents: readonly (string | number)[]): GroupMeans {
  const members = new Map<string | number, Scores[]>();
  scores.forEach((score, i) => {
    const document = documents[i]!;
    members.set(document, [...members.get(document) ?? [], score]);
  });
  const mean = (values: readonly (number | null)[]) => {
    const defined = values.filter((value) => value !== null);
    return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
  };
  const of = (metric: keyof GroupMeans) =>
    mean([...members.values()].map((group) => mean(group.map((score) => score[metric]))));
  return { ma: of("ma"), el_3: of("el_3"), el_5: of("el_5"), el_10: of("el_10"), nll: of("nll") };
}
