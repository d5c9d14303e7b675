/**
 * Comments by which a person allows what a scanner finds on a line, in the words of the common scanners:
 *
 * | words | whose |
 * | --- | --- |
 * | `codescrub:allow` | ours |
 * | `gitleaks:allow`, `betterleaks:allow` | gitleaks, Betterleaks |
 * | `trufflehog:ignore` | TruffleHog |
 * | `pragma: allowlist secret`, `pragma: allowlist nextline secret`, `whitelist` for `allowlist` | detect-secrets, ripsecrets |
 * | `kingfisher:ignore`, `kingfisher:allow` | Kingfisher |
 * | `ggignore` | ggshield |
 * | `secretlint-disable-line`, `secretlint-disable-next-line` | secretlint |
 * | `nosec` with `B105`, `B106`, `B107` or `G101` | Bandit, gosec: their rules of written-out passwords |
 *
 * A bare `nosec` says nothing of secrets, and allows none; Nosey Parker has no such comment.
 *
 * @module
 */
import type { Span } from "./secret_span.ts";

const COMMENT = new RegExp(
  [
    "(?:codescrub|gitleaks|betterleaks|kingfisher):allow",
    "(?:trufflehog|kingfisher):ignore",
    "\\bggignore\\b",
    "pragma: ?(?:allow|white)list[ -](nextline[ -])?secret",
    "secretlint-disable-(?:line|(next-line))",
    "#[ \\t]?nosec\\b[^\\n]{0,80}?\\b(?:B10[567]|G101)\\b",
  ].join("|"),
  "gi",
);

/**
 * What tells whether a comment allows a span of a text: one that stands on a line of it, or, where the comment says so, on
 * the line before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { allowComments } from "./allow_comments.ts";
 *
 * const text = "a = 1 # gitleaks:allow\nb = 2\n";
 * const isAllowed = allowComments(text);
 * assertEquals([0, 23].map((start) => isAllowed({ start, end: start + 5 })), [true, false]);
 * ```
 */
export function allowComments(text: string): (span: Span) => boolean {
  const allowed = new Map<number, Span>(); // lines by their starts
  const add = (start: number) => {
    if (!allowed.has(start)) allowed.set(start, { start, end: lineEnd(text, start) });
  };
  let line = { start: 0, end: -1 };
  for (const { 1: next, 2: nextLine, index } of text.matchAll(COMMENT)) {
    if (index > line.end) line = { start: text.lastIndexOf("\n", index) + 1, end: lineEnd(text, index) };
    const isNext = next !== undefined || nextLine !== undefined;
    if (!isNext) add(line.start);
    else if (line.end < text.length) add(line.end + 1);
  }
  const lines = [...allowed.values()].sort((a, b) => a.start - b.start);
  if (lines.length === 0) return () => false;
  return ({ start, end }) => {
    let [low, high] = [0, lines.length]; // the first line that ends at or behind the span's start
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle]!.end < start) low = middle + 1;
      else high = middle;
    }
    return low < lines.length && lines[low]!.start < end;
  };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
