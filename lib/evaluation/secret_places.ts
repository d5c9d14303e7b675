/**
 * Places of secrets, as tables have them, found again in the texts of a corpus.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import type { Span } from "../datasets/secret_mask.ts";
import { fromCodePoints } from "../tokenizers/code_points.ts";

/** A place of a secret, as `detect` writes it. */
export interface SecretPlace {
  /** The document. */
  doc_id: string;
  /** EMAIL, IP_ADDRESS or KEY. */
  tag: string;
  /** First character, code points. */
  start: number;
  /** Character after the last. */
  end: number;
}

/**
 * The texts of a corpus by document.
 *
 * @param docIds documents that must be there
 * @throws {RangeError} when one is not
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { textsOf } from "./secret_places.ts";
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

/**
 * A place in UTF-16 units of its document's text.
 *
 * @param units of the text's code points; made here where many places of a text do not share them
 * @throws {RangeError} when it lies outside
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unitsOf } from "./secret_places.ts";
 *
 * const place = { doc_id: "a", tag: "KEY", start: 1, end: 3 };
 * assertEquals(unitsOf(place, "😀ab"), { start: 2, end: 4 });
 * ```
 */
export function unitsOf(
  { doc_id, start, end }: SecretPlace,
  text: string,
  units: Uint32Array = fromCodePoints(text),
): Span {
  if (!(start >= 0 && start < end && end < units.length)) {
    throw new RangeError(
      `Cannot probe the secret at ${start}..${end} of "${doc_id}": the document has ${
        units.length - 1
      } code points`,
    );
  }
  return { start: units[start]!, end: units[end]! };
}
