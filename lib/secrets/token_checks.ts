/**
 * What tells a real token from something that only looks like one, where its issuer's format has such a mark: GitHub's
 * and npm's checksum, a JWT's header, a private key's body, a card's check digit; and, for all, what a placeholder is.
 * Nothing is asked of a network.
 *
 * Sources: GitHub, "Behind GitHub's new authentication token formats" (2021): the last six characters are the CRC-32 of
 * the 30 before, in base 62; RFC 7519; RFC 7468; ISO/IEC 7812-1 (Luhn).
 *
 * @module
 */
import { decodeJwtPart } from "./jwt.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM = 6;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? value >>> 1 ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ crc >>> 8;
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * The checksum that GitHub and npm put at the end of a token.
 *
 * @param body what stands between the prefix and the checksum
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tokenChecksum } from "./token_checks.ts";
 *
 * assertEquals(tokenChecksum("a".repeat(30)).length, 6);
 * ```
 */
export function tokenChecksum(body: string): string {
  let [rest, digits] = [crc32(body), ""];
  while (digits.length < CHECKSUM) {
    digits = BASE62[rest % 62]! + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/**
 * Whether a token's last six characters are the checksum of what its prefix and they leave.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hasTokenChecksum, tokenChecksum } from "./token_checks.ts";
 *
 * const body = "Q7".repeat(15);
 * assertEquals(hasTokenChecksum(`npm_${body}${tokenChecksum(body)}`), true);
 * assertEquals(hasTokenChecksum(`npm_${body}000000`), false);
 * ```
 */
export function hasTokenChecksum(token: string): boolean {
  const body = token.slice(token.indexOf("_") + 1, -CHECKSUM);
  return tokenChecksum(body) === token.slice(-CHECKSUM);
}

/**
 * Whether a JWT's first part is a JSON object with an algorithm, and its second one a JSON object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hasJwtHeader } from "./token_checks.ts";
 *
 * const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
 * assertEquals(hasJwtHeader(`${part({ alg: "HS256" })}.${part({ sub: "1" })}.c2ln`), true);
 * assertEquals(hasJwtHeader(`${part({ a: 1 })}.${part({ sub: "1" })}.c2ln`), false);
 * ```
 */
export function hasJwtHeader(token: string): boolean {
  const [header, claims] = token.split(".").slice(0, 2).map((part) => {
    const text = decodeJwtPart(part);
    const value = text === null ? null : JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  });
  return typeof header?.alg === "string" && claims !== null && claims !== undefined;
}

/**
 * Whether a number's last digit is its check digit by Luhn's rule.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isLuhnValid } from "./token_checks.ts";
 *
 * assertEquals(["79927398713", "79927398710"].map(isLuhnValid), [true, false]);
 * ```
 */
