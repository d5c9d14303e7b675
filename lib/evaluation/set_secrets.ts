/**
 * What forget sets are made of: a row for each secret of each row of each set, with its kind, package and copies, so
 * that groups can be compared: they share no row, but the same value may stand in rows of several.
 *
 * @module
 */
import type { ForgetRow } from "../datasets/forget_set.ts";
import { readForgetSpans } from "../datasets/forget_spans.ts";
import { placeKey } from "../datasets/place.ts";
import type { ValuePlace } from "./secret_values.ts";

/** A secret of a set. */
export interface SetSecret extends Omit<ValuePlace, "start" | "end"> {
  /** The set's name. */
  set: string;
  /** The first part of its document's path: a package, or a top folder. */
  package: string;
}

/**
 * The secrets of forget sets. Places that `places` lacks are left out, as are those of neighbouring windows.
 *
 * @param sets rows by the set's name
 * @throws {SyntaxError} when a row's spans are no JSON of spans
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setSecrets } from "./set_secrets.ts";
 *
 * const place = { doc_id: "arrow-1.4.0/a.py#0", start: 4, end: 9 };
 * const known = { ...place, secret_id: "s", tag: "KEY", detector: "Npm", copies: 8 };
 * const row = { doc_id: place.doc_id, window: 0, spans: '[["KEY",4,9],[null,0,2]]', ma: 1, mask_tokens: 40 };
 * const [secret] = setSecrets({ "forget 0": [row] }, [known]);
 * assertEquals([secret?.set, secret?.package, secret?.copies], ["forget 0", "arrow-1.4.0", 8]);
 * ```
 */
export function setSecrets(
  sets: Readonly<Record<string, readonly ForgetRow[]>>,
  places: readonly ValuePlace[],
): SetSecret[] {
  const known = new Map(places.map((place) => [placeKey(place), place]));
  return Object.entries(sets).flatMap(([set, rows]) =>
    rows.flatMap((row) =>
      readForgetSpans(row).flatMap((span) => {
        const place = span.tag === null ? undefined : known.get(placeKey(span));
        if (!place) return [];
        const { start: _, end: __, ...secret } = place;
        return [{ set, package: packageOf(row.doc_id), ...secret }];
      })
    )
  );
}

/**
 * The first part of a document's path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packageOf } from "./set_secrets.ts";
 *
 * assertEquals([packageOf("arrow-1.4.0/arrow/api.py#1"), packageOf("a.py")], ["arrow-1.4.0", "a.py"]);
 * ```
 */
export function packageOf(docId: string): string {
  return docId.split("/")[0]!;
}
