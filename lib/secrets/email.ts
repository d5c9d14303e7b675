/**
 * E-mail addresses by BigScience's rule as CodeEraser uses it (an older one than BigCode's later releases).
 * The rule is a regular expression whose plain use needs quadratic time on `a.a.a.a`; here each `@` is the starting
 * point and the address is walked out from it to both sides, which gives the same spans in linear time: the local
 * part cannot hold an `@`, so one walk to the left serves one `@`, and the domain cannot cross the next one.
 * `\s`, `\w` and `\p{L}` are those of Python's `regex` package.
 *
 * @module
 */
import type { SecretSpan } from "./secret_span.ts";

// regex's \s: as Python's without \x1c-\x1f; a \b inside its classes is a backspace.
const OTHER_SPACE = /[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const HAN = /\p{Script=Han}/u;
const LETTER = /\p{L}/u;
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u;

/** Bits of the four classes of the rule, for the ASCII characters. */
const NOT_LOCAL = 1, NOT_DOMAIN = 2, NOT_BEFORE_DOT = 4, BEFORE = 8, AFTER = 16;
const ASCII = new Uint8Array(128);
const SPACES = "\b\t\n\v\f\r ";
mark(SPACES + "@?!;,:)('\"<", NOT_LOCAL);
mark(SPACES + "@!?;,/", NOT_DOMAIN);
mark(SPACES + "@?!;,/:)('\">.", NOT_BEFORE_DOT);
mark(SPACES + "@,?!;:)('\".<", BEFORE);
mark(SPACES + "@,?!;:)('\".>", AFTER);

function mark(characters: string, bit: number): void {
  for (const c of characters) ASCII[c.charCodeAt(0)]! |= bit;
}

function isAt(text: string, index: number, bit: number): boolean {
  const code = text.charCodeAt(index);
  return code < 128 ? (ASCII[code]! & bit) !== 0 : OTHER_SPACE.test(text.charAt(index));
}

function codePoint(text: string, index: number): string {
  return String.fromCodePoint(text.codePointAt(index)!);
}

/** The character that ends before `index`. */
function characterBefore(text: string, index: number): string {
  const low = text.charCodeAt(index - 1);
  return low >= 0xdc00 && low <= 0xdfff ? codePoint(text, index - 2) : text.charAt(index - 1);
}

/** Where the local part of the `@` at `at` starts, not before `from`; `at` when there is none. */
function localStart(text: string, at: number, from: number): number {
  let start = at;
  while (start > from && !isAt(text, start - 1, NOT_LOCAL)) start--;
  if (start > from || from === 0 || isAt(text, start - 1, NOT_LOCAL)) return start;
  // Cut by the end of the address before: the first place in the run that follows a delimiter.
  for (; start < at; start++) {
    if (isAt(text, start - 1, BEFORE) || HAN.test(characterBefore(text, start))) return start;
  }
  return at;
}

/** Where the last part of the domain, `dot` excluded, ends: the longest that a delimiter follows; -1 for none. */
function labelEnd(text: string, dot: number): number {
  let end = dot + 1;
  if (end >= text.length) return -1;
  const letter = codePoint(text, end);
  if (!LETTER.test(letter)) return -1;
  const first = end += letter.length;
  while (end < text.length) {
    const c = codePoint(text, end);
    if (!WORD.test(c)) break;
    end += c.length;
  }
  if (end === first) return -1;
  if (end === text.length || isAt(text, end, AFTER) || HAN.test(codePoint(text, end))) return end;
  // Only a Han character is both part of a word and a delimiter.
  for (let last = end; last > first;) {
    const c = characterBefore(text, last);
    last -= c.length;
    if (last > first && HAN.test(c)) return last;
  }
  return -1;
}

/** Where the domain after the `@` at `at` ends; -1 when there is none. */
function domainEnd(text: string, at: number): number {
  let stop = at + 1;
  while (stop < text.length && !isAt(text, stop, NOT_DOMAIN)) stop++;
  for (let dot = stop - 1; dot > at + 1; dot--) {
    if (text.charCodeAt(dot) !== 0x2e || isAt(text, dot - 1, NOT_BEFORE_DOT)) continue;
    const end = labelEnd(text, dot);
    if (end > 0) return end;
  }
  return -1;
}

/**
 * The e-mail addresses of a text, in order. Linear time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectEmails } from "./email.ts";
 *
 * const text = "mail <ada@mail.invalid> or bob@x.y";
 * assertEquals(detectEmails(text).map((span) => text.slice(span.start, span.end)), ["ada@mail.invalid"]);
 * ```
 */
export function detectEmails(text: string): SecretSpan[] {
  const spans: SecretSpan[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const start = localStart(text, at, from);
    if (start === at) continue;
    const end = domainEnd(text, at);
    if (end < 0) continue;
    spans.push({ tag: "EMAIL", detector: "Email", start, end });
    from = end;
  }
  return spans;
}
