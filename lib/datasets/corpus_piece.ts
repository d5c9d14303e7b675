/**
 * A piece of a corpus: some hundred documents, named or at hand, and how they are read. It may be sent to a worker.
 *
 * @module
 */
import { join } from "node:path";
import { type Document, rowDocument } from "./corpus.ts";
import { readText } from "./read_text.ts";
import { jsonRowsAt, parquetRange } from "./stream_table.ts";

/** Where the documents of a piece come from. */
export type PieceSource =
  | FilesSource
  | { kind: "rows"; rows: [number: number, row: Record<string, unknown>][] }
  | LinesSource
  | ParquetSource;

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

/** Lines of a plain file of JSON lines. */
export interface LinesSource {
  kind: "lines";
  file: string;
  /** Lines before the first of them. */
  rowsBefore: number;
  /** Bytes before the first of them. */
  start: number;
  /** Bytes before the end of the last. */
  end: number;
  /** The number of the first row in the corpus. */
  first: number;
  shard: Shard;
}

/** Rows of a Parquet file. */
export interface ParquetSource {
  kind: "parquet";
  file: string;
  /** Rows of the file. */
  start: number;
  count: number;
  /** The number of the first of them in the corpus. */
  first: number;
  /** Of its columns those that a document is made of. */
  columns: string[];
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
  /** From 0. */
  index: number;
  /** n */
  count: number;
}

/** Some hundred documents that follow one another. */
export interface CorpusPiece {
  /** From 0. */
  index: number;
  /** Changes when the documents' names do, or the sizes or times of their files. */
  key: string;
  /** About how many bytes it has when it is read. */
  bytes: number;
  /** May be sent to a worker. */
  source: PieceSource;
}

/** What a piece holds, read. */
export interface PieceContent {
  /** In the corpus' order, with their numbers in it. */
  documents: (Document & { number: number })[];
  skipped: SkippedDocument[];
  /** Files and folders whose names are not UTF-8: these paths lead nowhere, or to other files. */
  unnamed: SkippedDocument[];
  replacedSurrogates: number;
}

/**
 * Reads the documents of a piece.
 *
 * @throws {SyntaxError} If a Parquet file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPiece } from "./corpus_piece.ts";
 *
 * const { documents, skipped } = await readPiece({ kind: "rows", rows: [[0, { text: "x" }], [1, { text: null }]] });
 * assertEquals([documents.length, skipped], [1, [{ path: "1", reason: "no text" }]]);
 * ```
 */
export async function readPiece(source: PieceSource): Promise<PieceContent> {
  const content: PieceContent = { documents: [], skipped: [], unnamed: [], replacedSurrogates: 0 };
  if (source.kind === "files") {
    for (const [number, path] of source.paths) {
      const read = readText(join(source.root, path));
      if ("text" in read) content.documents.push({ docId: path, path, text: read.text, number });
      else content.skipped.push({ path, reason: read.reason });
    }
    content.skipped.push(...source.skipped);
    content.unnamed.push(...source.unnamed);
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
async function rowsOf(source: LinesSource | ParquetSource): Promise<[number, Record<string, unknown>][]> {
  const { file, first, shard } = source;
  const isWanted = (number: number) => (first + number) % shard.count === shard.index;
  const rows = source.kind === "lines"
    ? await jsonRowsAt(file, source, isWanted)
    : [...(await parquetRange(file, source)).entries()].filter(([number]) => isWanted(number));
  return rows.map(([number, row]) => [first + number, row]);
}
