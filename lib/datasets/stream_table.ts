/**
 * The rows of JSON (lines or an array) and CSV, plain or packed, one by one.
 *
 * @module
 */
import { basename } from "node:path";
import type { CorpusColumns, CorpusRow } from "./corpus_columns.ts";
import { corpusRow } from "./corpus_columns.ts";
import { corpusFormat } from "./corpus_format.ts";
import { csvRows } from "./csv_rows.ts";
import { parseJsonLine } from "./json_line.ts";
import { arrayElement, type JsonStyle } from "./json_row_ends.ts";
import { decodeRow, LONG_ROW, type RowPart, rowParts, type RowPartsOptions } from "./row_parts.ts";

/** Options of {@linkcode streamTable}. */
export type StreamOptions = Pick<RowPartsOptions, "breathe" | "onBytes">;

/** A row as it stands in its file, or an error in place of one that is too long to be held. */
export type TableRow = Record<string, unknown> | RangeError;

/** A row of JSON, and where it stands. */
export interface PlacedRow {
  /** The row. */
  row: TableRow;
  /** Rows before its own, blank lines too. */
  rowsBefore: number;
  /** Bytes before the row, unpacked. */
  start: number;
  /** Bytes before the end of it, what separates it from the next included. */
  end: number;
  /** A line, or an element of an array. */
  style: JsonStyle;
  /** What to call its place in messages. */
  place: string;
}

/**
 * What stands for a row that is too long to be held: its place as its `doc_id`, and why as its `content`. It may be sent
 * to a worker.
 *
 * @param place in the file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { longRow } from "./stream_table.ts";
 *
 * const { doc_id, content } = longRow("out/a.jsonl", "line 7");
 * assertEquals([doc_id, content.message], ["a.jsonl line 7", "row over 64 MiB"]);
 * ```
 */
export function longRow(path: string, place: string): { doc_id: string; content: RangeError } {
  return { doc_id: `${basename(path)} ${place}`, content: new RangeError(LONG_ROW) };
}

/**
 * The rows of a table of JSON or CSV with all their members. One of the names in `ids` whose value is a number is a text,
 * exact beyond 2^53 too.
 *
 * @throws {SyntaxError} If a row is no JSON object or has not the header's fields, or the file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamTable } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.json`;
 * await Deno.writeTextFile(path, '[{"id":9007199254740993},\n{"id":null}]');
 * const rows = await Array.fromAsync(streamTable(path, { ids: ["id"] }), ({ row }) => row);
 * assertEquals(rows, [{ id: "9007199254740993" }, { id: null }]);
 * ```
 */
export async function* streamTable(
  path: string,
  { ids, ...options }: StreamOptions & { ids: readonly string[] },
): AsyncGenerator<Pick<PlacedRow, "row" | "place">> {
  if (corpusFormat(path)?.rows !== "csv") return yield* streamJsonRows(path, { ids, ...options });
  for await (const { header, number, cells } of csvRows(path, options)) {
    const row = cells
      ? Object.fromEntries(header.map((name, i) => [name, cells[i]!.value]))
      : new RangeError(LONG_ROW);
    yield { row, place: `row ${number}` };
  }
}

/**
 * A row of a table as a row of its corpus.
 *
 * @param origin the table, and what to call the row's place in messages
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowOf } from "./stream_table.ts";
 *
 * const columns = { text: "text", id: [], path: null };
 * assertEquals(rowOf({ text: "x" }, columns, { path: "a.csv", place: "row 0" }), { content: "x" });
 * ```
 */
export function rowOf(
  row: TableRow,
  columns: CorpusColumns,
  { path, place }: { path: string; place: string },
): CorpusRow {
  return row instanceof RangeError ? longRow(path, place) : corpusRow(row, columns);
}

