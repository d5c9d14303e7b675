/**
 * JSON web tokens as detect-secrets finds them: `eyJ` and two dot-separated runs of base64url characters whose first
 * two parts decode to JSON. One look at each run of characters, so linear where the plain expression is quadratic.
 *
 * @module
 */
import { isJson } from "./python_json.ts";

const RUN = /[A-Za-z0-9_=-]+/y;
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true }); // not fatal: an exception for each part costs more than the rest
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = Uint8Array.from(
  { length: 128 },
  (_, code) => Math.max(0, DIGITS.indexOf(String.fromCharCode(code))),
);

function runEnd(line: string, start: number): number {
  RUN.lastIndex = start;
  return RUN.test(line) ? RUN.lastIndex : start;
}

/** The bytes of a part as Python's lenient decoder reads them after padding; null where it gives an error. */
function decodeBase64(part: string): Uint8Array | null {
  if (part.length % 4 === 1) return null;
  const padded = part + ["", "", "==", "==="][part.length % 4]!;
  const bytes = new Uint8Array(part.length);
  let count = 0, quad = 0, pads = 0, rest = 0;
  for (let i = 0; i < padded.length; i++) {
    if (padded[i] === "=") {
      if (quad >= 2 && quad + ++pads >= 4) return bytes.subarray(0, count);
      continue;
    }
    const digit = VALUES[padded.charCodeAt(i)]!;
    pads = 0;
    // Six bits a digit: the first of four gives none, each other completes a byte.
    if (quad > 0) bytes[count++] = (rest << 6 | digit) >> (6 - 2 * quad);
    rest = digit;
    quad = (quad + 1) % 4;
  }
  return quad === 0 ? bytes.subarray(0, count) : null;
}

/** Whether the ends of `bytes` can be those of a JSON text, which is cheap to see. */
function looksLikeJson(bytes: Uint8Array): boolean {
  let start = 0, end = bytes.length;
  while (start < end && " \t\n\r".includes(String.fromCharCode(bytes[start]!))) start++;
  while (end > start && " \t\n\r".includes(String.fromCharCode(bytes[end - 1]!))) end--;
  return end > start && '{["-0123456789tfnNI'.includes(String.fromCharCode(bytes[start]!)) &&
    '}]"0123456789elyN'.includes(String.fromCharCode(bytes[end - 1]!));
}

/** `bytes` as UTF-8; null where they are none. */
function decodeUtf8(bytes: Uint8Array): string | null {
  const text = UTF8.decode(bytes);
  let replaced = 0, given = 0;
  for (let at = text.indexOf("\ufffd"); at >= 0; at = text.indexOf("\ufffd", at + 1)) replaced++;
  if (replaced === 0) return text;
  for (let i = 2; i < bytes.length; i++) {
    if (bytes[i] === 0xbd && bytes[i - 1] === 0xbf && bytes[i - 2] === 0xef) given++;
  }
  return replaced === given ? text : null;
}

/**
 * The JSON that a part of a token holds; null where it is no base64url or no JSON.
 *
 * @param options with `python`, JSON by the rules of Python's `json.loads`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeJwtPart } from "./jwt.ts";
 *
 * assertEquals([decodeJwtPart("e30"), decodeJwtPart("e3")], ["{}", null]);
 * ```
 */
export function decodeJwtPart(part: string, options: { python?: boolean } = {}): string | null {
  const bytes = decodeBase64(part);
  if (bytes === null || !looksLikeJson(bytes)) return null;
  const text = decodeUtf8(bytes);
  return text !== null && isJson(text, options) ? text : null;
}

/**
 * Whether the parts of a token are base64url and the first two of them JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isFormallyValidJwt } from "./jwt.ts";
 *
 * const token = `${btoa('{"a": 1}')}.${btoa('{"b": 2}')}.`;
 * assertEquals([token, "eyJ.eyJ"].map(isFormallyValidJwt), [true, false]);
 * ```
 */
export function isFormallyValidJwt(token: string): boolean {
  return token.split(".").every((part, i) =>
    (i > 1 ? decodeBase64(part) : decodeJwtPart(part, { python: true })) !== null
  );
}

/**
 * A value as a part of a token: its JSON in base64url, without padding.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeJwtPart } from "./jwt.ts";
 *
 * assertEquals(encodeJwtPart({}), "e30");
 * ```
 */
export function encodeJwtPart(value: unknown): string {
  return btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The tokens of a line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findJwts } from "./jwt.ts";
 *
 * const token = `${btoa('{"a": 1}')}.${btoa('{"b": 2}')}.`;
 * assertEquals(findJwts(`bearer ${token}sig`), [token]);
 * ```
 */
export function findJwts(line: string): string[] {
  const tokens: string[] = [];
  for (let start = line.indexOf("eyJ"); start >= 0;) {
    const dot = runEnd(line, start + 3);
    const payloadEnd = dot > start + 3 && line[dot] === "." ? runEnd(line, dot + 1) : dot + 1;
    // When the first "eyJ" of a run leads to no token, no later one of that run does.
    let next = dot;
    if (payloadEnd > dot + 1) {
      next = line[payloadEnd] === "." ? payloadEnd + 1 : payloadEnd;
      tokens.push(line.slice(start, next));
    }
    start = line.indexOf("eyJ", next);
  }
  return tokens.filter(isFormallyValidJwt);
}
