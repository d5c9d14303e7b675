/**
 * IPv4 and IPv6 addresses by BigScience's rule as CodeEraser uses it: a pattern that consumes the delimiter on either
 * side (so of three addresses one blank apart the second is missed), then four tests of the value: it has a digit,
 * it does not begin like a date, it is no version number, and Python's `ipaddress` can read it.
 * Kept as it is, faults included, since parity is the point.
 *
 * @module
 */
import { asciiUnits, NOT_ASCII } from "./ascii_units.ts";
import { MarkFinder } from "./marks.ts";
import type { SecretSpan } from "./secret_span.ts";

// regex's \s, the backspace that its \b means inside a class, punctuation and Han.
const AROUND = "\\x08\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000" +
  "@?,!;:'\"(.\\p{Script=Han}";
const BEFORE = `(?:(?<![^\\n])|[${AROUND})])`;
// The rule's second class has neither the closing parenthesis nor the backspace.
const AFTER = `(?:(?![^\\n])|[${AROUND.slice("\\x08".length)}])`;

const V4 = "(?:25[0-5]|2[0-4]\\d|[01]?\\d\\d?)(?:\\.(?:25[0-5]|2[0-4]\\d|[01]?\\d\\d?)){3}";
/** The dotted end of an IPv6 address; unlike V4 it allows a 1 but no 0 before two digits. */
const V4_IN_V6 = "(?:(?:25[0-5]|(?:2[0-4]|1?\\d)?\\d)\\.){3}(?:25[0-5]|(?:2[0-4]|1?\\d)?\\d)";
const H = "[\\da-fA-F]{1,4}";

/** IPv6 in the order in which the rule tries its forms; the order decides what is found. */
const V6 = [
  `(?:${H}:){7}${H}`,
  `(?:${H}:){1,7}:`,
  ...[1, 2, 3, 4, 5].map((after) => `(?:${H}:){1,${7 - after}}(?::${H}){1,${after}}`),
  `${H}:(?::${H}){1,6}`,
  `:(?:(?::${H}){1,7}|:)`,
  "fe80:(?::[\\da-fA-F]{0,4}){0,4}%[\\da-zA-Z]+",
  `::(?:ffff(?::0{1,4})?:)?${V4_IN_V6}`,
  `(?:${H}:){1,4}:${V4_IN_V6}`,
];

/** The rule's expression: a delimiter, the address, a delimiter; plain use takes ten times the time of a search by marks. */
export const ADDRESS = new RegExp(`(${BEFORE})(${[V4, ...V6].join("|")})${AFTER}`, "gu");
// Two octets of two digits that could be day and month, then one of two digits: dd.mm.yy
const LIKE_A_DATE = /^[0-3]\d\.[0-3]\d\.\d\d\./;
const VERSION_LENGTH = "1.2.3.4".length;
const CONTEXT = 100;

function isIpv4(text: string): boolean {
  const octets = text.split(".");
  return octets.length === 4 &&
    octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256);
}

function isIpv6(text: string): boolean {
  const parts = text.split(":");
  if (parts.length < 3) return false;
  if (parts.at(-1)!.includes(".")) {
    if (!isIpv4(parts.pop()!)) return false;
    parts.push("0", "0");
  }
  if (parts.length > 9) return false;
  const gaps = parts.flatMap((part, i) => part === "" && i > 0 && i < parts.length - 1 ? [i] : []);
  if (gaps.length > 1) return false;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  const gap = gaps[0];
  if (gap === undefined) {
    if (parts.length !== 8 || first === "" || last === "") return false;
  } else {
    // An empty first or last part is only right beside the gap.
    const high = first === "" ? gap - 1 : gap;
    const low = parts.length - gap - 1 - (last === "" ? 1 : 0);
    if ((first === "" && high > 0) || (last === "" && low > 0) || high + low > 7) return false;
  }
  return parts.every((part) => part === "" || /^[\da-fA-F]{1,4}$/.test(part));
}

/**
 * Whether Python's `ipaddress.ip_address` reads `text`: no leading zeros in an octet, an IPv6 scope after `%`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isIpAddress } from "./ip_address.ts";
 *
 * assertEquals(["1.2.3.4", "1.02.3.4", "fe80::1%eth0", "1::2::3"].map(isIpAddress), [true, false, true, false]);
 * ```
 */
