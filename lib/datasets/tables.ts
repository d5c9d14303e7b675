/**
 * Tables on disk: Parquet, JSON lines (plain or gzip) and CSV, chosen by the extension, as Polars frames. Reading
 * refuses what is missing, cut or foreign with one line; writing is atomic. `doc_id` is a string whatever the file
 * holds. JSON lines are read and written here (Polars names no line, and turns whole numbers into floats).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import pl from "nodejs-polars";
import { writeFileAtomic } from "../write_file.ts";
import { reasonOf, withoutText } from "../reason.ts";
import { nameColumn, nameColumns } from "./columns.ts";

/** Polars, for what reads and makes frames outside this folder. */
export { pl };

const FORMATS = [".parquet", ".jsonl", ".jsonl.gz", ".csv"] as const;

/** The extensions of tables. */
export type TableFormat = typeof FORMATS[number];

/** Options of {@linkcode readTable}. */
export interface ReadTableOptions {
  /** The columns that must be there; only these are kept, in this order. */
  columns?: readonly string[];
  /** Columns of a CSV that are text even where they look like numbers, beside `doc_id`: "007" stays so. */
  text?: readonly string[];
}

/**
 * Reads a table.
 *
 * @throws {RangeError} If the extension is unknown.
 * @throws {SyntaxError} If the file is not of that format, cut, or lacks a column.
 * @throws {Error} If there is no such file.
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
  const { columns, text = [] } = options;
  const format = tableFormat(path);
  const bytes = await readBytes(path);
  let frame: pl.DataFrame;
  if (format === ".parquet") frame = parse(path, "Parquet", () => pl.readParquet(bytes));
  else if (format === ".csv") frame = parse(path, "CSV", () => readCsv(path, bytes, text));
  else frame = frameOf(await parseJsonLines(path, bytes), path);
  if (frame.columns.includes("doc_id")) frame = frame.withColumn(pl.col("doc_id").cast(pl.Utf8));
  if (!columns) return frame;
  const missing = columns.filter((name) => !frame.columns.includes(name));
  if (missing.length > 0) {
    throw new SyntaxError(
      `Cannot read table "${path}": it has no column ${quoted(missing)}: it has ${
        nameColumns(frame.columns)
      }`,
    );
  }
  return frame.select(...columns);
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
export async function writeTable(frame: pl.DataFrame, path: string): Promise<void> {
  await writeFileAtomic(path, await encodeTable(frame, tableFormat(path)));
}

async function encodeTable(frame: pl.DataFrame, format: TableFormat): Promise<Uint8Array> {
  if (format === ".parquet") return frame.writeParquet();
  const text = encodeRows(frame, format === ".csv" ? ".csv" : ".jsonl", { header: true });
  const bytes = new TextEncoder().encode(text);
  if (format !== ".jsonl.gz") return bytes;
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

/**
 * The rows of a frame as text. A NaN is written as null.
 *
 * @param options.header whether a CSV begins with its columns' names
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { encodeRows } from "./tables.ts";
 *
 * const frame = pl.DataFrame({ doc_id: ["a,b"], ma: [0.5] });
 * assertEquals(encodeRows(frame, ".csv", { header: true }), 'doc_id,ma\n"a,b",0.5\n');
 * assertEquals(encodeRows(frame, ".jsonl", { header: true }), '{"doc_id":"a,b","ma":0.5}\n');
 * ```
 */
export function encodeRows(
  frame: pl.DataFrame,
  format: ".csv" | ".jsonl",
  { header }: { header: boolean },
): string {
  const rows = frame.toRecords();
  if (format === ".jsonl") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const cells = rows.map((row) => Object.values(row).map((cell) => Number.isNaN(cell) ? null : cell));
  return [...header ? [frame.columns] : [], ...cells].map(csvLine).join("");
}

