/**
 * CSV as RFC 4180 has it, with the place of each cell, so that a cell can be changed and every other byte stays: where
 * rows end, the cells of a row, and a cell with places replaced. Beyond the RFC a quote within a cell that does not
 * begin with one stands for itself.
 *
 * @module
 */
import type { Replacement } from "./redact_text.ts";

const [LINE_FEED, QUOTE, COMMA] = [10, 34, 44];
const MARK = [0xef, 0xbb, 0xbf];

/**
 * Finds where rows end in the chunks of a file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CsvRowEnds } from "./csv_record.ts";
 *
 * const ends = new CsvRowEnds();
 * const chunk = new TextEncoder().encode('a,"b\nc"\nd');
 * assertEquals([ends.find(chunk, 0), ends.find(chunk, 8)], [8, 0]);
 * ```
 */
export class CsvRowEnds {
  #state: "cell" | "plain" | "quoted" | "after quote" = "cell";
  #read = 0;

  /** Whether what was read so far ends within quotes. */
  get isQuoted(): boolean {
    return this.#state === "quoted";
  }

  /** The index behind the first row's end, 0 where it goes on in the next chunk. */
  find(chunk: Uint8Array, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      if (this.#state === "quoted") {
        i = chunk.indexOf(QUOTE, i);
        if (i < 0) break;
        this.#state = "after quote";
        continue;
      }
      const byte = chunk[i];
      if (byte === LINE_FEED) {
        this.#state = "cell";
        this.#read += i + 1 - from;
        return i + 1;
      }
      if (byte === COMMA) this.#state = "cell";
      else if (byte === QUOTE && this.#state !== "plain") this.#state = "quoted";
      else if (this.#read + i - from >= MARK.length || byte !== MARK[this.#read + i - from]) {
        this.#state = "plain"; // a mark at the file's start is no part of the first cell
      }
    }
    this.#read += chunk.length - from;
    return 0;
  }
}

/** A cell of a row. */
export interface CsvCell {
  /** Where it begins in the row, its quotes included. */
  start: number;
  end: number;
  /** Null where nothing stands, not even quotes. */
  value: string | null;
  isQuoted: boolean;
}

/**
 * The cells of a row.
 *
 * @param row with or without its line break
 * @throws {SyntaxError} If a quote has no end, or something stands behind the one that closes a cell.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { csvCells } from "./csv_record.ts";
 *
 * assertEquals(csvCells('a,,"b ""c"""\r\n').map(({ value }) => value), ["a", null, 'b "c"']);
 * ```
 */
export function csvCells(row: string): CsvCell[] {
  const stop = row.length - (row.endsWith("\r\n") ? 2 : row.endsWith("\n") || row.endsWith("\r") ? 1 : 0);
  const cells: CsvCell[] = [];
  for (let start = 0; start <= stop;) {
    const isQuoted = row[start] === '"' && start < stop;
    const end = isQuoted ? quotedEnd(row, start, stop) : plainEnd(row, start, stop);
    const value = isQuoted
      ? row.slice(start + 1, end - 1).replaceAll('""', '"')
      : end === start
      ? null
      : row.slice(start, end);
    cells.push({ start, end, value, isQuoted });
    start = end + 1;
  }
  return cells;
}

function plainEnd(row: string, start: number, stop: number): number {
  const comma = row.indexOf(",", start);
  return comma < 0 ? stop : comma;
}

function quotedEnd(row: string, start: number, stop: number): number {
  for (let i = row.indexOf('"', start + 1); i >= 0 && i < stop; i = row.indexOf('"', i + 2)) {
    if (row[i + 1] === '"') continue;
    if (i + 1 < stop && row[i + 1] !== ",") throw new SyntaxError("has text behind a closing quote");
    return i + 1;
  }
  throw new SyntaxError("opens a quote without an end");
}

/**
 * A cell with places of its value replaced, quoted as it was, or where what is put in asks for quotes.
 *
 * @param cell as it stands in the file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spliceCsvCell } from "./csv_record.ts";
 *
 * const places = [{ start: 2, end: 4, text: '"' }];
 * assertEquals(spliceCsvCell('"""abcd"', places), '"""a""d"');
 * assertEquals(spliceCsvCell("abcd", places), '"ab"""');
 * ```
 */
export function spliceCsvCell(cell: string, replacements: readonly Replacement[]): string {
  const isQuoted = cell.startsWith('"');
  const mustQuote = !isQuoted && replacements.some(({ text }) => /[",\r\n]/.test(text));
  const escape = (text: string) => isQuoted || mustQuote ? text.replaceAll('"', '""') : text;
  const keep = (text: string) => mustQuote ? escape(text) : text;
  let [at, unit, from, spliced] = [isQuoted ? 1 : 0, 0, 0, ""];
  const seek = (to: number) => {
    for (; unit < to; unit++) at += isQuoted && cell[at] === '"' ? 2 : 1;
    return at;
  };
  for (const { start, end, text } of replacements) {
    spliced += keep(cell.slice(from, seek(start))) + escape(text);
    from = seek(end);
  }
  spliced += keep(cell.slice(from));
  return mustQuote ? `"${spliced}"` : spliced;
}
