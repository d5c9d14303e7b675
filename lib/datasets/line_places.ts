/**
 * Where spans stand as people and editors count: lines and columns from 1, columns in code points. Lines end at LF.
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";

/** A stretch of a text by its lines. */
export interface LinePlace {
  /** The line of the first character. */
  line: number;
  /** Its column. */
  column: number;
  /** The line of the last character. */
  end_line: number;
  /** One past its column. */
  end_column: number;
}

/**
 * Finds the lines of spans in one text, all by one table of its lines.
 *
 * @param points code points before each UTF-16 unit, as `toCodePoints` gives them; null where they are the same
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linePlaces } from "./line_places.ts";
 *
 * const placeOf = linePlaces("a\nb = 1\n", null);
 * assertEquals(placeOf({ start: 6, end: 7 }), { line: 2, column: 5, end_line: 2, end_column: 6 });
 * ```
 */
export function linePlaces(text: string, points: ArrayLike<number> | null): (span: Span) => LinePlace {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const point = (unit: number) => points?.[unit] ?? unit;
  const at = (unit: number) => {
    let [low, high] = [0, starts.length]; // the first line that starts behind the unit
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= unit) low = middle + 1;
      else high = middle;
    }
    return { line: low, column: point(unit) - point(starts[low - 1]!) + 1 };
  };
  return ({ start, end }) => {
    const last = at(Math.max(start, end - 1)); // a value may end with its line
    return { ...at(start), end_line: last.line, end_column: last.column + 1 };
  };
}