function csvLine(cells: readonly unknown[]): string {
  const fields = cells.map((cell) => {
    if (cell === null || cell === undefined) return "";
    const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
    // what a spreadsheet may take for a formula is quoted too, and not changed: tables are read again
    const isFormula = typeof cell === "string" && /^[=+\-@\t]/.test(cell);
    return text === "" || isFormula || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return fields.join(",") + "\n";
}

/**
 * The objects of a JSON lines file, plain or gzip, as JSON has them: a lone surrogate is still one.
 *
 * @throws {SyntaxError} If a line is no JSON object; the message has its number.
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
  return await parseJsonLines(path, await readBytes(path));
}

async function parseJsonLines(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  const text = decode(path, path.endsWith(".gz") ? await gunzip(path, bytes) : bytes);
  for (const [index, line] of text.split("\n").entries()) {
    const row = parseJsonLine(line, { path, number: index + 1 });
    if (row) rows.push(row);
  }
  return rows;
}

/**
 * The object of one line of a JSON lines file; null for a blank line.
 *
 * @param place what messages name: the file and the line's number
 * @throws {SyntaxError} If it is no JSON object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseJsonLine } from "./tables.ts";
 *
 * const lines = ['{"text":"x"}', " "];
 * assertEquals(lines.map((line, i) => parseJsonLine(line, { path: "a.jsonl", number: i + 1 })), [{ text: "x" }, null]);
 * ```
 */
export function parseJsonLine(
  line: string,
  { path, number }: { path: string; number: number },
): Record<string, unknown> | null {
  if (line.trim() === "") return null;
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw new SyntaxError(`Cannot read table "${path}": line ${number} is not JSON`, {
      cause: withoutText(cause),
    });
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new SyntaxError(`Cannot read table "${path}": line ${number} is not a JSON object`);
  }
  return row as Record<string, unknown>;
}

async function gunzip(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")))
      .bytes();
  } catch (cause) {
    throw new SyntaxError(`Cannot read table "${path}" as gzip: it is damaged or cut`, { cause });
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot read table "${path}" as text: it is not UTF-8`, { cause });
  }
}

function frameOf(rows: readonly Record<string, unknown>[], path: string): pl.DataFrame {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const series = Array.from(names, (name, index) => {
    const cells = rows.map((row) => row[name] ?? null);
    const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => kindOf(cell)));
    if (kinds.size > 1) {
      throw new SyntaxError(
        `Cannot read table "${path}": ${nameColumn(name, index)} mixes ${[...kinds].join(" and ")}`,
      );
    }
    const [kind] = kinds;
    if (kind === "object") {
      throw new SyntaxError(
        `Cannot read table "${path}": ${nameColumn(name, index)} holds objects: use plain columns`,
      );
    }
    const whole = kind === "number" && cells.every((cell) => cell === null || Number.isSafeInteger(cell));
    return whole ? pl.Series(name, cells, pl.Int64) : pl.Series(name, cells);
  });
  return pl.DataFrame(series);
}

function kindOf(cell: unknown): string {
  return Array.isArray(cell) ? "list" : typeof cell;
}

function readCsv(path: string, bytes: Uint8Array, textColumns: readonly string[]): pl.DataFrame {
  const text = decode(path, bytes);
  if (text.includes("\0")) throw new SyntaxError("it holds NUL bytes");
  if (text.trim() === "") throw new SyntaxError("it is empty");
  const dtypes = Object.fromEntries(["doc_id", ...textColumns].map((name) => [name, pl.Utf8]));
  return pl.readCSV(text.includes("\n") ? text : text + "\n", { inferSchemaLength: text.length, dtypes });
}

function parse(path: string, kind: string, read: () => pl.DataFrame): pl.DataFrame {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SyntaxError && cause.message.startsWith("Cannot read")) throw cause;
    const reason = reasonOf(cause);
    throw new SyntaxError(`Cannot read table "${path}" as ${kind}: ${reason}`, { cause });
  }
}

// Polars takes an unknown path for the bytes of a file, and says so of neither.
async function readBytes(path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return Buffer.from((await Deno.readFile(path)).buffer);
  } catch (cause) {
    const { code } = cause as { code?: string };
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : code === "EISDIR"
      ? "it is a folder"
      : reasonOf(cause);
    throw new Error(`Cannot read table "${path}": ${reason}`, { cause });
  }
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

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
