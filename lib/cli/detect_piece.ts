/**
 * The secrets of one piece of a corpus, written as a part of the output: a Parquet file, and what was counted beside it
 * in a JSON file whose being there says that the part is whole.
 *
 * @module
 */
import { type CorpusPiece, readPiece } from "../datasets/corpus_piece.ts";
import {
  scanDocument,
  type SecretRow,
  type SecretRowsOptions,
  secretTable,
} from "../datasets/secret_table.ts";
import { writeTable } from "../datasets/tables.ts";
import type { RuleDetector } from "../secrets/rule_detector.ts";
import type { RuleSet } from "../secrets/rule_set.ts";
import type { PieceCounts } from "./detect_counts.ts";
import { partPath, writePart } from "./part_files.ts";

/** What all pieces of a run have in common; it may be sent to a worker. */
export interface DetectPieceOptions extends Omit<SecretRowsOptions, "rules"> {
  /** Rules that others wrote; see `detectSecrets`. */
  rules?: RuleSet;
  /** Where parts are written. */
  folder: string;
  /** Add the column `row`, the document's number in the corpus. */
  numbered: boolean;
  /** See `decodeText`. */
  anyEncoding?: boolean;
}

/** What finds are left out for, as a summary names it. */
export const LEFT_OUT = {
  comments: "by comments",
  ignored: "in the ignore list",
  baseline: "in the baseline",
} as const;

const detectors = new WeakMap<RuleSet, RuleDetector>();

/** The detector of rules, which is made once; what runs it is loaded only where there are some. */
async function detectorOf(rules: RuleSet): Promise<RuleDetector> {
  const { RuleDetector } = await import("../secrets/rule_detector.ts");
  let known = detectors.get(rules);
  if (known === undefined) detectors.set(rules, known = new RuleDetector(rules));
  return known;
}

/**
 * Detects the secrets of a piece and writes its part.
 *
 * @throws {Error} as `readPiece` and `writeTable`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectPiece } from "./detect_piece.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const source = { kind: "rows" as const, rows: [[0, { content: "mail ada@mail.invalid" }]] as [number, { content: string }][] };
 * const options = { folder, numbered: false, key: new Uint8Array(32) };
 * const counts = await detectPiece({ index: 0, key: "ab", source }, options);
 * assertEquals([counts.documents, counts.tags], [1, { EMAIL: 1 }]);
 * ```
 */
export async function detectPiece(
  piece: Omit<CorpusPiece, "bytes" | "read">,
  { rules, ...options }: DetectPieceOptions,
): Promise<PieceCounts> {
  const rowOptions: SecretRowsOptions = { ...options, ...(rules && { rules: await detectorOf(rules) }) };
  const { documents, skipped, unnamed, replacedSurrogates } = await readPiece(piece.source, {
    anyEncoding: options.anyEncoding ?? false,
  });
  const counts: PieceCounts = {
    documents: documents.length,
    documents_with_secrets: 0,
    spans: 0,
    tags: {},
    detectors: {},
    skipped: [...skipped, ...unnamed],
    replaced_surrogates: replacedSurrogates,
  };
  const rows: SecretRow[] = [];
  const numbers: number[] = [];
  for (const document of documents) {
    const { rows: found, leftOut } = scanDocument(document, rowOptions);
    for (const [name, count] of Object.entries(leftOut)) {
      if (count === 0) continue;
      const key = LEFT_OUT[name as keyof typeof LEFT_OUT];
      counts.left_out = { ...counts.left_out, [key]: (counts.left_out?.[key] ?? 0) + count };
    }
    if (found.length === 0) continue;
    counts.documents_with_secrets++;
    for (const row of found) {
      rows.push(row);
      numbers.push(document.number);
      counts.tags[row.tag] = (counts.tags[row.tag] ?? 0) + 1;
      counts.detectors[row.detector] = (counts.detectors[row.detector] ?? 0) + 1;
    }
  }
  counts.spans = rows.length;
  const { reveal = false, places = false, numbered } = options;
  const table = secretTable(rows, { reveal, places, ...(numbered && { numbers }) });
  await writePart(partPath(options.folder, piece), counts, (file) => writeTable(table, file));
  return counts;
}
