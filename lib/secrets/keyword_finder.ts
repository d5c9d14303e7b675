/**
 * Which of many keywords a text holds, in any case, by one walk over it: Aho and Corasick's automaton as one table, whose
 * row is what the text so far ends with and whose column is the next character.
 *
 * Source: A. Aho, M. Corasick, "Efficient string matching: an aid to bibliographic search" (1975).
 *
 * @module
 */

/** The two characters beyond ASCII whose lower case is in it: the Kelvin sign, and a capital i with a dot. */
const FOLDED: ReadonlyMap<number, string> = new Map([[0x212a, "k"], [0x130, "i"]]);
const ASCII = 128;

/**
 * Finds keywords of any case.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { KeywordFinder } from "./keyword_finder.ts";
 *
 * assertEquals([...new KeywordFinder(["token", "Key", "é"]).find("my_KEY, Émile")], [1, 2]);
 * ```
 */
export class KeywordFinder {
  readonly #classes = new Uint8Array(ASCII);
  #width = 1;
  /** The next row, by row and class of character. */
  #next = new Int32Array(0);
  /** The keywords that end where a row is reached. */
  readonly #ends: number[][] = [[]];
  /** Keywords of other characters, which are looked for one by one. */
  readonly #others: [keyword: string, index: number][] = [];

  constructor(keywords: readonly string[]) {
    const lower = keywords.map((keyword) => keyword.toLowerCase());
    for (const c of new Set(lower.join(""))) {
      const code = c.charCodeAt(0);
      if (code >= ASCII) continue;
      this.#classes[code] = this.#classes[c.toUpperCase().charCodeAt(0)] = this.#width++;
    }
    const rows: number[][] = [this.#emptyRow()];
    lower.forEach((keyword, index) => {
      if (keyword === "") return;
      // deno-lint-ignore no-control-regex
      if (!/^[\x00-\x7f]*$/.test(keyword)) return void this.#others.push([keyword, index]);
      let row = 0;
      for (const c of keyword) {
        const column = this.#classes[c.charCodeAt(0)]!;
        if (rows[row]![column] === 0) {
          rows[row]![column] = rows.push(this.#emptyRow()) - 1;
          this.#ends.push([]);
        }
        row = rows[row]![column]!;
      }
      this.#ends[row]!.push(index);
    });
    this.#close(rows);
  }

  #emptyRow(): number[] {
    return new Array<number>(this.#width).fill(0);
  }

  /** Leads each row on to where the longest of its endings would lead. */
  #close(rows: number[][]): void {
    const shorter = new Array<number>(rows.length).fill(0);
    const queue = rows[0]!.filter((row) => row > 0);
    for (const row of queue) {
      this.#ends[row]!.push(...this.#ends[shorter[row]!]!);
      rows[row]!.forEach((next, column) => {
        const other = rows[shorter[row]!]![column]!;
        if (next === 0) return void (rows[row]![column] = other);
        shorter[next] = other;
        queue.push(next);
      });
    }
    this.#next = Int32Array.from(rows.flat(), (row) => row * this.#width);
  }

  /** The indices of the keywords that a text holds. */
  find(text: string): Set<number> {
    const found = new Set<number>();
    const [classes, next, width] = [this.#classes, this.#next, this.#width];
    let row = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      row = next[row + (unit < ASCII ? classes[unit]! : this.#classOf(unit))]!;
      const ends = row === 0 ? undefined : this.#ends[row / width];
      if (ends?.length) { for (const index of ends) found.add(index); }
    }
    if (this.#others.length > 0) {
      const lower = text.toLowerCase();
      for (const [keyword, index] of this.#others) if (lower.includes(keyword)) found.add(index);
    }
    return found;
  }

  #classOf(unit: number): number {
    const folded = FOLDED.get(unit);
    return folded === undefined ? 0 : this.#classes[folded.charCodeAt(0)]!;
  }
}
