/**
 * What detection finds against what is known to be there: planted secrets found and missed, and finds that nobody
 * planted (real ones of the code, or false positives). Places are equal when document, start and end are.
 *
 * @module
 */

/** Where a secret stands. */
export interface FoundPlace {
  /** Which document. */
  doc_id: string;
  /** Code points. */
  start: number;
  /** Exclusive. */
  end: number;
  /** What found it, or is to find it. */
  detector: string;
}

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
  found: readonly FoundPlace[],
  planted: readonly FoundPlace[],
): DetectionQuality[] {
  const keyOf = ({ doc_id, start, end }: FoundPlace) => `${doc_id}\0${start}\0${end}`;
  const seen = new Set(found.map(keyOf));
  const known = new Set(planted.map(keyOf));
  const detectors = [...new Set([...planted, ...found].map(({ detector }) => detector))].sort();
  const rows = detectors.map((detector) => {
    const own = planted.filter((place) => place.detector === detector);
    const hits = own.filter((place) => seen.has(keyOf(place))).length;
    const strays = found.filter((place) => place.detector === detector && !known.has(keyOf(place))).length;
    return { detector, planted: own.length, found: hits, missed: own.length - hits, not_planted: strays };
  });
  return rows.toSorted((a, b) => b.planted - a.planted || b.not_planted - a.not_planted);
}
