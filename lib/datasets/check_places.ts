/**
 * Places of secrets are offsets: one line more in a file, and they lead to other characters. So tables carry the
 * fingerprint of what was found at each place, and who uses a place looks whether that still stands there.
 *
 * @module
 */
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { fromCodePoints } from "../tokenizers/code_points.ts";
import type { Place } from "./place.ts";

/**
 * Refuses places at which another value stands than was found there.
 *
 * @param places those without a fingerprint are taken as they are
 * @param textOf a document's text; places of documents that the corpus lacks are for others to report
 * @param key of fingerprints; asked for only where there is one
 * @throws {RangeError} naming document and place
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fingerprintSecret } from "../secrets/fingerprint.ts";
 * import { checkPlaces } from "./check_places.ts";
 *
 * const key = new Uint8Array(32);
 * const place = { doc_id: "a.py", start: 4, end: 6, fingerprint: fingerprintSecret("12", key) };
 * await checkPlaces([place], () => "x = 12", () => key);
 * await assertRejects(() => checkPlaces([place], () => "\nx = 12", () => key), RangeError, "run detect again");
 * ```
 */
export async function checkPlaces(
  places: readonly (Place & { fingerprint?: string | null })[],
  textOf: (docId: string) => string | undefined,
  key: () => Uint8Array | Promise<Uint8Array>,
): Promise<void> {
  const proven = Map.groupBy(places.filter(({ fingerprint }) => fingerprint), ({ doc_id }) => doc_id);
  if (proven.size === 0) return;
  const known = await key();
  for (const [docId, ofDocument] of proven) {
    const text = textOf(docId);
    if (text === undefined) continue;
    const units = fromCodePoints(text);
    for (const { start, end, fingerprint } of ofDocument) {
      const value = text.slice(units[start], units[end]);
      if (units[end] !== undefined && fingerprintSecret(value, known) === fingerprint) continue;
      throw new RangeError(
        `Cannot use the secret at ${start} to ${end} of "${docId}": another value stands there than was found: ` +
          "the corpus has changed, or CODESCRUB_KEY: run detect again",
      );
    }
  }
}
