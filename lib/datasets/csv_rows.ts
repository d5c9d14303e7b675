/**
 * The rows of a CSV with its header: each must have as many fields as that.
 *
 * @module
 */
import { type CsvCell, csvCells } from "./csv_record.ts";
import { decodeRow, type RowPart, rowParts, type RowPartsOptions } from "./row_parts.ts";

/** A row below the header. */
export interface CsvRow {
  /** The row's number, from 0, blank lines not counted. */
  number: number;
  /** The row as it stands in the file; empty where it is too long to be held. */
  text: string;
  /** Null where it is too long. */
  cells: CsvCell[] | null;
}

/**
 * Makes rows of the parts of a file, in their order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CsvReader } from "./csv_rows.ts";
 * import { rowParts } from "./row_parts.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, "doc_id,text\n007,x\n");
 * const reader = new CsvReader(path);
 * const rows = (await Array.fromAsync(rowParts(path))).map((part) => reader.read(part));
 * assertEquals([reader.header, rows[0], rows[1]!.cells![0]!.value], [["doc_id", "text"], null, "007"]);
 * ```
 */
export class CsvReader {
  readonly #path: string;
  /** The columns' names, once the first part was read. */
  header: readonly string[] = [];
  #rows = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The row of a part; null for the header, for a blank line and for a part that is not a row's last.
   *
   * @throws {SyntaxError} If it is no CSV, or has not the header's number of fields; no cell is in the message.
   */
  read(part: RowPart): CsvRow | null {
    if (part.rowsBefore === 0) return this.#readHeader(part);
    if (!part.isWhole) return part.isLast ? { number: this.#rows++, text: "", cells: null } : null;
    const { text } = decodeRow(part, this.#path);
    const isBlank = text === "\n" || text === "\r\n";
    if (isBlank && this.header.length > 1) return null;
    const number = this.#rows++;
    const cells = this.#cellsOf(text, `row ${number}`);
    if (cells.length !== this.header.length) {
      const [has, should] = [cells.length, this.header.length].map((n) => `${n} field${n === 1 ? "" : "s"}`);
      throw new SyntaxError(
        `Cannot read table "${this.#path}" as CSV: row ${number} has ${has}, the header ${should}`,
      );
    }
    return { number, text, cells };
  }

  #readHeader(part: RowPart): null {
    if (!part.isWhole) {
      throw new SyntaxError(`Cannot read table "${this.#path}" as CSV: the header is over 64 MiB`);
    }
    const { text } = decodeRow(part, this.#path);
    if (text.trim() === "") {
      throw new SyntaxError(`Cannot read table "${this.#path}" as CSV: its first line, the header, is blank`);
    }
    const cells = this.#cellsOf(text, "the header");
    this.header = cells.map(({ value }) => value ?? "");
    const twice = this.header.findIndex((name, i) => this.header.indexOf(name) < i);
    if (twice >= 0) {
      const first = this.header.indexOf(this.header[twice]!);
      throw new SyntaxError(
        `Cannot read table "${this.#path}" as CSV: columns ${first + 1} and ${twice + 1} have the same name`,
      );
    }
    return null;
  }

  #cellsOf(text: string, what: string): CsvCell[] {
    try {
      if (text.includes("\0")) throw new SyntaxError("holds NUL bytes");
      return csvCells(text);
    } catch (cause) {
      const { message } = cause as Error;
      throw new SyntaxError(`Cannot read table "${this.#path}" as CSV: ${what} ${message}`, { cause });
    }
  }
}

/**
 * The rows of a CSV, and the names of its columns.
 *
 * @throws {SyntaxError} as `CsvReader`, or if it is empty
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { csvRows } from "./csv_rows.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, 'doc_id,text\n007,"a\nb"\n');
 * const [row] = await Array.fromAsync(csvRows(path));
 * assertEquals([row!.header, row!.cells!.map(({ value }) => value)], [["doc_id", "text"], ["007", "a\nb"]]);
 * ```
 */
export async function* csvRows(
  path: string,
  options: Pick<RowPartsOptions, "breathe" | "onBytes"> = {},
): AsyncGenerator<CsvRow & { header: readonly string[] }> {
  const reader = new CsvReader(path);
  for await (const part of rowParts(path, options)) {
    const row = reader.read(part);
    if (row) yield { ...row, header: reader.header };
  }
  if (reader.header.length === 0) throw new SyntaxError(`Cannot read table "${path}" as CSV: it is empty`);
}

/**
 * The names of a CSV's columns.
 *
 * @throws {SyntaxError} as `CsvReader`, or if it is empty
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { csvHeader } from "./csv_rows.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, "doc_id,text\n");
 * assertEquals(await csvHeader(path), ["doc_id", "text"]);
 * ```
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const reader = new CsvReader(path);
  for await (const part of rowParts(path)) {
    reader.read(part);
    return reader.header;
  }
  throw new SyntaxError(`Cannot read table "${path}" as CSV: it is empty`);
}
