/**
 * The lines that matches stand in, found by one walk over the text: a line of a megabyte that holds ten thousand matches is
 * looked up, and asked each question, once.
 *
 * @module
 */
import type { Place } from "./near_places.ts";

/**
 * The lines of a match.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MatchLines } from "./match_lines.ts";
 *
 * const lines = new MatchLines("\nkey = b # allow");
 * assertEquals(lines.answer("allow", (word, text) => text.includes(word)), true);
 * ```
 */
export class MatchLines {
  /** From the newline before them, as gitleaks shows them to its lists, up to the one behind. */
  readonly text: string;
  readonly #answers = new Map<string, boolean>();

  constructor(text: string) {
    this.text = text;
  }

  /** The answer to a question about the text; each is put to `ask` once. */
  answer(question: string, ask: (question: string, text: string) => boolean): boolean {
    let known = this.#answers.get(question);
    if (known === undefined) this.#answers.set(question, known = ask(question, this.text));
    return known;
  }
}

/**
 * Reads the lines of matches that come in order and do not overlap.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MatchLineReader } from "./match_lines.ts";
 *
 * const reader = new MatchLineReader("a\nkey=b\nc");
 * const { lines, line, column } = reader.at(2, 7);
 * assertEquals([lines.text, line, column], ["\nkey=b", 1, 1]);
 * ```
 */
export class MatchLineReader {
  readonly #text: string;
  /** The newline before the last match's lines, or the text's start; the one behind that, or none; and where the lines end. */
  #start = 0;
  #next: number;
  #end = -1;
  #line = 0;
  #lines = new MatchLines("");

  constructor(text: string) {
    this.#text = text;
    this.#next = text.indexOf("\n");
  }

  /** The lines of the match from `start` to `end`, and where it begins: the line from 0, the column from the newline before. */
  at(start: number, end: number): Place & { lines: MatchLines } {
    let isKnown = true;
    while (this.#next >= 0 && this.#next <= start) {
      this.#start = this.#next;
      this.#next = this.#text.indexOf("\n", this.#next + 1);
      this.#line++;
      isKnown = false;
    }
    const last = Math.max(end, start + 1);
    if (this.#end < last) {
      const found = this.#text.indexOf("\n", last);
      this.#end = found < 0 ? this.#text.length : found;
      isKnown = false;
    }
    if (!isKnown) this.#lines = new MatchLines(this.#text.slice(this.#start, this.#end));
    return { lines: this.#lines, line: this.#line, column: start - this.#start };
  }
}
