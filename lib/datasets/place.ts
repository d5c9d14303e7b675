/**
 * Where secrets stand, as tables have it: a document and a stretch of its code points. Each further type of a secret's
 * place extends these; in a text at hand a place is a {@linkcode Span} of UTF-16 units, which {@linkcode spanFinder} finds.
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";
import { fromCodePoints } from "../tokenizers/code_points.ts";

/** A stretch of a document. */
export interface Place {
  /** The document. */
  doc_id: string;
  /** First character, code points. */
  start: number;
  /** Character after the last. */
  end: number;
}

/** A place at which a secret stands. */
export interface SecretPlace extends Place {
  /** EMAIL, IP_ADDRESS or KEY, or another `SecretTag`. */
  tag: string;
}

/** A secret's place with what found it and a proof of its value, as `detect` writes it. */
export interface FoundPlace extends SecretPlace {
  /** The rule that found it. */
  detector: string;
  /** HMAC of the value: equal for equal values. */
  fingerprint: string;
}

/**
 * A key to join tables by, equal for equal places, whatever was found there: two tags of one place are one secret.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { placeKey } from "./place.ts";
 *
 * const place = { doc_id: "a", start: 0, end: 9 };
 * assertEquals(placeKey({ ...place }), placeKey(place));
 * ```
 */
export function placeKey({ doc_id, start, end }: Place): string {
  return `${doc_id}\0${start}\0${end}`;
}

/**
 * Finds places in one text, all by one table of its characters.
 *
 * @param purpose what for, a verb for the message
 * @returns a function that gives a place in UTF-16 units and throws a RangeError when it lies outside the text
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { spanFinder } from "./place.ts";
 *
 * const spanOf = spanFinder("😀ab", "use");
 * assertEquals(spanOf({ doc_id: "a", start: 1, end: 3 }), { start: 2, end: 4 });
 * assertThrows(() => spanOf({ doc_id: "a", start: 1, end: 4 }), RangeError, 'Cannot use the secret at 1..4 of "a"');
 * ```
 */
export function spanFinder(text: string, purpose: string): (place: Place) => Span {
  const units = fromCodePoints(text);
  const length = units.length - 1;
  return ({ doc_id, start, end }) => {
    if (start >= 0 && start < end && end <= length) return { start: units[start]!, end: units[end]! };
    throw new RangeError(
      `Cannot ${purpose} the secret at ${start}..${end} of "${doc_id}": the document has ${length} code points`,
    );
  };
}