export function isIpAddress(text: string): boolean {
  if (isIpv4(text)) return true;
  const at = text.indexOf("%");
  if (at < 0) return isIpv6(text);
  const scope = text.slice(at + 1);
  return scope !== "" && !scope.includes("%") && isIpv6(text.slice(0, at));
}

function isPair(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}

/** `index` moved by `count` code points, and how many of them the text had. */
function move(text: string, index: number, count: number): [index: number, moved: number] {
  let moved = 0;
  for (; moved < count && index < text.length; moved++) index += isPair(text, index) ? 2 : 1;
  for (; moved < -count && index > 0; moved++) index -= isPair(text, index - 2) ? 2 : 1;
  return [index, moved];
}

/** Python's `text[start - 100 : end + 100]`, where a negative start counts from the end of the text. */
function context(text: string, start: number, end: number): string {
  const [before, moved] = move(text, start, -CONTEXT);
  const from = moved < CONTEXT ? move(text, text.length, moved - CONTEXT)[0] : before;
  return text.slice(from, Math.max(from, move(text, end, CONTEXT)[0]));
}

/** Whether `x.x.x.x` is a version: no "dns" and no "server" stands near it. */
function isVersion(text: string, start: number, end: number): boolean {
  const value = text.slice(start, end);
  if (value.length !== VERSION_LENGTH || value.split(".").length !== 4) return false;
  return !/dns|server/.test(context(text, start, end).toLowerCase());
}

const DOT = 0x2e, COLON = 0x3a, PERCENT = 0x25;
/** Bits of the classes of ASCII characters; what is not ASCII may delimit. */
const DIGIT = 1, HEX_DIGIT = 2, IN_ADDRESS = 4, DELIMITS = 8, IN_SCOPE = 16;
const CLASSES = new Uint8Array(128);
mark("0123456789", DIGIT | HEX_DIGIT | IN_ADDRESS | IN_SCOPE);
mark("abcdefABCDEF", HEX_DIGIT | IN_ADDRESS | IN_SCOPE);
mark("ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ", IN_SCOPE);
mark(".:", IN_ADDRESS | DELIMITS);
mark("\b\t\n\v\f\r @?,!;'\"()" + String.fromCharCode(NOT_ASCII), DELIMITS);

function mark(characters: string, bits: number): void {
  for (const c of characters) CLASSES[c.charCodeAt(0)]! |= bits;
}

/** Whether the unit at `at` is of a class; what is outside the text is of none. */
function is(units: Uint8Array, at: number, bits: number): boolean {
  return at >= 0 && at < units.length && (CLASSES[units[at]!]! & bits) !== 0;
}

/** The separator behind the group of up to `most` units of a class that begins at `at`; -1 where there is none. */
function separatorAfter(units: Uint8Array, at: number, bits: number, most: number): number {
  let end = at;
  while (end < at + most && is(units, end, bits)) end++;
  return end === at || end === units.length ? -1 : end;
}

/** Whether more groups follow the separator at `at`, each with the same separator behind it but for the last. */
function haveGroups(units: Uint8Array, at: number, bits: number, most: number, count: number): boolean {
  const separator = units[at];
  for (let group = 1; group < count; group++) {
    at = separatorAfter(units, at + 1, bits, most);
    if (at < 0 || units[at] !== separator) return false;
  }
  return is(units, at + 1, bits);
}

/**
 * Whether the dot or colon at `at` can be the first of an address' own: of four octets or eight groups, of a gap, or of
 * "fe80:", which the rule takes before a scope too.
 */
function mayBeAddress(units: Uint8Array, at: number): boolean {
  if (units[at] === DOT) return is(units, at - 1, DIGIT) && haveGroups(units, at, DIGIT, 3, 3);
  if (units[at + 1] === COLON) return true;
  return is(units, at - 1, HEX_DIGIT) && (isLinkLocal(units, at) || haveGroups(units, at, HEX_DIGIT, 4, 7));
}

function isLinkLocal(units: Uint8Array, at: number): boolean {
  return at >= 4 && units[at - 1] === 0x30 && units[at - 2] === 0x38 && units[at - 3] === 0x65 &&
    units[at - 4] === 0x66;
}

/** The characters of addresses that stand around `at`, as far as they go. */
function runAround(units: Uint8Array, at: number): [start: number, end: number] {
  let [start, end] = [at, at];
  while (is(units, start - 1, IN_ADDRESS)) start--;
  while (is(units, end, IN_ADDRESS)) end++;
  return [start, end];
}

