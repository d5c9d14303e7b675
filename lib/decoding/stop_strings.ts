/**
 * Strings that end a completion, looked for in its text as it grows, so that they are found wherever tokens begin and end.
 *
 * @module
 */

/** What ends a completion. */
export interface StopStrings {
  /** The strings. */
  strings: readonly string[];
  /** The text of token ids, such as a tokenizer's `decode`. */
  decode: (ids: readonly number[]) => string | Promise<string>;
}

/** Tokens before those that may be part of a string: a decoder may treat the first ones of what it is given otherwise. */
const BEFORE = 4;

/**
 * Whether a completion's text, which had none of the strings before its last token, has one now. Only the last tokens are
 * decoded: as many as the longest string has bytes, and more where their text is shorter than it.
 *
 * @param tokens the completion's, all of them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hasStop } from "./stop_strings.ts";
 *
 * const words = ["x = 1", "\n", "de", "f g"];
 * const stop = { strings: ["\ndef"], decode: (ids: readonly number[]) => ids.map((id) => words[id]).join("") };
 * assertEquals(await hasStop([0, 1, 2], stop), false);
 * assertEquals(await hasStop([0, 1, 2, 3], stop), true);
 * ```
 */
export async function hasStop(
  tokens: readonly number[],
  { strings, decode }: StopStrings,
): Promise<boolean> {
  const longest = Math.max(0, ...strings.map((text) => new TextEncoder().encode(text).length));
  if (longest === 0) return false;
  for (let count = longest + BEFORE;; count *= 2) {
    const tail = tokens.slice(-count);
    const text = await decode(tail);
    if (strings.some((string) => text.includes(string))) return true;
    if (tail.length === tokens.length) return false;
    const before = await decode(tail.slice(0, -1));
    if (before.length >= longest + BEFORE) return false;
  }
}
