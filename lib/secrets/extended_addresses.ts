/**
 * E-mail and IP addresses for the extended profile, by rules that mend the reference's. Their expressions are only tried
 * where an address can begin: before an `@`, or before a dot or colon between digits.
 *
 * @module
 */
import { asciiUnits } from "./ascii_units.ts";
import { isIpAddress } from "./ip_address.ts";
import { MarkFinder } from "./marks.ts";

type Add = (start: number, end: number) => void;

const EMAIL =
  /(?<![\w.%+/-])[\w.%+-]{0,63}\w@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])/y;
const NO_EMAIL =
  /^(?:git|svn|hg|noreply|no-reply)@|^(?:your|my)[._-]?(?:e?-?mail|name|user|account)|@(?:your|my|some|their)[-_]?(?:own)?[-_]?(?:domain|company|mail|server|site|host|org)|\.tld$|[-]\S*@(?:openssh\.com|libssh\.org|ssh\.com|lysator\.liu\.se)$|@(?:[\w.-]+\.)?example\.[a-z]+$|@localhost|\.(?:png|jpe?g|gif|svg|webp|ico|js|mjs|ts|tsx|css|scss|html?|json|ya?ml|md|py|rb|go|rs|java|txt|sh)$/i;

const LOCAL = /[\w.%+-]/;
const MAX_LOCAL = 64;

/**
 * Adds the e-mail addresses of a text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findEmails } from "./extended_addresses.ts";
 *
 * const found: number[][] = [];
 * findEmails("to ada@mail.invalid", (start, end) => void found.push([start, end]));
 * assertEquals(found, [[3, 19]]);
 * ```
 */
export function findEmails(text: string, add: Add): void {
  let end = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start >= at - MAX_LOCAL && start > 0 && LOCAL.test(text[start - 1]!)) start--;
    if (start === at || start < end) continue;
    EMAIL.lastIndex = start;
    const value = EMAIL.exec(text)?.[0];
    if (value === undefined) continue;
    end = start + value.length;
    if (NO_EMAIL.test(value) || IN_ADDRESS.test(text.slice(Math.max(0, start - 72), start))) continue;
    add(start, end);
  }
}

/** `scheme://user:`, after which a password stands and no e-mail address. */
const IN_ADDRESS = /:\/\/[^\s@/"'<>]{0,64}:$/;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?<![\\w.-])${OCTET}(?:\\.${OCTET}){3}(?![\\w-]|\\.\\d)`, "y");
const IPV6 = /(?<![\w:.])(?=[\da-f:]{0,39}\d)[\da-f]{1,4}(?::[\da-f]{0,4}){2,7}(?![\w:.])/iy;
const BEFORE_VERSION =
  /(?:(?<![a-z])(?:version|release|ver|v|rev|build|section|rfc|chapter|oid)|version__|[<>~^]=?|[=!]=)[^\n\d]{0,12}$|[a-z][\w.-]{0,20}\/$|(?:image|from)\b[^\n]{0,20}[a-z]:$/i;

/** What stands in every IPv4 address and in every IPv6 address, from the character before its first dot or colon. */
export const EXTENDED_ADDRESS_MARKS: readonly [RegExp, RegExp] = [
  /\d\.(?:\d|\d\d|\d\d\d)\.\d/,
  /[\da-f]:(?:|[\da-f]|[\da-f]{2}|[\da-f]{3}|[\da-f]{4}):/i,
];
const MARKS = new MarkFinder(EXTENDED_ADDRESS_MARKS);
const KINDS = [{ expression: IPV4, part: /\d/, longest: 3 }, {
  expression: IPV6,
  part: /[\da-f]/i,
  longest: 4,
}];

/**
 * Adds the IP addresses of a text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findAddresses } from "./extended_addresses.ts";
 *
 * const found: number[][] = [];
 * findAddresses("at 203.0.113.7, not version 1.2.3.40", (start, end) => void found.push([start, end]));
 * assertEquals(found, [[3, 14]]);
 * ```
 */
export function findAddresses(text: string, add: Add): void {
  const ends = [0, 0];
  MARKS.walk(asciiUnits(text), (kind, at) => {
    const { expression, part, longest } = KINDS[kind]!;
    let start = at;
    while (start > 0 && start > at - longest && part.test(text[start - 1]!)) start--;
    if (start < ends[kind]!) return;
    expression.lastIndex = start;
    const value = expression.exec(text)?.[0];
    if (value === undefined) return;
    ends[kind] = start + value.length;
    const after = text.slice(ends[kind]!, ends[kind]! + 16);
    if (
      kind === 0
        ? isIpv4Found(text, value, start) && !isAmongDecimals(text, start, after)
        : isIpv6Found(value)
    ) add(start, ends[kind]!);
  });
}

/** In a comment of `//`, as standards are cited: `// 22.1.3.10 Array.prototype.forEach`. */
const SECTION = /(?<!:)\/\/(?! ?(?:ip|host|addr|server|dns))[^\n:]{0,60}$/i;
const MOST_SECTIONS = 60;
/** Addresses of a link, of a network of one's own, and none. */
const LOCAL_IPV6 = /^fe[89ab]|^f[cd][\da-f]{2}:|^[0:]+1?$/i;

/** Whether decimals stand on both sides, as in the path of a picture: `3.04 1.17.74.78 1.11`. */
function isAmongDecimals(text: string, index: number, after: string): boolean {
  const before = text.slice(Math.max(0, index - 16), index);
  return /(?<![\d.])\d*\.\d{1,4}[ ,]$/.test(before) && /^[ ,-]-?\d/.test(after);
}

function isIpv4Found(text: string, value: string, index: number): boolean {
  if (
    /^(?:0|255)\.|^1\.3\.6\.1$|^2\.5\.(?:4|8|29)\./.test(value) ||
    /^(?:\d\.){3}\d$/.test(value) && !isNearHost(text, index)
  ) return false;
  const before = text.slice(Math.max(0, index - 64), index);
  if (SECTION.test(before) && value.split(".").every((octet) => Number(octet) < MOST_SECTIONS)) return false;
  return !BEFORE_VERSION.test(before);
}

function isIpv6Found(value: string): boolean {
  const groups = value.split(":").filter((group) => group !== "");
  if (LOCAL_IPV6.test(value)) return false;
  return groups.length >= 3 && groups.some((group) => group.length >= 3) && isIpAddress(value);
}

function isNearHost(text: string, index: number): boolean {
  return /dns|server|host|addr|ip\b/i.test(text.slice(Math.max(0, index - 60), index));
}
