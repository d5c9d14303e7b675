/**
 * Classes and lines of a model's tokens, which know nothing of a language's: one token may hold a blank and a word, or a
 * bracket and a line break.
 *
 * A token is of the class that most of its characters have that are not white space, of the first of them where two have
 * as many; so the blank before a word goes with the word, and only a token of nothing but white space is white space.
 * Blanks within a literal or a comment are characters of it like any other.
 *
 * @module
 */
import type { TokenOffsets } from "../datasets/secret_mask.ts";
import { CLASS_NUMBERS, CODE_CLASSES } from "./code_classes.ts";

/**
 * The class of each token, a number of `CODE_CLASSES`.
 *
 * A token without characters of its own, as of the bytes of one character after the first, is of the class of the
 * character where it stands.
 *
 * @param classes of the text's UTF-16 units
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifyCode, CODE_CLASSES } from "./code_classes.ts";
 * import { tokenClasses } from "./token_classes.ts";
 *
 * const offsets = { starts: [0, 2, 4, 6], ends: [2, 4, 6, 7] }; // "if", " x", ":\n", " "
 * const tokens = tokenClasses(offsets, await classifyCode("if x:\n pass", "python"));
 * const names = Array.from(tokens, (number) => CODE_CLASSES[number]);
 * assertEquals(names, ["keyword", "identifier", "operator", "whitespace"]);
 * ```
 */
export function tokenClasses({ starts, ends }: TokenOffsets, classes: Uint8Array): Uint8Array {
  const votes = new Uint32Array(CODE_CLASSES.length);
  return Uint8Array.from({ length: starts.length }, (_, t) => {
    votes.fill(0);
    const end = Math.max(ends[t]!, starts[t]! + 1);
    let best: number = end > classes.length ? CLASS_NUMBERS.other : CLASS_NUMBERS.whitespace;
    for (let i = starts[t]!; i < end && i < classes.length; i++) {
      const own = classes[i]!;
      if (own !== CLASS_NUMBERS.whitespace) votes[own]!++;
    }
    for (let i = starts[t]!; i < end && i < classes.length; i++) {
      const own = classes[i]!;
      if (votes[own]! > votes[best]!) best = own;
    }
    return best;
  });
}

/** Tokens from one on to before another. */
export interface TokenRange {
  from: number;
  to: number;
}

/**
 * The tokens of each line of a text whose tokens can all be predicted: from the first to the last that begins in it with
 * something else than a blank. The line of the text's first token is left out, as nothing stands before it; so is one that
 * begins within a token of the line before, and the last one where the text goes on after the tokens.
 *
 * @param isWhole whether the tokens are all of the text's
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tokenLines } from "./token_classes.ts";
 *
 * const text = "a\n  b c\n\nd";
 * const offsets = { starts: [0, 1, 4, 5, 7, 9], ends: [1, 4, 5, 7, 9, 10] }; // "a", "\n  ", "b", " c", "\n\n", "d"
 * assertEquals(tokenLines(offsets, text, { isWhole: true }), [{ from: 2, to: 4 }, { from: 5, to: 6 }]);
 * assertEquals(tokenLines(offsets, text, { isWhole: false }), [{ from: 2, to: 4 }]);
 * ```
 */
export function tokenLines(
  { starts, ends }: TokenOffsets,
  text: string,
  { isWhole }: { isWhole: boolean },
): TokenRange[] {
  const lines: (TokenRange & { line: number; isCut: boolean })[] = [];
  let [line, read] = [0, 0];
  for (let t = 0; t < starts.length; t++) {
    let first = starts[t]!;
    while (first < ends[t]! && /\s/.test(text[first]!)) first++;
    if (first === ends[t]) continue;
    for (; read < first; read++) if (text[read] === "\n") line++;
    const last = lines.at(-1);
    if (last?.line === line) last.to = t + 1;
    else {
      const before = text.slice(text.lastIndexOf("\n", first - 1) + 1, first);
      lines.push({ line, from: t, to: t + 1, isCut: t === 0 || /\S/.test(before) });
    }
  }
  const whole = isWhole ? lines : lines.slice(0, -1);
  return whole.flatMap(({ from, to, isCut }) => isCut ? [] : [{ from, to }]);
}
