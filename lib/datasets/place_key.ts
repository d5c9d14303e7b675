/**
 * Places of secrets as keys, to join tables by: all of them name a place by document, start and end.
 *
 * @module
 */

/**
 * Equal for equal places.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { placeKey } from "./place_key.ts";
 *
 * const place = { doc_id: "a", start: 0, end: 9 };
 * assertEquals(placeKey({ ...place }), placeKey(place));
 * ```
 */
export function placeKey({ doc_id, start, end }: { doc_id: string; start: number; end: number }): string {
  return `${doc_id}\0${start}\0${end}`;
}
