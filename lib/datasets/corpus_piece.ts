/**
 * A piece of a corpus: some hundred documents, named or at hand, and how they are read. It may be sent to a worker.
 *
 * @module
 */
import { join } from "node:path";
import type { DecodeOptions } from "./decode_text.ts";
import { type HistorySource, readBlobs } from "./git_blobs.ts";
import { readText } from "./read_text.ts";
import type { CorpusColumns, CorpusRow } from "./corpus_columns.ts";
import { type FrameRange, frameRows } from "./frame_table.ts";
import type { JsonStyle } from "./json_row_ends.ts";
import { jsonRowsAt } from "./stream_table.ts";

/** One text of a corpus. */
export interface Document {
  /** The relative path with "/" for a file; its id, else its number, for a table's row. */
  docId: string;
  /** The file, where there is one. */
  path: string | null;
  /** All of it, well-formed. */
  text: string;
  /** The first commit of a history that has it. */
  commit?: string;
}

/** Where the documents of a piece come from. */
export type PieceSource =
  | FilesSource
  | HistorySource
  | { kind: "rows"; rows: [number: number, row: CorpusRow][] }
  | LinesSource
  | FrameSource;

/** Files of a folder. */
export interface FilesSource {
  kind: "files";
  root: string;
  paths: [number: number, path: string][];
  /** What the walk met between them and could not read. */
  skipped: SkippedDocument[];
  /** What has a name that is not UTF-8. */
  unnamed: SkippedDocument[];
}

/** Rows of a plain file of JSON. */
export interface LinesSource {
  kind: "lines";
  file: string;
  /** Rows of the file before the first of them, blank lines too. */
  rowsBefore: number;
  /** Bytes before the first of them. */
  start: number;
  /** Bytes before the end of the last. */
  end: number;
  style: JsonStyle;
  /** The number of the first row in the corpus. */
  first: number;
  columns: CorpusColumns;
  shard: Shard;
}

/** Rows of a Parquet or Arrow file. */
export interface FrameSource {
  kind: "frame";
  range: FrameRange;
  /** The number of the first of them in the corpus. */
  first: number;
  columns: CorpusColumns;
  shard: Shard;
}

/** What gave no document. */
export interface SkippedDocument {
  /** The file's path or the row's id. */
  path: string;
  /** Why. */
  reason: string;
}

/** One of n parts of a corpus: the documents whose number is `index` modulo `count`. */
export interface Shard {
  /** The part's number, from 0. */
  index: number;
  /** n */
  count: number;
}

/** Some hundred documents that follow one another. */
export interface CorpusPiece {
  /** The piece's number, from 0. */
  index: number;
  /** Changes when the documents' names do, or the sizes or times of their files. */
  key: string;
  /** About how many bytes it has when it is read. */
  bytes: number;
  /** Bytes of the corpus' tables, packed as they are, up to its end; 0 for files of source code. */
  read: number;
  /** May be sent to a worker. */
  source: PieceSource;
}

/** What a piece holds, read. */
export interface PieceContent {
  /** The documents in the corpus' order, with their numbers in it. */
  documents: (Document & { number: number })[];
  skipped: SkippedDocument[];
  /** Files and folders whose names are not UTF-8: these paths lead nowhere, or to other files. */
  unnamed: SkippedDocument[];
  replacedSurrogates: number;
}

/**
 * Reads the documents of a piece.
 *
 * @throws {SyntaxError} If a table is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPiece } from "./corpus_piece.ts";
 *
 * const { documents, skipped } = await readPiece({
 *   kind: "rows",
 *   rows: [[0, { content: "x" }], [1, { content: null }]],
 * });
 * assertEquals([documents.length, skipped], [1, [{ path: "1", reason: "no text" }]]);
 * ```
 */
export async function readPiece(source: PieceSource, options: DecodeOptions = {}): Promise<PieceContent> {
  const content: PieceContent = { documents: [], skipped: [], unnamed: [], replacedSurrogates: 0 };
  if (source.kind === "files") {
    for (const [number, path] of source.paths) {
      const read = readText(join(source.root, path), options);
      if ("text" in read) content.documents.push({ docId: path, path, text: read.text, number });
      else content.skipped.push({ path, reason: read.reason });
    }
    content.skipped.push(...source.skipped);
    content.skipped.sort((a, b) => a.path < b.path ? -1 : 1);
    content.unnamed.push(...source.unnamed);
    return content;
  }
  if (source.kind === "history") {
    content.skipped.push(...source.skipped);
    for await (const { blob, ...read } of readBlobs(source, options)) {
      if ("reason" in read) content.skipped.push({ path: blob.path, reason: read.reason });
      else {
        const { docId, path, commit, number } = blob;
        content.documents.push({ docId, path, text: read.text, ...(commit && { commit }), number });
      }
    }
    return content;
  }
  for (const [number, row] of source.kind === "rows" ? source.rows : await rowsOf(source)) {
    const read = rowDocument(row, number);
    if ("reason" in read) content.skipped.push({ path: read.docId, reason: read.reason });
    else {
      const { replacedSurrogates, ...document } = read;
      content.documents.push({ ...document, number });
      content.replacedSurrogates += replacedSurrogates;
    }
  }
  return content;
}

/** The rows of a source's file that are in its shard, with their numbers in the corpus. */
async function rowsOf(source: LinesSource | FrameSource): Promise<[number, CorpusRow][]> {
  const { first, shard, columns } = source;
  const wanted = (number: number) => (first + number) % shard.count === shard.index;
  const rows = source.kind === "lines"
    ? await jsonRowsAt(source.file, source, { wanted, columns })
    : [...(await frameRows(source.range, columns)).entries()].filter(([number]) => wanted(number));
  return rows.map(([number, row]) => [first + number, row]);
}

/**
 * The document of a row, well-formed, or why it gives none: where its text could not be read, an error stands for it.
 *
 * @param number the row's in its corpus, its id where it has none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowDocument } from "./corpus_piece.ts";
 *
 * const document = { docId: "7", path: null, text: "x", replacedSurrogates: 0 };
 * assertEquals(rowDocument({ content: "x" }, 7), document);
 * assertEquals(rowDocument({ content: "" }, 8), { docId: "8", reason: "empty" });
 * ```
 */
export function rowDocument(
  { doc_id, path, content }: CorpusRow,
  number: number,
): Document & { replacedSurrogates: number } | { docId: string; reason: string } {
  const docId = String(doc_id ?? number);
  if (content instanceof Error) return { docId, reason: content.message };
  if (typeof content !== "string") return { docId, reason: "no text" };
  if (content === "") return { docId, reason: "empty" };
  const text = content.toWellFormed();
  const place = typeof path === "string" ? path : null;
  return { docId, path: place, text, replacedSurrogates: countDifferences(content, text) };
}

function countDifferences(a: string, b: string): number {
  if (a === b) return 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) count++;
  return count;
}
