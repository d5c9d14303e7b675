/**
 * Tables on disk: Parquet, JSON lines (plain or gzip) and CSV, chosen by the extension, as Polars frames. Reading
 * refuses what is missing, cut, foreign or over 512 MiB with one line that shows nothing of what stands in the table;
 * writing is atomic. `doc_id` is a string whatever the file holds. JSON lines and CSV are read and written here (Polars
 * names no line, quotes cells in its errors, cuts rows that are too long, and turns whole numbers into floats).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import pl from "../npm/polars.ts";
import { checkRegularFile, readRegularFile } from "../files/read_file.ts";
import { writeFileAtomic, type WriteFileOptions } from "../files/write_file.ts";
import { nameColumn, nameColumns } from "./name_columns.ts";
import { columnOf, type TextCell } from "./csv_column.ts";
import { CsvReader } from "./csv_rows.ts";
import { encodeRows } from "./encode_rows.ts";
import { gzip } from "./gzip.ts";
import { parseJsonLine } from "./json_line.ts";
import { decodeRow, LONG_ROW, rowParts } from "./row_parts.ts";

/** Polars, for what reads and makes frames outside this folder. */
export { pl };

/** The most bytes, unpacked, of a table that is held as a whole. */
export const MAX_TABLE_BYTES = 2 ** 29;

const FORMATS = [".parquet", ".jsonl", ".jsonl.gz", ".csv"] as const;

/** The extensions of tables. */
export type TableFormat = typeof FORMATS[number];

/** Options of {@linkcode readTable}. */
export interface ReadTableOptions {
  /** The columns that must be there; only these are kept, in this order. An empty file of JSON lines has them all. */
  columns?: readonly string[] | undefined;
  /** Columns that are kept too where they are there, and are null where not; after the others. */
  optional?: readonly string[] | undefined;
  /** Columns of a CSV that are text even where they look like numbers, beside `doc_id`: "007" stays so. */
  text?: readonly string[] | "all";
}

/**
 * Reads a table.
 *
 * @throws {RangeError} If the extension is unknown, or the table or a row of it is too large.
 * @throws {SyntaxError} If the file is not of that format, cut, or lacks a column.
 * @throws {Error} If there is no such file; {TypeError} if it is no regular one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readTable } from "./tables.ts";
 *
 * const path = `${await Deno.makeTempDir()}/probe.csv`;
 * await Deno.writeTextFile(path, "doc_id,ma\n7,0.5\n");
 * assertEquals((await readTable(path)).toRecords(), [{ doc_id: "7", ma: 0.5 }]);
 * ```
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<pl.DataFrame> {
  const format = tableFormat(path);
  const { columns, optional = [] } = options;
  const read = format === ".parquet" ? readParquet : format === ".csv" ? readCsv : readJsonFrame;
  const frame = idAsText(await read(path, options), path);
  if (!columns) return frame;
  const missing = optional.filter((name) => !frame.columns.includes(name));
  const empty = missing.map((name) => pl.lit(null).cast(pl.Utf8).alias(name));
  return frame.withColumns(...empty).select(...columns, ...optional);
}

async function readParquet(path: string, { columns }: ReadTableOptions): Promise<pl.DataFrame> {
  const { buffer, byteOffset, byteLength } = await readRegularFile(path, {
    what: "table",
    maxBytes: MAX_TABLE_BYTES,
  });
  let frame: pl.DataFrame;
  try {
    frame = pl.readParquet(Buffer.from(buffer, byteOffset, byteLength));
  } catch {
    throw notParquet(path);
  }
  checkColumns(path, frame.columns, columns);
  return frame;
}

/**
 * What to throw where Polars cannot read a Parquet file; not Polars' words, which quote what they read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { notParquet } from "./tables.ts";
 *
 * assertEquals(notParquet("a.parquet").message, 'Cannot read table "a.parquet" as Parquet: it is damaged, cut or of another format');
 * ```
 */
export function notParquet(path: string): SyntaxError {
  return new SyntaxError(`Cannot read table "${path}" as Parquet: it is damaged, cut or of another format`);
}

