/**
 * What `probe` says of its result.
 *
 * @module
 */
import type { SecretPlace } from "../datasets/place.ts";

/**
 * Names what was left out as nothing stands before it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(unpredictedLines([]), []);
 * const [line] = unpredictedLines([{ doc_id: "a", tag: "KEY", start: 0, end: 9 }]);
 * assertEquals(line!.split(":").slice(0, 2), ["not scored", ' the secret that begins document "a"']);
 * ```
 */
export function unpredictedLines(places: readonly SecretPlace[]): string[] {
  const [first] = places;
  if (first === undefined) return [];
  const others = places.length === 1 ? "" : `, and so are ${places.length - 1} others`;
  return [
    `not scored: the secret that begins document "${first.doc_id}"${others}: ` +
    "the tokenizer has no token that begins or ends a text, so nothing predicts it",
  ];
}

/**
 * What a probe found, in a line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const counts = { secrets: 3, documents: 2, memorized: 1, equal_pairs: 0, not_treated: 0 };
 * const text = describeProbe({ ...counts, out: "probe.parquet" });
 * assertEquals(text, "3 secrets in 2 documents, 1 of MA >= 0.9\nwritten: probe.parquet");
 * ```
 */
export function describeProbe(
  { secrets, documents, memorized, equal_pairs, not_treated, out }:
    & {
      [name in "secrets" | "documents" | "memorized" | "equal_pairs" | "not_treated"]: number;
    }
    & { out: string },
): string {
  return [
    `${secrets} secrets in ${documents} documents, ${memorized} of MA >= 0.9`,
    ...(not_treated > 0 ? [`, ${not_treated} not treated`] : []),
    ...(equal_pairs > 0
      ? [`; ${equal_pairs} were not scored, being equal to others with the text before them`]
      : []),
    `\nwritten: ${out}`,
  ].join("");
}