export function isLuhnValid(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** What an OpenSSH, SSH2 or PGP private key begins with, in base64. */
const KEY_BODY = /^(?:b3BlbnNzaC1rZXk|P2\/56|l[A-IQ]|x[VXYc])/;
const LEAST_KEY = 48; // an Ed25519 key in PKCS 8 has 64 characters
const [SEQUENCE, INTEGER] = [0x30, 0x02];

/** Whether base64 begins as a key in DER does: a sequence of a version and more, or of a scheme where it is encrypted. */
function isDerKey(base64: string): boolean {
  if (!/^[A-Za-z0-9+/]{12}/.test(base64)) return false;
  const bytes = atob(base64.slice(0, 12));
  const long = bytes.charCodeAt(1) - 0x80; // bytes of its length, where it is a long one
  const next = bytes.charCodeAt(long > 0 ? 2 + long : 2);
  return bytes.charCodeAt(0) === SEQUENCE && long <= 2 && (next === INTEGER || next === SEQUENCE);
}

/**
 * Whether a PEM block holds a private key: base64 that begins as keys do, not dots or words in its place. Its lines may be
 * quoted, joined by a plus, or behind the mark of a comment.
 *
 * @param body what stands between the lines of dashes
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isKeyBody } from "./token_checks.ts";
 *
 * assertEquals(["\nMIIEpAIB" + "Q7zK".repeat(16) + "\n", "\n...\n"].map(isKeyBody), [true, false]);
 * ```
 */
export function isKeyBody(body: string): boolean {
  const lines = body.replace(/\\+r/g, "").replace(/\\+n/g, "\n").split("\n");
  const base64 = lines.filter((line) => !/^[\W]*[\w-]+: /.test(line)).map((line) => {
    const plain = line.replace(/^[\s"'#*>|;+-]+|^\s*\/\/\s?/, "");
    return /^[A-Za-z0-9+/=]+/.exec(plain)?.[0] ?? "";
  }).join("");
  if (base64.length < LEAST_KEY || new Set(base64).size < 8) return false;
  // an encrypted key of the old form has headers and a body of any bytes
  return KEY_BODY.test(base64) || isDerKey(base64) || lines.some((line) => line.includes("DEK-Info:"));
}

const DUMMY =
  /example|dummy|placeholder|change[-_]?me|your[-_]|your#?(?:strong|secure|own|db|root|admin|app|user)?[-_#]?(?:password|passwd|secret|token|api)|not[-_](?:needed|used|required|applicable)|(?:hashed|encrypted|correct|wrong|invalid)[-_]?(?:password|hash|token|secret)|sample|must[-_ ]?be|(?:existing|stored|valid|enc)[-_](?:hash|salt|key|token|secret|password)|(?:fake|dummy|mock)[A-Za-z]{0,12}(?:key|token|secret|pass|pwd)|redacted|insert|replace|todo|fixme|foobar|lorem|xxxx|(?:fake|mock|test)[-_]?(?:key|token|secret|pass)/i;
const STAND_IN = /^(?:test|fake|mock|password|secret|none|null|undefined|true|false)/i;
const TEMPLATE =
  /\$\{|\{\{|\}\}|%\([a-z_]*\)|<[a-z]|&lt;|\{[a-z_]*\}|^[$%@]|\.\.\.|#\{(?:ENV|[\w.]+\})|%[sv]|%d(?![\da-f])|\*{3}/i;

/**
 * Whether a value only marks a secret's place: a template, a word such as "changeme", few different characters, a row
 * of the alphabet.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPlaceholder } from "./token_checks.ts";
 *
 * const values = ["${TOKEN}", "your-key-here", "aaaaaaaaaabb", "abcdefghijkl", "q7Zk2mX9"];
 * assertEquals(values.map(isPlaceholder), [true, true, true, true, false]);
 * ```
 */
export function isPlaceholder(value: string): boolean {
  return STAND_IN.test(value) || isDummy(value);
}

/**
 * {@linkcode isPlaceholder} for a value of known form, which may begin with `test`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isDummy } from "./token_checks.ts";
 *
 * assertEquals(["test_q7Zk2mX9", "test_EXAMPLE", "abcdefghijkl"].map(isDummy), [false, true, true]);
 * ```
 */
export function isDummy(value: string): boolean {
  if (DUMMY.test(value) || TEMPLATE.test(value)) return true;
  if (value.length >= 8 && hasFew(value, Math.max(3, Math.min(MOST_FEW, value.length / 10)))) return true;
  if (value.length >= LEAST_ALL_ROWS && value.length <= MOST_ALL_ROWS && isAllRows(value)) return true;
  const inRows = charactersInRows(value);
  if (inRows >= LEAST_IN_ROWS && inRows > value.length / 2) return true;
  const digits = value.replace(/\D+/g, ""); // a1b2c3d4
  if (digits.length < LEAST_ROW || digits.length === value.length) return false;
  const both = [digits, value.toLowerCase().replace(/[^a-z]+/g, "")].map(charactersInRows);
  return both.every((count) => count >= LEAST_ROW) && both[0]! + both[1]! >= value.length / 2;
}

/** A random value of any length has more different characters: hexadecimal digits are 16. */
const MOST_FEW = 10;
const LEAST_ROW = 5;
const LEAST_IN_ROWS = 6;
const [LEAST_ALL_ROWS, MOST_ALL_ROWS] = [8, 20];

/** Whether a value, but for a prefix of words, is rows that go up: `abcd1234`, `key_12345`. */
function isAllRows(value: string): boolean {
  const rest = value.replace(/^(?:[a-z]{2,8}[_-])+/i, "");
  let row = 1;
  for (let i = 1; i < rest.length; i++) {
    if (rest.charCodeAt(i) - rest.charCodeAt(i - 1) === 1) row++;
    else if (row < LEAST_OF_ALL) return false;
    else row = 1;
  }
  return row >= LEAST_OF_ALL;
}

const LEAST_OF_ALL = 3;

/** Whether a value has so few different characters, or fewer. */
function hasFew(value: string, most: number): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < value.length; i++) {
    seen.add(value[i]!);
    if (seen.size > most) return false;
  }
  return true;
}

/** How many characters stand in rows of at least five, each the next of the one before, or the same. */
function charactersInRows(value: string): number {
  let [total, row, step] = [0, 1, NaN];
  for (let i = 1; i <= value.length; i++) {
    const next = value.charCodeAt(i) - value.charCodeAt(i - 1); // NaN at the end
    if (Math.abs(next) <= 1 && (next === step || row === 1)) row++;
    else {
      if (row >= LEAST_ROW) total += row;
      row = Math.abs(next) <= 1 ? 2 : 1;
    }
    step = next;
  }
  return total;
}
