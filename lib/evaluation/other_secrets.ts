/**
 * Secrets of the same corpus that nobody asked to erase: what a model says of them before and after shows what erasing
 * took along, or brought up.
 *
 * @module
 */
import type { ForgetRow } from "../datasets/forget_set.ts";
import { readForgetSpans } from "../datasets/forget_spans.ts";
import { placeKey, type SecretPlace } from "../datasets/place.ts";
import { PythonRandom } from "../datasets/python_random.ts";

/** A place and what tells its value. */
export interface ValueOfPlace extends SecretPlace {
  /** HMAC of the value: equal for equal values. */
  fingerprint: string;
}

/**
 * Places of secrets that are not in the forget set: one a value, none whose value is in the forget set too, as many as are
 * wanted of those that the seed shuffles to the front.
 *
 * @param places those that `detect` found, the forget set's among them
 * @throws {RangeError} when a secret of the forget set is not among them: its copies could not be told
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { otherSecrets } from "./other_secrets.ts";
 *
 * const place = (doc_id: string, fingerprint: string) =>
 *   ({ doc_id, tag: "KEY", start: 2, end: 5, fingerprint });
 * const places = [place("a", "x"), place("b", "x"), place("c", "y"), place("d", "y")];
 * const others = otherSecrets(places, [{ doc_id: "a", spans: '[["KEY",2,5]]' }], { seed: 42, count: 9 });
 * assertEquals(others.map(({ fingerprint }) => fingerprint), ["y"]); // "b" holds the erased value again
 * ```
 */
export function otherSecrets(
  places: readonly ValueOfPlace[],
  forget: readonly Pick<ForgetRow, "doc_id" | "spans">[],
  { seed, count }: { seed: number; count: number },
): ValueOfPlace[] {
  const known = new Map(places.map((place) => [placeKey(place), place.fingerprint]));
  const spans = forget.flatMap(readForgetSpans);
  const missing = spans.filter((span) => !known.has(placeKey(span))).length;
  if (missing > 0) {
    throw new RangeError(
      `Cannot tell other secrets from the forget set's: ${missing} of its ${spans.length} are not in the table of ` +
        "secrets: give the one that the set was made from",
    );
  }
  const taken = new Set(spans.map((span) => known.get(placeKey(span))));
  const others: ValueOfPlace[] = [];
  for (const place of new PythonRandom(seed).shuffle([...places])) {
    if (others.length === count) break;
    if (taken.has(place.fingerprint)) continue;
    taken.add(place.fingerprint);
    others.push(place);
  }
  return others;
}