/** @throws {SyntaxError} If one is missing; the names that are there may be values, where there is no header. */
function checkColumns(path: string, found: readonly string[], columns: readonly string[] = []): void {
  const missing = columns.filter((name) => !found.includes(name)).map((name) => `"${name}"`).join(", ");
  if (missing === "") return;
  throw new SyntaxError(
    `Cannot read table "${path}": it has no column ${missing}: it has ${nameColumns(found)}`,
  );
}

/**
 * A frame with its ids as text: whole numbers exact, dates and times by ISO 8601, whatever the time zone.
 *
 * @param names of the columns of ids; those that are not there are left out
 * @throws {TypeError} If it is none of text, numbers, dates, times, and true or false.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { idAsText } from "./tables.ts";
 *
 * const days = pl.DataFrame([pl.Series("doc_id", [new Date(0)], pl.Datetime("ms"))]);
 * assertEquals(idAsText(days, "a.parquet").toRecords(), [{ doc_id: "1970-01-01T00:00:00.000" }]);
 * ```
 */
export function idAsText(
  frame: pl.DataFrame,
  path: string,
  names: readonly string[] = ["doc_id"],
): pl.DataFrame {
  const texts = names.flatMap((name) => {
    if (!frame.columns.includes(name)) return [];
    const variant = variantOf(frame, name);
    if (variant === "Utf8" || variant === "String") return [];
    if (/List|Struct|Object|Binary/.test(variant)) {
      throw new TypeError(`Cannot read table "${path}": its column "${name}" is of the type ${variant}`);
    }
    const text = pl.col(name).cast(pl.Utf8);
    return variant === "Datetime" ? text.str.replace(" ", "T") : text;
  });
  return texts.length === 0 ? frame : frame.withColumns(...texts);
}

function variantOf(frame: pl.DataFrame, name: string): string {
  try {
    return frame.getColumn(name).dtype.variant;
  } catch {
    return "Binary"; // the type that Polars has no word of JavaScript for
  }
}

/**
 * Writes a table in the format of its extension, atomically. In JSON lines and CSV a NaN is written as null.
 *
 * @throws {RangeError} If the extension is unknown.
 * @throws {Error} As {@linkcode writeFileAtomic}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { readTable, writeTable } from "./tables.ts";
 *
 * const path = `${await Deno.makeTempDir()}/probe.parquet`;
 * await writeTable(pl.DataFrame({ doc_id: ["a"], ma: [0.5] }), path);
 * assertEquals((await readTable(path, { columns: ["ma"] })).toRecords(), [{ ma: 0.5 }]);
 * ```
 */
export async function writeTable(
  frame: pl.DataFrame,
  path: string,
  options: WriteFileOptions = {},
): Promise<void> {
  await writeFileAtomic(path, await encodeTable(frame, tableFormat(path)), options);
}

async function encodeTable(frame: pl.DataFrame, format: TableFormat): Promise<Uint8Array> {
  if (format === ".parquet") return frame.writeParquet();
  const text = encodeRows(frame, format === ".csv" ? ".csv" : ".jsonl", { header: true });
  const bytes = new TextEncoder().encode(text);
  if (format !== ".jsonl.gz") return bytes;
  return await new Response(gzip(new Blob([bytes]).stream())).bytes();
}

/**
 * The objects of a JSON lines file, plain or gzip, as JSON has them: a lone surrogate is still one.
 *
 * @throws {SyntaxError} If a line is no JSON object; the message has its number. {RangeError} if it is too large
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readJsonLines } from "./tables.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"x = 1"}\n\n{"text":"y = 2"}');
 * assertEquals(await readJsonLines(path), [{ text: "x = 1" }, { text: "y = 2" }]);
 * ```
 */
