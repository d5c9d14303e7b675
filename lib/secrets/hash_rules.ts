/**
 * The two rules by which CodeEraser drops a key that is likely a hash: words about hashing before the key's first
 * occurrence, and words about hashing all over the file.
 *
 * @module
 */
import { firstAtLeast } from "./first_at_least.ts";

// deno-lint-ignore no-control-regex -- the characters that str.splitlines takes for line ends
const LINE_BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
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
 * Tells which keys of one text are likely hashes. Lines and words are looked up once for the text, so that many keys
 * cost little more than one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HashRule } from "./hash_rules.ts";
 *
 * const key = "a1".repeat(16);
 * assertEquals(new HashRule(`md5 = "${key}"`).isHash(key, 7), true);
 * assertEquals(new HashRule(`key = "${key}"`).isHash(key, 7), false);
 * ```
 */
export class HashRule {
  readonly #lineStarts: number[] = [0];
  readonly #wordStarts: number[] = [];
  readonly #wordEnds: number[] = [];

  /** A rule for the keys of `text`. */
  constructor(text: string) {
    for (const match of text.matchAll(LINE_BREAK)) this.#lineStarts.push(match.index + match[0].length);
    for (const match of text.matchAll(HASH_WORD)) {
      this.#wordStarts.push(match.index);
      this.#wordEnds.push(match.index + match[0].length);
    }
  }

  /**
   * Whether a word about hashing stands before `value`, whose first occurrence is at `first`: on its line or, when it
   * begins its line, on the one above.
   */
  isHash(value: string, first: number): boolean {
    if (first === 0 || !HASH_LENGTHS.includes(Array.from(value).length)) return false;
    const line = this.#lineStarts[firstAtLeast(this.#lineStarts, first) - 1]!;
    const end = this.#wordEnds[firstAtLeast(this.#wordStarts, line)];
    return end !== undefined && end <= first;
  }
}
