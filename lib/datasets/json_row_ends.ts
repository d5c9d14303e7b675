/**
 * Where the rows of a JSON file end in its chunks: lines, or the elements of one array, which need not be on lines of
 * their own. An element's row has the comma or bracket behind it, the first also the bracket before it, so that the rows
 * together are the whole file.
 *
 * @module
 */

const [LINE_FEED, QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, BRACE, END_BRACE] = [
  10,
  34,
  92,
  44,
  91,
  93,
  123,
  125,
];
const BLANK: readonly number[] = [9, 10, 13, 32, 0xef, 0xbb, 0xbf]; // and a byte order mark

/** Rows that are lines, or elements of an array. */
export type JsonStyle = "lines" | "array";

/**
 * Finds where rows end in the chunks of a file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { JsonRowEnds } from "./json_row_ends.ts";
 *
 * const ends = new JsonRowEnds();
 * const chunk = new TextEncoder().encode('[{"a": "]"}, {}]');
 * assertEquals([ends.find(chunk, 0), ends.find(chunk, 12), ends.style], [12, 16, "array"]);
 * ```
 */
export class JsonRowEnds {
  /** What the first character tells; before it, lines. */
  style: JsonStyle = "lines";
  #isKnown: boolean;
  #depth = 0;
  #string: "none" | "open" | "escape" = "none";
  #isClosed = false;

  /** @param style where it is known, as in the midst of a file */
  constructor(style?: JsonStyle) {
    this.#isKnown = style !== undefined;
    this.style = style ?? "lines";
    this.#depth = style === "array" ? 1 : 0;
  }

  /** Whether what was read so far ends within an array. */
  get isOpen(): boolean {
    return this.style === "array" && !this.#isClosed;
  }

  /** Whether an array has ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The index behind the first row's end, 0 where it goes on in the next chunk. */
  find(chunk: Uint8Array, from: number): number {
    for (let i = from; !this.#isKnown && i < chunk.length; i++) {
      if (BLANK.includes(chunk[i]!)) continue;
      this.#isKnown = true;
      if (chunk[i] === OPEN) this.style = "array";
    }
    if (this.style === "lines") return chunk.indexOf(LINE_FEED, from) + 1;
    return this.#isClosed ? 0 : this.#findElement(chunk, from);
  }

  #findElement(chunk: Uint8Array, from: number): number {
    let [depth, string] = [this.#depth, this.#string];
    let end = 0;
    for (let i = from; i < chunk.length && end === 0; i++) {
      const byte = chunk[i]!;
      if (string === "escape") string = "open";
      else if (string === "open") {
        if (byte === QUOTE) string = "none";
        else if (byte === BACKSLASH) string = "escape";
      } else if (byte === QUOTE) string = "open";
      else if (byte === OPEN || byte === BRACE) depth++;
      else if (byte === CLOSE || byte === END_BRACE) {
        if (--depth > 0) continue;
        this.#isClosed = true;
        end = i + 1;
      } else if (byte === COMMA && depth === 1) end = i + 1;
    }
    [this.#depth, this.#string] = [depth, string];
    return end;
  }
}

/**
 * Where the value stands in a row of an array; null where there is none, as behind the last comma.
 *
 * @param isFirst whether it is the file's first row
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { arrayElement } from "./json_row_ends.ts";
 *
 * assertEquals(arrayElement('[\n {"a":1} ,', true), { start: 3, end: 10 });
 * assertEquals(arrayElement("\n]", false), null);
 * ```
 */
export function arrayElement(row: string, isFirst: boolean): { start: number; end: number } | null {
  let end = row.trimEnd().length;
  if (row[end - 1] === "," || row[end - 1] === "]") end = row.slice(0, end - 1).trimEnd().length;
  const opening = isFirst ? row.indexOf("[") + 1 : 0;
  const start = opening + row.slice(opening, end).search(/\S/);
  return start >= opening && start < end ? { start, end } : null;
}
