/**
 * The table of a corpus's secrets: where each stands, what found it, and a fingerprint under which equal values are seen
 * to be equal. Spans count code points, as everything on disk does. The value itself is no column unless it is asked
 * for.
 *
 * @module
 */
import pl from "../npm/polars.ts";
import type { SecretTag } from "../secrets/detect.ts";
import { describeSecret, fingerprintSecret } from "../secrets/fingerprint.ts";
import { toCodePoints } from "../tokenizers/code_points.ts";
import { type AllowList, isAllowed } from "./allow_list.ts";
import { type Baseline, isKnown } from "./baseline.ts";
import type { Document } from "./corpus_piece.ts";
import { PLACE_COLUMNS } from "./finding_columns.ts";
import { findInDocument, type FindInDocumentOptions } from "./find_in_document.ts";
import { type IgnoredPlaces, isIgnoredPlace } from "./ignored_places.ts";
import { linePlaces } from "./line_places.ts";
import type { FoundPlace } from "./place.ts";
import { frameOfRows, type RowOf } from "./row_table.ts";

/** A place of a secret; a place that two detectors find has two rows. */
export interface SecretRow extends FoundPlace {
  /** The document's path, where it has one. */
  path: string | null;
  tag: SecretTag;
  /** The secret itself, where `reveal` asked for it. */
  value?: string;
  /** Where a person finds it, where `places` asked for that. */
  place?: RowOf<typeof PLACE_COLUMNS>;
}

/** Options of {@linkcode secretRows}. */
export interface SecretRowsOptions extends FindInDocumentOptions {
  /** The key of fingerprints. */
  key: Uint8Array;
  /** Add the values themselves. */
  reveal?: boolean;
  /** What is no secret all the same. */
  allow?: AllowList;
  /** Add lines, columns and a description that tells no value. */
  places?: boolean;
  /** Places that a person wants no more to hear of. */
  ignored?: IgnoredPlaces;
  /** What an earlier scan found. */
  baseline?: Baseline;
}

/** How many finds were left out, by what for; what an allow-list names is not counted. */
export interface LeftOut {
  /** Allowed by a comment. */
  comments: number;
  /** Places that a list ignores. */
  ignored: number;
  /** Known from an earlier scan. */
  baseline: number;
}

const HAS_PAIRS = /[\ud800-\udfff]/;

/**
 * The secrets of one document, by their start.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretRows } from "./secret_table.ts";
 *
 * const document = { docId: "a.py", path: "a.py", text: "# 😀 ada@mail.invalid\n" };
 * const [row] = secretRows(document, { key: new Uint8Array(32) });
 * assertEquals([row?.tag, row?.start, row?.end, row?.value], ["EMAIL", 4, 20, undefined]);
 * ```
 */
export function secretRows(document: Document, options: SecretRowsOptions): SecretRow[] {
  return scanDocument(document, options).rows;
}

/**
 * The secrets of one document, by their start, and how many finds were left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scanDocument } from "./secret_table.ts";
 *
 * const document = { docId: "a.py", path: "a.py", text: "# ada@mail.invalid codescrub:allow\n" };
 * const { rows, leftOut } = scanDocument(document, { key: new Uint8Array(32), comments: true });
 * assertEquals([rows.length, leftOut.comments], [0, 1]);
 * ```
 */
export function scanDocument(
  document: Document,
  options: SecretRowsOptions,
): { rows: SecretRow[]; leftOut: LeftOut } {
  const { docId, path, text, commit = null } = document;
  const { key, reveal = false, allow, ignored, baseline, places = false } = options;
  const leftOut: LeftOut = { comments: 0, ignored: 0, baseline: 0 };
  const found = findInDocument(document, options);
  if (found.length === 0) return { rows: [], leftOut };
  const points = HAS_PAIRS.test(text) ? toCodePoints(text) : null; // else units are code points
  const placeOf = places || ignored ? linePlaces(text, points) : null;
  const rows: SecretRow[] = [];
  for (const { tag, detector, start, end, value, cell, cellLine, ...one } of found) {
    const lines = placeOf?.({ start, end });
    const row: SecretRow = {
      doc_id: docId,
      path,
      tag,
      detector,
      start: points?.[start] ?? start,
      end: points?.[end] ?? end,
      fingerprint: fingerprintSecret(value, key),
      ...(reveal && { value }),
      ...(places && {
        place: { ...lines!, cell, cell_line: cellLine, commit, description: describeSecret(tag, value) },
      }),
    };
    if (allow !== undefined && isAllowed(row, allow)) continue;
    if (one.isAllowed) leftOut.comments++;
    else if (
      ignored && isIgnoredPlace({ path: path ?? docId, detector, line: lines!.line, commit }, ignored)
    ) {
      leftOut.ignored++;
    } else if (baseline && isKnown(row, baseline)) leftOut.baseline++;
    else rows.push(row);
  }
  return { rows, leftOut };
}

/** Options of {@linkcode secretTable}. */
export interface SecretTableOptions {
  /** Whether the rows have values. */
  reveal?: boolean;
  /** Whether they have places for people. */
  places?: boolean;
  /** The number of each row's document in the corpus, for a column `row`. */
  numbers?: readonly number[];
}

/**
 * The rows as a frame; without rows it has the columns all the same.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretTable } from "./secret_table.ts";
 *
 * const columns = ["doc_id", "path", "tag", "detector", "start", "end", "fingerprint"];
 * assertEquals(secretTable([]).columns, columns);
 * ```
 */
export function secretTable(
  rows: readonly SecretRow[],
  { reveal = false, places = false, numbers }: SecretTableOptions = {},
): pl.DataFrame {
  const text = (name: "doc_id" | "path" | "tag" | "detector" | "fingerprint" | "value") =>
    pl.Series(name, rows.map((row) => row[name] ?? null), pl.Utf8);
  const count = (name: "start" | "end") => pl.Series(name, rows.map((row) => row[name]), pl.Int64);
  return pl.DataFrame([
    text("doc_id"),
    text("path"),
    text("tag"),
    text("detector"),
    count("start"),
    count("end"),
    text("fingerprint"),
    ...(places ? frameOfRows(rows.map(({ place }) => place!), PLACE_COLUMNS).getColumns() : []),
    ...(reveal ? [text("value")] : []),
    ...(numbers ? [pl.Series("row", [...numbers], pl.Int64)] : []),
  ]);
}
