/**
 * A table with some of its rows left out and every other byte as it was, without holding it: row by row for JSON and CSV,
 * some thousand rows at a time for Parquet, where columns keep their types and values. The elements of a JSON array come
 * to stand on lines of their own. A table of which every row is kept is copied.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import pl from "../npm/polars.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { assembleParts } from "./assemble_parts.ts";
import { type CorpusColumns, type CorpusRow, corpusRow } from "./corpus_columns.ts";
import { corpusFormat } from "./corpus_format.ts";
import { type Document, rowDocument } from "./corpus_piece.ts";
import { CsvReader } from "./csv_rows.ts";
import { frameRanges, frameRows } from "./frame_table.ts";
import { arrayElement } from "./json_row_ends.ts";
import { joinPieces, packPieces } from "./pack_pieces.ts";
import { decodeRow, type RowPart, rowParts } from "./row_parts.ts";
import type { RowIds } from "./seen_ids.ts";
import { jsonRow, longRow, rowOf } from "./stream_table.ts";
import { writeTable } from "./tables.ts";

/** Options of {@linkcode keepRows}. */
export interface KeepRowsOptions {
  /** What documents are made of. */
  columns: CorpusColumns;
  /** The number of the table's first row in the corpus. */
  first: number;
  /** The ids of the tables before. */
  ids: RowIds;
  /** Whether to keep a document; called for each in order. Rows that give none are left out. */
  keep: (document: Document) => boolean;
  /** Called with how many bytes of the table were read since the last time. */
  onBytes?: (bytes: number) => void;
  /** Called now and then, so that signals come in; what it throws ends the work. */
  breathe?: () => Promise<void>;
}

/** What {@linkcode keepRows} counted. */
export interface KeepCounts {
  /** All of them. */
  rows: number;
  /** Rows that are documents. */
  documents: number;
  /** Documents that were kept. */
  kept: number;
}

/**
 * Writes a table's rows that are kept, in the format of its name.
 *
 * @throws {SyntaxError} If the table is damaged; {RangeError} if it is an Arrow file; what `keep` throws
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keepRows } from "./keep_rows.ts";
 * import { RowIds } from "./seen_ids.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.jsonl`, '{"n":1.0, "text":"x"}\n{"text":"y"}\n{"text":""}\n');
 * const counts = await keepRows(`${folder}/a.jsonl`, `${folder}/b.jsonl`, {
 *   columns: { text: "text", id: [], path: null },
 *   first: 0,
 *   ids: new RowIds([]),
 *   keep: ({ text }) => text === "x",
 * });
 * assertEquals(counts, { rows: 3, documents: 2, kept: 1 });
 * assertEquals(await Deno.readTextFile(`${folder}/b.jsonl`), '{"n":1.0, "text":"x"}\n');
 * ```
 */
export async function keepRows(table: string, out: string, options: KeepRowsOptions): Promise<KeepCounts> {
  const counts = { rows: 0, documents: 0, kept: 0 };
  const { rows } = corpusFormat(table)!;
  if (rows === "arrow") {
    throw new RangeError(
      `Cannot write "${out}": Arrow files are read only: save the data set as Parquet first`,
    );
  }
  const keep = (row: CorpusRow): boolean => {
    const number = options.first + counts.rows++;
    const docId = options.ids.add(row, { file: table, number });
    const read = rowDocument(row, number);
    if ("reason" in read) return false;
    counts.documents++;
    const isKept = options.keep({ docId, path: read.path, text: read.text });
    if (isKept) counts.kept++;
    return isKept;
  };
  if (rows === "parquet") await keepFrames(table, out, { ...options, counts, keepRow: keep });
  else await keepLines(table, out, { ...options, counts, keepRow: keep });
  if (counts.kept === counts.rows) await Deno.copyFile(table, out); // packed or Parquet, it would not have the same bytes
  const { mode } = await Deno.stat(table);
  if (mode !== null) await Deno.chmod(out, mode & 0o777);
  return counts;
}

interface CountingOptions extends KeepRowsOptions {
  counts: KeepCounts;
  keepRow: (row: CorpusRow) => boolean;
}

async function keepLines(table: string, out: string, options: CountingOptions): Promise<void> {
  const { rows, packing } = corpusFormat(table)!;
  const pieces = joinPieces(rows === "csv" ? keptCsv(table, options) : keptJson(table, options));
  const { size } = await Deno.stat(table);
  await writeFileAtomic(out, {
    bytes: size,
    pieces: packing ? packPieces(pieces, packing, { isFast: true }) : pieces,
  });
}

async function* keptJson(
  path: string,
  { columns, keepRow, onBytes, breathe }: CountingOptions,
): AsyncGenerator<Uint8Array> {
  let elements = -1; // of an array
  for await (const part of rowParts(path, { ...(onBytes && { onBytes }), ...(breathe && { breathe }) })) {
    if (part.style === "array" && elements < 0) {
      yield encode("[");
      elements = 0;
    }
    const read = part.isLast ? jsonRow(part, { path, ids: columns.id }) : null;
    if (!read || !keepRow(rowOf(read.row, columns, { path, place: read.place }))) continue;
    if (part.style === "array") yield encode(`${elements++ > 0 ? "," : ""}\n${elementOf(part, path)}`);
    else yield part.bytes.at(-1) === LINE_FEED ? part.bytes : Buffer.concat([part.bytes, encode("\n")]);
  }
  if (elements >= 0) yield encode("\n]\n");
}

function elementOf(part: RowPart, path: string): string {
  const { text } = decodeRow(part, path);
  const { start, end } = arrayElement(text, part.rowsBefore === 0)!;
  return text.slice(start, end);
}

async function* keptCsv(
  path: string,
  { columns, keepRow, onBytes, breathe }: CountingOptions,
): AsyncGenerator<Uint8Array> {
  const reader = new CsvReader(path);
  for await (const part of rowParts(path, { ...(onBytes && { onBytes }), ...(breathe && { breathe }) })) {
    const found = reader.read(part);
    if (part.rowsBefore === 0) yield part.bytes;
    if (!found) continue;
    const { number, cells } = found;
    const values = () => Object.fromEntries(reader.header.map((name, i) => [name, cells![i]!.value]));
    if (keepRow(cells ? corpusRow(values(), columns) : longRow(path, `row ${number}`))) yield part.bytes;
  }
}

async function keepFrames(table: string, out: string, options: CountingOptions): Promise<void> {
  const { columns, counts, keepRow, onBytes, breathe } = options;
  const folder = await Deno.makeTempDir({ dir: dirname(out), prefix: ".parts-" });
  const { size } = await Deno.stat(table);
  try {
    const parts: string[] = [];
    for await (const range of frameRanges(table)) {
      await breathe?.();
      const kept = (await frameRows(range, columns)).map(keepRow);
      const frame = await pl.scanParquet(table).slice(range.start, range.count).collect();
      parts.push(join(folder, `${parts.length}.parquet`));
      await writeTable(frame.filter(pl.Series("kept", kept, pl.Bool)), parts.at(-1)!);
    }
    onBytes?.(size);
    if (counts.kept < counts.rows) await assembleParts(parts, out);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const [ENCODER, LINE_FEED] = [new TextEncoder(), 10];

function encode(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}
