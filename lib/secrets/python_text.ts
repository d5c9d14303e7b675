/**
 * Python's notions of white space, lines and letter case. The oracles of this folder are Python programs, and each
 * of these notions differs from JavaScript's by a few characters (`\x1c`-`\x1f` and `\x85` are white space to Python,
 * U+FEFF is not; `i` matches U+0131 without regard to case), which is enough to shift or lose a secret.
 * Classes agree with Python 3.11 for every character that its Unicode 14 knows.
 *
 * @module
 */

/** The inside of a character class: what Python's `\s` and `str.strip` take as white space. */
export const PYTHON_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** The inside of a character class: Python's `\w` (needs the `u` flag). */
export const PYTHON_WORD = "\\p{L}\\p{N}_";

const SPACE = new RegExp(`[${PYTHON_SPACE}]`);
// deno-lint-ignore no-control-regex -- the characters that str.splitlines takes for line ends
const LINE_BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
const FOLDED = /[\u0130\u0131\u017f\u212a]/;
const ALL_FOLDED = /[\u0130\u0131\u017f\u212a]/g;

/**
 * Whether the UTF-16 unit at `index` is white space to Python.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPythonSpace } from "./python_text.ts";
 *
 * assertEquals([isPythonSpace("\x1c", 0), isPythonSpace("\ufeff", 0)], [true, false]);
 * ```
 */
export function isPythonSpace(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (code < 0x80) return code === 0x20 || (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x1f);
  return SPACE.test(text.charAt(index));
}

/**
 * `text` without white space at its end, as Python's `str.rstrip`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { stripEnd } from "./python_text.ts";
 *
 * assertEquals(stripEnd(" a\x1f\n"), " a");
 * ```
 */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isPythonSpace(text, end - 1)) end--;
  return text.slice(0, end);
}

/**
 * `text` without white space at either end, as Python's `str.strip`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { strip } from "./python_text.ts";
 *
 * assertEquals(strip("\x85 a b \t"), "a b");
 * ```
 */
export function strip(text: string): string {
  let start = 0;
  while (start < text.length && isPythonSpace(text, start)) start++;
  return stripEnd(text.slice(start));
}

/**
 * The lines of `text` without their ends, as Python's `str.splitlines`: ten characters end a line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitLines } from "./python_text.ts";
 *
 * assertEquals(splitLines("a\r\nb\x0bc\n"), ["a", "b", "c"]);
 * assertEquals(splitLines(""), []);
 * ```
 */
export function splitLines(text: string): string[] {
  const lines = text.split(LINE_BREAK);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * `text` with `\r\n` and `\r` read as `\n`, as Python reads a text file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { universalNewlines } from "./python_text.ts";
 *
 * assertEquals(universalNewlines("a\rb\r\nc"), "a\nb\nc");
 * ```
 */
export function universalNewlines(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/**
 * `text` with the four characters that Python's `re.IGNORECASE` takes for ASCII letters made those letters; of the
 * same length, so offsets hold. A regular expression with `i` then answers as Python's does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { foldCase } from "./python_text.ts";
 *
 * assertEquals(foldCase("\u017fecret \u212aey"), "secret key");
 * ```
 */
export function foldCase(text: string): string {
  if (!FOLDED.test(text)) return text;
  return text.replace(ALL_FOLDED, (c) => c === "\u017f" ? "s" : c === "\u212a" ? "k" : "i");
}
