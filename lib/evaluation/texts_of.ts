/**
 * Documents of a corpus by name.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";

/**
 * The texts of a corpus by document.
 *
 * @param docIds documents that must be there
 * @throws {RangeError} when one is not
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { textsOf } from "./texts_of.ts";
 *
 * assertThrows(() => textsOf([], ["a"]), RangeError, 'Cannot probe document "a"');
 * ```
 */
export function textsOf(documents: readonly Document[], docIds: Iterable<string>): Map<string, string> {
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  for (const id of docIds) {
    if (texts.has(id)) continue;
    throw new RangeError(
      `Cannot probe document "${id}" as the corpus has no such document: give the corpus that detect read`,
    );
  }
  return texts;
}
