/**
 * JSON web tokens as detect-secrets finds them: `eyJ` and two dot-separated runs of base64url characters whose first
 * two parts decode to JSON. One look at each run of characters, so linear where the plain expression is quadratic.
 *
 * @module
 */

const RUN = /[A-Za-z0-9_=-]+/y;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function runEnd(line: string, start: number): number {
  RUN.lastIndex = start;
  return RUN.test(line) ? RUN.lastIndex : start;
}

/** The bytes of a part as Python's lenient decoder reads them after padding; null where it gives an error. */
function decodeBase64(part: string): Uint8Array | null {
  if (part.length % 4 === 1) return null;
  const padded = part + ["", "", "==", "==="][part.length % 4]!;
  const bytes: number[] = [];
  let quad = 0, pads = 0, rest = 0;
  for (const c of padded) {
    if (c === "=") {
      if (quad >= 2 && quad + ++pads >= 4) return Uint8Array.from(bytes);
      continue;
    }
    const digit = DIGITS.indexOf(c);
    pads = 0;
    // Six bits a digit: the first of four gives none, each other completes a byte.
    if (quad > 0) bytes.push(((rest << 6 | digit) >> (6 - 2 * quad)) & 0xff);
    rest = digit;
    quad = (quad + 1) % 4;
  }
  return quad === 0 ? Uint8Array.from(bytes) : null;
}

/** Whether the ends of `bytes` can be those of a JSON text; an exception for each that is none costs far more. */
function looksLikeJson(bytes: Uint8Array): boolean {
  let start = 0, end = bytes.length;
  while (start < end && " \t\n\r".includes(String.fromCharCode(bytes[start]!))) start++;
  while (end > start && " \t\n\r".includes(String.fromCharCode(bytes[end - 1]!))) end--;
  return end > start && '{["-0123456789tfnNI'.includes(String.fromCharCode(bytes[start]!)) &&
    '}]"0123456789elyN'.includes(String.fromCharCode(bytes[end - 1]!));
}

/** Whether Python's `json.loads` reads `bytes`; it knows NaN and Infinity too. */
function isPythonJson(bytes: Uint8Array): boolean {
  if (!looksLikeJson(bytes)) return false;
  try {
    const text = UTF8.decode(bytes);
    JSON.parse(text.replace(/"(?:[^"\\]|\\[^])*"|-?Infinity|NaN/g, (m) => m.startsWith('"') ? m : "null"));
    return true;
  } catch {
    return false;
  }
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
  return token.split(".").every((part, i) => {
    const bytes = decodeBase64(part);
    return bytes !== null && (i > 1 || isPythonJson(bytes));
  });
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
