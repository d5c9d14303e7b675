/**
 * What detection finds against what is known to be there: planted secrets found and missed, and finds that nobody
 * planted (real ones of the code, or false positives). Places are equal when document, start and end are.
 *
 * @module
 */
import { type FoundPlace, placeKey } from "../datasets/place.ts";

/** One detector's count of places. */
export interface DetectionQuality {
  /** Which detector. */
  detector: string;
  /** Places that are known to be secret and this detector's to find. */
  planted: number;
  /** Those of them that some detector found. */
  found: number;
  /** Those that none found. */
  missed: number;
  /** Places that this detector found and nobody planted. */
  not_planted: number;
}

/**
 * Counts by detector, the most planted first.
 *
 * @param planted places with the detector that is to find each
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectionQuality } from "./detection_quality.ts";
 *
 * const place = (start: number, detector = "Email") => ({ doc_id: "a.py", start, end: start + 9, detector });
 * const [row] = detectionQuality([place(0), place(40)], [place(0), place(20)]);
 * assertEquals(row, { detector: "Email", planted: 2, found: 1, missed: 1, not_planted: 1 });
 * ```
 */
export function detectionQuality(
  found: readonly Omit<FoundPlace, "tag" | "fingerprint">[],
  planted: readonly Omit<FoundPlace, "tag" | "fingerprint">[],
): DetectionQuality[] {
  const seen = new Set(found.map(placeKey));
  const known = new Set(planted.map(placeKey));
  const detectors = [...new Set([...planted, ...found].map(({ detector }) => detector))].sort();
  const rows = detectors.map((detector) => {
    const own = planted.filter((place) => place.detector === detector);
    const hits = own.filter((place) => seen.has(placeKey(place))).length;
    const strays = found.filter((place) => place.detector === detector && !known.has(placeKey(place))).length;
    return { detector, planted: own.length, found: hits, missed: own.length - hits, not_planted: strays };
  });
  return rows.toSorted((a, b) => b.planted - a.planted || b.not_planted - a.not_planted);
}
