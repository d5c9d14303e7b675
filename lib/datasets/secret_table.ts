/**
 * The table of a corpus's secrets: where each stands, what found it, and a fingerprint under which equal values are seen
 * to be equal. Spans count code points, as everything on disk does. The value itself is no column unless it is asked
 * for.
 *
 * @module
 */
import pl from "../npm/polars.ts";
import { detectSecrets, type ExtraSecret, type Profile, type SecretTag } from "../secrets/detect.ts";
import { type FilterOptions, filterSecrets } from "../secrets/filter.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import type { BigramTable } from "../secrets/gibberish.ts";
import type { RuleDetector } from "../secrets/rule_detector.ts";
import { toCodePoints } from "../tokenizers/code_points.ts";
import { type AllowList, isAllowed } from "./allow_list.ts";
import type { Document } from "./corpus.ts";
import type { FoundPlace } from "./place.ts";

/** A place of a secret; a place that two detectors find has two rows. */
export interface SecretRow extends FoundPlace {
  /** The document's path, where it has one. */
  path: string | null;
  tag: SecretTag;
  /** The secret itself, where `reveal` asked for it. */
  value?: string;
}

/** Options of {@linkcode secretRows}. */
export interface SecretRowsOptions {
  /** The key of fingerprints. */
  key: Uint8Array;
  /** Keep what the value filter drops. */
  unfiltered?: boolean;
  bigrams?: BigramTable;
  /** The profile whose rules are followed; see `detectSecrets`. */
  profile?: Profile;
  /** How the value filter reads its rules; see `filterSecrets`. */
  compat?: FilterOptions["compat"];
  /** What else to look for, with the extended profile. */
  also?: readonly ExtraSecret[];
  /** Rules that others wrote; see `detectSecrets`. What they find is not filtered by value. */
  rules?: Pick<RuleDetector, "find">;
  /** Add the values themselves. */
  reveal?: boolean;
  /** What is no secret all the same. */
  allow?: AllowList;
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
  const { docId, path, text } = document;
  const { key, bigrams, profile, compat, also, rules, unfiltered = false, reveal = false, allow } = options;
  const found = detectSecrets(text, {
    ...(bigrams && { bigrams }),
    ...(profile && { profile }),
    ...(also && { also }),
    ...(rules && { rules, path: path ?? docId }),
  });
  const spans = unfiltered || rules && profile !== "extended" ? found : filterSecrets(text, found, {
    ...(profile && { profile }),
    ...(compat && { compat }),
  });
  if (spans.length === 0) return [];
  const points = HAS_PAIRS.test(text) ? toCodePoints(text) : null; // else units are code points
  const rows = spans.map(({ tag, detector, start, end }) => {
    const value = text.slice(start, end);
    return {
      doc_id: docId,
      path,
      tag,
      detector,
      start: points?.[start] ?? start,
      end: points?.[end] ?? end,
      fingerprint: fingerprintSecret(value, key),
      ...(reveal && { value }),
    };
  });
  return allow === undefined ? rows : rows.filter((row) => !isAllowed(row, allow));
}

/** Options of {@linkcode secretTable}. */
export interface SecretTableOptions {
  /** Whether the rows have values. */
  reveal?: boolean;
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
  { reveal = false, numbers }: SecretTableOptions = {},
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
    ...(reveal ? [text("value")] : []),
    ...(numbers ? [pl.Series("row", [...numbers], pl.Int64)] : []),
  ]);
}
