/**
 * IPv4 and IPv6 addresses by BigScience's rule as CodeEraser uses it: a pattern that consumes the delimiter on either
 * side (so of three addresses one blank apart the second is missed), then four tests of the value: it has a digit,
 * it does not begin like a date, it is no version number, and Python's `ipaddress` can read it.
 * Kept as it is, faults included, since parity is the point.
 *
 * @module
 */
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

const ADDRESS = new RegExp(`${BEFORE}(${[V4, ...V6].join("|")})${AFTER}`, "dgu");
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
  const spans: SecretSpan[] = [];
  for (const match of text.matchAll(ADDRESS)) {
    const value = match[1]!;
    const [start, end] = match.indices![1]!;
    if (!/\d/.test(value) || LIKE_A_DATE.test(value)) continue;
    if (isVersion(text, start, end) || !isIpAddress(value)) continue;
    spans.push({ tag: "IP_ADDRESS", detector: "IpAddress", start, end });
  }
  return spans;
}
