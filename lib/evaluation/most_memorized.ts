/**
 * The secrets that a model knows best, by value: all places of one fingerprint together.
 *
 * @module
 */
import { type FoundPlace, type Place, placeKey } from "../datasets/place.ts";

/** One value and how well it is known. */
export interface MemorizedSecret {
  /** A place where it stands. */
  place: FoundPlace;
  /** Mean MA over its places. */
  ma: number;
  /** The number of documents in which it stands. */
  documents: number;
}

/**
 * Values by mean MA, then by the number of documents, then by place.
 *
 * @param probed scores of places; places without one are left out
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mostMemorized } from "./most_memorized.ts";
 *
 * const place = { doc_id: "a", tag: "KEY", detector: "AWS", start: 0, end: 9, fingerprint: "f" };
 * const [first] = mostMemorized([place], [{ doc_id: "a", start: 0, end: 9, ma: 1 }], 5);
 * assertEquals([first?.ma, first?.documents], [1, 1]);
 * ```
 */
export function mostMemorized(
  places: readonly FoundPlace[],
  probed: readonly (Place & { ma: number | null })[],
  count: number,
): MemorizedSecret[] {
  const scores = new Map(probed.map((row) => [placeKey(row), row.ma]));
  const values = new Map<string, { place: FoundPlace; scores: number[]; documents: Set<string> }>();
  const seen = new Set<string>();
  for (const place of places) {
    const ma = scores.get(placeKey(place));
    if (ma === null || ma === undefined || seen.has(placeKey(place))) continue;
    seen.add(placeKey(place)); // two detectors may have found it
    const value = values.get(place.fingerprint) ?? { place, scores: [], documents: new Set() };
    value.scores.push(ma);
    value.documents.add(place.doc_id);
    values.set(place.fingerprint, value);
  }
  return [...values.values()]
    .map(({ place, scores, documents }) => ({
      place,
      ma: scores.reduce((sum, ma) => sum + ma, 0) / scores.length,
      documents: documents.size,
    }))
    .sort((a, b) =>
      b.ma - a.ma || b.documents - a.documents || (placeKey(a.place) < placeKey(b.place) ? -1 : 1)
    )
    .slice(0, count);
}