export async function readJsonLines(path: string): Promise<Record<string, unknown>[]> {
  const { size } = await checkRegularFile(path, { what: "table", maxBytes: MAX_TABLE_BYTES });
  const rows: Record<string, unknown>[] = [];
  for await (const part of rowParts(path)) {
    const number = part.rowsBefore + 1;
    if (!part.isWhole) throw new RangeError(`Cannot read table "${path}": line ${number} is a ${LONG_ROW}`);
    if (part.end > MAX_TABLE_BYTES) {
      throw new RangeError(
        `Cannot read table "${path}": its ${size} bytes unpack to more than the ${MAX_TABLE_BYTES} that are read`,
      );
    }
    const row = parseJsonLine(decodeRow(part, path).text, { path, place: `line ${number}` });
    if (row) rows.push(row);
  }
  return rows;
}

async function readJsonFrame(path: string, { columns, optional }: ReadTableOptions): Promise<pl.DataFrame> {
  const rows = await readJsonLines(path);
  if (rows.length === 0 && columns) return pl.DataFrame(columns.map((name) => pl.Series(name, [], pl.Utf8)));
  const found = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  checkColumns(path, found, columns);
  return pl.DataFrame(
    wantedColumns(found, { columns, optional }).map((name, i) => {
      const what = columns ? `column "${name}"` : nameColumn(name, i);
      return jsonColumn(name, rows.map((row) => row[name] ?? null), `Cannot read table "${path}": ${what}`);
    }),
  );
}

// deno-lint-ignore no-explicit-any -- as Polars has it
function jsonColumn(name: string, cells: any[], what: string): pl.Series {
  const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => kindOf(cell)));
  if (kinds.size > 1) throw new SyntaxError(`${what} mixes ${[...kinds].join(" and ")}`);
  const [kind] = kinds;
  if (kind === "object") throw new SyntaxError(`${what} holds objects: use plain columns`);
  const whole = kind === "number" && cells.every((cell) => cell === null || Number.isSafeInteger(cell));
  return whole ? pl.Series(name, cells, pl.Int64) : pl.Series(name, cells);
}

function kindOf(cell: unknown): string {
  return Array.isArray(cell) ? "list" : typeof cell;
}

/** The columns to keep, of those that were found. */
function wantedColumns(
  found: readonly string[],
  { columns, optional = [] }: ReadTableOptions,
): readonly string[] {
  return columns ? [...columns, ...optional.filter((name) => found.includes(name))] : found;
}

async function readCsv(
  path: string,
  { columns, optional, text = [] }: ReadTableOptions,
): Promise<pl.DataFrame> {
  await checkRegularFile(path, { what: "table", maxBytes: MAX_TABLE_BYTES });
  const reader = new CsvReader(path);
  const cells: TextCell[][] = [];
  for await (const part of rowParts(path)) {
    const row = reader.read(part);
    if (part.rowsBefore === 0) checkColumns(path, reader.header, columns);
    if (row && !row.cells) {
      throw new RangeError(`Cannot read table "${path}": row ${row.number} is a ${LONG_ROW}`);
    }
    const wanted = wantedColumns(reader.header, { columns, optional });
    wanted.forEach((name, i) => {
      cells[i] ??= [];
      if (row) cells[i]!.push(row.cells![reader.header.indexOf(name)]!);
    });
  }
  if (cells.length === 0) throw new SyntaxError(`Cannot read table "${path}" as CSV: it is empty`);
  const isText = (name: string) => name === "doc_id" || text === "all" || text.includes(name);
  return pl.DataFrame(
    wantedColumns(reader.header, { columns, optional }).map((name, i) =>
      columnOf(name, cells[i]!, { isText: isText(name) })
    ),
  );
}

/**
 * The format that a path's extension names.
 *
 * @throws {RangeError} If it names none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tableFormat } from "./tables.ts";
 *
 * assertEquals(tableFormat("out/a.jsonl.gz"), ".jsonl.gz");
 * ```
 */
export function tableFormat(path: string): TableFormat {
  const format = FORMATS.findLast((extension) => path.endsWith(extension));
  if (format) return format;
  const name = path.slice(path.lastIndexOf("/") + 1);
  throw new RangeError(`Unknown table format "${name}": expected ${FORMATS.slice(0, -1).join(", ")} or .csv`);
}
