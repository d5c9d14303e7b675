/**
 * The two rules by which CodeEraser drops a key that is likely a hash: words about hashing before the key's first
 * occurrence, and words about hashing all over the file.
 *
 * @module
 */

// deno-lint-ignore no-control-regex -- the characters that str.splitlines takes for line ends
const LINE_BREAK = /[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
const HASH_WORD = /sha|md5|hash|byte/gi;
const HASH_LENGTHS: readonly number[] = [32, 40, 64];
const SHARE = 0.02;

function count(text: string, word: string): number {
  let found = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) found++;
  return found;
}

/**
 * Whether "sha" or "hash" stands in a text more often than 2 % of its line breaks, rounded down: once is enough in a
 * text of fewer than 50 lines, be it in "share".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fileHasHashes } from "./hash_rules.ts";
 *
 * assertEquals([fileHasHashes("x.shape"), fileHasHashes("x.shape" + "\n".repeat(50))], [true, false]);
 * ```
 */
export function fileHasHashes(text: string): boolean {
  const limit = Math.trunc(SHARE * count(text, "\n"));
  const lower = text.toLowerCase();
  return count(lower, "sha") > limit || count(lower, "hash") > limit;
}

/**
 * Tells which keys of one text are likely hashes; remembers a line's words, so that many keys on one long line cost
 * one look at it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HashRule } from "./hash_rules.ts";
 *
 * const key = "a1".repeat(16);
 * assertEquals([`md5 = "${key}"`, `key = "${key}"`].map((text) => new HashRule(text).isHash(key)), [true, false]);
 * ```
 */
export class HashRule {
  readonly #text: string;
  readonly #wordEnds = new Map<number, number>();

  /** A rule for the keys of `text`. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Where the first word about hashing at or after `from` ends; Infinity without one. */
  #wordEnd(from: number): number {
    let end = this.#wordEnds.get(from);
    if (end === undefined) {
      HASH_WORD.lastIndex = from;
      const match = HASH_WORD.exec(this.#text);
      end = match === null ? Infinity : match.index + match[0].length;
      this.#wordEnds.set(from, end);
    }
    return end;
  }

  /** Whether a word about hashing stands before the first occurrence of `value`, on its line or, when it begins its line, on the one above. */
  isHash(value: string): boolean {
    if (!HASH_LENGTHS.includes(Array.from(value).length)) return false;
    let stop = this.#text.indexOf(value);
    if (stop <= 0) return false;
    if (LINE_BREAK.test(this.#text.charAt(stop - 1))) {
      stop -= this.#text.startsWith("\r\n", stop - 2) ? 2 : 1;
    }
    let start = stop;
    while (start > 0 && !LINE_BREAK.test(this.#text.charAt(start - 1))) start--;
    return this.#wordEnd(start) <= stop;
  }
}