/** Where the scope ends that may begin at `at` with "%". */
function scopeEnd(units: Uint8Array, at: number): number {
  if (units[at] !== PERCENT) return at;
  do at++; while (is(units, at, IN_SCOPE));
  return at;
}

/** Whether a run is the two colons of a name such as `std::size`, with hexadecimal digits beside them at most. */
function isPathSeparator(units: Uint8Array, start: number, end: number): boolean {
  if (start === 0 || is(units, start - 1, DELIMITS)) return false;
  let others = 0;
  for (let i = start; i < end; i++) if (!is(units, i, HEX_DIGIT)) others++;
  return others === 2;
}

/**
 * Whether what the rule's expression matches passes its four tests.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isFoundAddress } from "./ip_address.ts";
 *
 * assertEquals(["203.0.113.7", "1.2.3.4", "::"].map((text) => isFoundAddress(text, 0, text.length)), [true, false, false]);
 * ```
 */
export function isFoundAddress(text: string, start: number, end: number): boolean {
  const value = text.slice(start, end);
  return /\d/.test(value) && !LIKE_A_DATE.test(value) && !isVersion(text, start, end) && isIpAddress(value);
}

/** What every address has: the dot or colon of its own that `AddressSearch` wants to be told of, and what stands beside. */
export const ADDRESS_MARKS: readonly RegExp[] = [/\d\.\d/, /[\da-fA-F]:/, /::/];

/**
 * Finds the addresses of a text where one of {@linkcode ADDRESS_MARKS} stands: the rule's expression is only tried around a
 * dot or colon that can be an address' own, on the run of digits, dots and colons there with the character on either side.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { AddressSearch } from "./ip_address.ts";
 * import { asciiUnits } from "./ascii_units.ts";
 *
 * const text = "host 203.0.113.77 up";
 * const search = new AddressSearch(text, asciiUnits(text));
 * search.addAll();
 * assertEquals(search.spans.map(({ start, end }) => [start, end]), [[5, 17]]);
 * ```
 */
export class AddressSearch {
  /** What was found so far. */
  readonly spans: SecretSpan[] = [];
  readonly #text: string;
  readonly #units: Uint8Array;
  /** The ends of the last run and of the last match. */
  #seen = 0;
  #from = 0;

  /** @param units the text's, as `asciiUnits` gives them */
  constructor(text: string, units: Uint8Array) {
    [this.#text, this.#units] = [text, units];
  }

  /** Takes the next place of a mark. */
  addMark(mark: number): void {
    const units = this.#units;
    const at = units[mark] === COLON ? mark : mark + 1;
    if (at < this.#seen || !mayBeAddress(units, at)) return;
    const [start, end] = runAround(units, at);
    this.#seen = end;
    if (!isPathSeparator(units, start, end)) this.#searchRun(start, end);
  }

  /** Takes all marks of the text. */
  addAll(): void {
    finder ??= new MarkFinder(ADDRESS_MARKS);
    finder.walk(this.#units, (_, at) => this.addMark(at));
  }

  #searchRun(start: number, end: number): void {
    const before = Math.max(0, isPair(this.#text, start - 2) ? start - 2 : start - 1);
    const window = this.#text.slice(before, scopeEnd(this.#units, end) + 2);
    ADDRESS.lastIndex = Math.max(before, this.#from) - before;
    for (let match = ADDRESS.exec(window); match !== null; match = ADDRESS.exec(window)) {
      const first = before + match.index + match[1]!.length;
      const last = first + match[2]!.length;
      if (first >= end) return; // of the next run
      this.#from = before + ADDRESS.lastIndex;
      if (!isFoundAddress(this.#text, first, last)) continue;
      this.spans.push({ tag: "IP_ADDRESS", detector: "IpAddress", start: first, end: last });
    }
  }
}

let finder: MarkFinder | undefined;

/**
 * The IP addresses of a text, in order. Linear time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectIpAddresses } from "./ip_address.ts";
 *
 * const text = "203.0.113.7, 2001:db8::5, 10.20.30.40, version 1.2.3.4";
 * const found = detectIpAddresses(text).map((span) => text.slice(span.start, span.end));
 * assertEquals(found, ["203.0.113.7", "2001:db8::5"]);
 * ```
 */
export function detectIpAddresses(text: string): SecretSpan[] {
  const search = new AddressSearch(text, asciiUnits(text));
  search.addAll();
  return search.spans;
}