/**
 * The rows of a file of JSON, with their places.
 *
 * @throws {SyntaxError} If one is no JSON object, or the file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamJsonRows } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"é"}\n{"text":"y"}\n');
 * const [, second] = await Array.fromAsync(streamJsonRows(path, { ids: [] }));
 * const place = { rowsBefore: 1, start: 14, end: 27, style: "lines", place: "line 2" };
 * assertEquals(second, { row: { text: "y" }, ...place });
 * ```
 */
export async function* streamJsonRows(
  path: string,
  { ids, ...options }: RowPartsOptions & { ids: readonly string[] },
): AsyncGenerator<PlacedRow> {
  for await (const part of rowParts(path, options)) {
    const read = part.isLast ? jsonRow(part, { path, ids }) : null;
    const { rowsBefore, start, end, style } = part;
    if (read) yield { ...read, rowsBefore, start, end, style };
  }
}

/**
 * The row of a line or of an element of an array; null for a blank one.
 *
 * @param part the row's last
 * @throws {SyntaxError} If it is no JSON object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jsonRow } from "./stream_table.ts";
 *
 * const bytes = new TextEncoder().encode('{"text":"x"}\n');
 * const place = { start: 0, end: 13, rowsBefore: 0, isWhole: true, isLast: true, style: "lines" as const };
 * const read = jsonRow({ bytes, ...place }, { path: "a.jsonl", ids: [] });
 * assertEquals(read, { row: { text: "x" }, place: "line 1" });
 * ```
 */
export function jsonRow(
  part: RowPart,
  { path, ids }: { path: string; ids: readonly string[] },
): Pick<PlacedRow, "row" | "place"> | null {
  const place = part.style === "array" ? `row ${part.rowsBefore}` : `line ${part.rowsBefore + 1}`;
  if (!part.isWhole) return { row: new RangeError(LONG_ROW), place };
  const { text } = decodeRow(part, path);
  let json = text;
  if (part.style === "array") {
    const element = arrayElement(text, part.rowsBefore === 0);
    json = element ? text.slice(element.start, element.end) : "";
  }
  const row = parseJsonLine(json, { path, place, ids });
  return row && { row, place };
}

/**
 * The rows that stand in some bytes of a plain file of JSON, with their numbers among these.
 *
 * @param place what {@linkcode streamJsonRows} told of the first and the last of them
 * @param wanted which numbers; the others are not parsed
 * @throws {SyntaxError} If one is no JSON object any more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jsonRowsAt } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"x"}\n{"text":"y"}\n');
 * const place = { start: 0, end: 26, rowsBefore: 0, style: "lines" as const };
 * const rows = await jsonRowsAt(path, place, {
 *   wanted: (number) => number > 0,
 *   columns: { text: "text", id: [], path: null },
 * });
 * assertEquals(rows, [[1, { content: "y" }]]);
 * ```
 */
export async function jsonRowsAt(
  path: string,
  place: Pick<PlacedRow, "start" | "end" | "rowsBefore" | "style">,
  { wanted, columns }: { wanted: (number: number) => boolean; columns: CorpusColumns },
): Promise<[number, CorpusRow][]> {
  const rows: [number, CorpusRow][] = [];
  let number = 0;
  for await (const part of rowParts(path, place)) {
    if (!part.isLast || isBlank(part)) continue;
    if (wanted(number)) {
      const { row, place } = jsonRow(part, { path, ids: columns.id })!;
      rows.push([number, rowOf(row, columns, { path, place })]);
    }
    number++;
  }
  return rows;
}

/** Whether it holds no row: nothing but blanks, or what closes an array. */
function isBlank({ bytes, isWhole, style }: RowPart): boolean {
  if (!isWhole) return false;
  const marks = style === "array" ? BLANKS_OF_ARRAY : BLANKS;
  return bytes.every((byte) => marks.has(byte));
}

const BLANKS: ReadonlySet<number> = new Set([9, 10, 13, 32, 0xef, 0xbb, 0xbf]);
const BLANKS_OF_ARRAY: ReadonlySet<number> = new Set([...BLANKS, 44, 91, 93]);
