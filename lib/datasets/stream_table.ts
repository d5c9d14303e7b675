/**
 * Tables read by parts: JSON lines (plain or gzip) and CSV row by row, Parquet by ranges of rows.
 *
 * @module
 */
import { basename } from "node:path";
import pl from "../npm/polars.ts";
import { checkRegularFile } from "../read_file.ts";
import { csvRows } from "./csv_rows.ts";
import { parseJsonLine } from "./json_line.ts";
import {
  decodeRow,
  LONG_ROW,
  MAX_ROW_BYTES,
  type RowPart,
  rowParts,
  type RowPartsOptions,
} from "./row_parts.ts";
import { idAsText, notParquet, tableFormat } from "./tables.ts";

/** The columns that a corpus is made of. */
const CORPUS_COLUMNS = ["doc_id", "path", "content", "text"];
const PARQUET_ROWS = 4096;

/** Options of {@linkcode streamRows}. */
export type StreamOptions = Pick<RowPartsOptions, "breathe">;

/** The size and the columns of a Parquet file. */
export interface ParquetShape {
  /** Rows. */
  rows: number;
  /** Their names. */
  columns: string[];
}

/**
 * The rows of a table as far as a corpus needs them, in order: of JSON lines with all their members, of CSV and Parquet
 * with the columns `doc_id`, `path`, `content` and `text` that are there. A `doc_id` that is a number, a date or true or
 * false is a text. A row that is too long to be held has an error as its `content`, see {@linkcode longRow}.
 *
 * @throws {SyntaxError} If a row is no JSON object or has not the header's fields, or the file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamRows } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"x = 1"}\n\n{"text":"y = 2"}');
 * assertEquals(await Array.fromAsync(streamRows(path)), [{ text: "x = 1" }, { text: "y = 2" }]);
 * ```
 */
export async function* streamRows(
  path: string,
  options: StreamOptions = {},
): AsyncGenerator<Record<string, unknown>> {
  const format = tableFormat(path);
  if (format === ".parquet") yield* streamParquetRows(path, options);
  else if (format === ".csv") yield* streamCsvRows(path, options);
  else for await (const { row } of streamJsonRows(path, options)) yield row;
}

async function* streamCsvRows(
  path: string,
  options: StreamOptions,
): AsyncGenerator<Record<string, unknown>> {
  for await (const { header, number, cells } of csvRows(path, options)) {
    if (!cells) yield longRow(path, `row ${number}`);
    else {
      yield Object.fromEntries(
        header.flatMap((name, i) => CORPUS_COLUMNS.includes(name) ? [[name, cells[i]!.value]] : []),
      );
    }
  }
}

