/**
 * The forget set of a deletion request: every window that holds a secret which the model knows, or so many of them that a
 * run can treat, each value first once.
 *
 * @module
 */
import { type ForgetRow, type ProbedSecret, qualifyingRows } from "./forget_set.ts";
import { readForgetSpans } from "./forget_spans.ts";
import { placeKey } from "./place.ts";

/** What is known, and how much of it is taken. */
export interface KnownWindowsOptions {
  /** Whether the model knows a secret. */
  isKnown: (secret: ProbedSecret) => boolean;
  /** Rows, at most; all by default. */
  k?: number | undefined;
  /** Whether a document's first window alone is taken, as in the reference. Default false. */
  firstOnly?: boolean;
}

/** The rows that are taken, and what is left. */
export interface KnownWindows {
  rows: ForgetRow[];
  /** Windows that are left, of other texts than those taken. */
  left: number;
  /** Values in them of which no window is taken. */
  leftValues: number;
}

/**
 * Chooses windows by what the model knows best; while there are values of which none is taken, one of these.
 *
 * @param textOf as for `qualifyingRows`
 * @throws {RangeError} as `qualifyingRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { knownWindows } from "./known_windows.ts";
 *
 * const secret = { tag: "KEY", start: 0, end: 9, secret_tokens: 9, mask_tokens: 9, window: 0 };
 * const probe = [["a", 1, "f"], ["b", 0.9, "f"], ["c", 0.8, "g"], ["d", 0.1, "h"]].map(([doc_id, ma, fingerprint]) =>
 *   ({ ...secret, doc_id: String(doc_id), ma: Number(ma), fingerprint: String(fingerprint) })
 * );
 * const { rows, left, leftValues } = knownWindows(probe, (id) => id, { isKnown: ({ ma }) => ma! > 0.5, k: 2 });
 * assertEquals([rows.map(({ doc_id }) => doc_id), left, leftValues], [["a", "c"], 1, 0]);
 * ```
 */
export function knownWindows(
  probe: readonly ProbedSecret[],
  textOf: (docId: string) => string | undefined,
  { isKnown, k = Infinity, firstOnly = false }: KnownWindowsOptions,
): KnownWindows {
  const all = qualifyingRows(probe, textOf, { isKnown, firstOnly }).sort((a, b) => b.ma - a.ma);
  const known = new Set(probe.filter(isKnown).map(placeKey));
  const taken = new Set<string>();
  const valuesOf = new Map(all.map((row) => [
    row,
    readForgetSpans(row).filter((place) => place.tag !== null && known.has(placeKey(place)))
      .map((place) => place.fingerprint ?? placeKey(place)),
  ]));
  const [first, others]: [ForgetRow[], ForgetRow[]] = [[], []];
  for (const row of all) {
    const values = valuesOf.get(row)!;
    (values.some((value) => !taken.has(value)) ? first : others).push(row);
    for (const value of values) taken.add(value);
  }
  const rows = [...first, ...others].slice(0, k);
  const covered = new Set(rows.flatMap((row) => valuesOf.get(row)!));
  return { rows, left: all.length - rows.length, leftValues: taken.size - covered.size };
}