async function* streamParquetRows(
  path: string,
  { breathe }: StreamOptions,
): AsyncGenerator<Record<string, unknown>> {
  const shape = await parquetShape(path);
  const columns = CORPUS_COLUMNS.filter((name) => shape.columns.includes(name));
  for (let start = 0; start < shape.rows; start += PARQUET_ROWS) {
    await breathe?.();
    yield* await parquetRange(path, { start, count: PARQUET_ROWS, columns });
  }
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

/** A row of JSON lines, and where its line stands. */
export interface PlacedRow {
  /** The row. */
  row: Record<string, unknown>;
  /** Lines before its own, blank ones too. */
  rowsBefore: number;
  /** Bytes before the line, unpacked. */
  start: number;
  /** Bytes before the end of its line break. */
  end: number;
}

/**
 * The rows of a file of JSON lines, plain or gzip, with their places.
 *
 * @throws {SyntaxError} If a line is no JSON object, or the file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamJsonRows } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"é"}\n{"text":"y"}\n');
 * const [, second] = await Array.fromAsync(streamJsonRows(path));
 * assertEquals(second, { row: { text: "y" }, rowsBefore: 1, start: 14, end: 27 });
 * ```
 */
export async function* streamJsonRows(
  path: string,
  { breathe }: StreamOptions = {},
): AsyncGenerator<PlacedRow> {
  for await (const part of rowParts(path, { breathe })) {
    const row = part.isLast ? jsonRow(part, path) : null;
    if (row) yield { row, rowsBefore: part.rowsBefore, start: part.start, end: part.end };
  }
}

/** The row of a line; null for a blank one. */
function jsonRow(part: RowPart, path: string): Record<string, unknown> | null {
  const number = part.rowsBefore + 1;
  if (!part.isWhole) return longRow(path, `line ${number}`);
  return parseJsonLine(decodeRow(part, path).text, { path, number });
}

/**
 * The rows that stand in some bytes of a plain file of JSON lines, with their numbers among these.
 *
 * @param wanted which numbers; the others are not parsed
 * @param place what {@linkcode streamJsonRows} told of the first and the last of them
 * @throws {SyntaxError} If a line is no JSON object any more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jsonRowsAt } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"x"}\n{"text":"y"}\n');
 * const place = { start: 0, end: 26, rowsBefore: 0 };
 * assertEquals(await jsonRowsAt(path, place, (number) => number > 0), [[1, { text: "y" }]]);
 * ```
 */
export async function jsonRowsAt(
  path: string,
  place: { start: number; end: number; rowsBefore: number },
  wanted: (number: number) => boolean,
): Promise<[number, Record<string, unknown>][]> {
  const rows: [number, Record<string, unknown>][] = [];
  let number = 0;
  for await (const part of rowParts(path, place)) {
    if (!part.isLast || (part.isWhole && decodeRow(part, path).text.trim() === "")) continue;
    if (wanted(number)) rows.push([number, jsonRow(part, path)!]);
    number++;
  }
  return rows;
}

/**
 * How many rows a Parquet file has, and which columns.
 *
 * @throws {SyntaxError} If it is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
import { checkRegularFile } from "../read_file.ts";
 * import { parquetShape } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "y"] }).writeParquet(path);
 * assertEquals(await parquetShape(path), { rows: 2, columns: ["text"] });
 * ```
 */
export async function parquetShape(path: string): Promise<ParquetShape> {
  return await parse(path, async () => {
    const { columns } = await pl.scanParquet(path).slice(0, 0).collect();
    const [first] = columns;
    if (first === undefined) return { rows: 0, columns };
    const counted = await pl.scanParquet(path).select(pl.len().alias("rows")).collect();
    return { rows: Number(counted.toRecords()[0]!.rows), columns };
  });
}

/**
 * A range of rows of a Parquet file; only the row groups that hold it are read.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
import { checkRegularFile } from "../read_file.ts";
 * import { parquetRange } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "y", "z"], n: [1, 2, 3] }).writeParquet(path);
 * assertEquals(await parquetRange(path, { start: 1, count: 2, columns: ["text"] }), [{ text: "y" }, { text: "z" }]);
 * ```
 */
export async function parquetRange(
  path: string,
  { start, count, columns }: { start: number; count: number; columns: readonly string[] },
): Promise<Record<string, unknown>[]> {
  return await parse(path, async () => {
    const frame = idAsText(await pl.scanParquet(path).select(...columns).slice(start, count).collect(), path);
    return withoutLongTexts(frame, path, start);
  });
}

/**
 * How many characters the texts of a range of rows have; 0 for one that is none, or too long to be held.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { textSizes } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "é", null] }).writeParquet(path);
 * assertEquals(await textSizes(path, { start: 1, count: 9, column: "text" }), [1, 0]);
 * ```
 */
export async function textSizes(
  path: string,
  { start, count, column }: { start: number; count: number; column: string },
): Promise<number[]> {
  return await parse(path, async () => {
    const frame = await pl.scanParquet(path).select(column).slice(start, count).collect();
    return sizesOf(frame, column).map((size) => size > MAX_ROW_BYTES ? 0 : size);
  });
}

function sizesOf(frame: pl.DataFrame, column: string): number[] {
  if (!/Utf8|String/.test(frame.getColumn(column).dtype.variant)) return Array(frame.height).fill(0);
  return frame.select(pl.col(column).str.lengths()).getColumn(column).toArray().map(Number); // 0 for null
}

/** The rows of a frame; a text that is too long is left where it is: as a JavaScript string it takes up to twice as much. */
function withoutLongTexts(frame: pl.DataFrame, path: string, start: number): Record<string, unknown>[] {
  const name = ["content", "text"].find((column) => frame.columns.includes(column));
  const sizes = name === undefined ? [] : sizesOf(frame, name);
  if (name === undefined || sizes.every((size) => size <= MAX_ROW_BYTES)) return frame.toRecords();
  const isShort = pl.col(name).str.lengths().ltEq(MAX_ROW_BYTES);
  const short = pl.when(isShort).then(pl.col(name)).otherwise(pl.lit(null)).alias(name);
  return frame.withColumn(short).toRecords().map((row, i) => {
    return sizes[i]! > MAX_ROW_BYTES ? longRow(path, `row ${start + i}`) : row;
  });
}

async function parse<T>(path: string, read: () => Promise<T>): Promise<T> {
  await checkRegularFile(path, { what: "table" });
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof TypeError && cause.message.startsWith("Cannot read")) throw cause;
    throw notParquet(path);
  }
}
