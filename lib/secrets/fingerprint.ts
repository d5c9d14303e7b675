/**
 * How a secret is named where its value must not stand: a keyed fingerprint in tables, its kind, length and first two
 * characters in logs, errors and figures.
 *
 * @module
 */
import { createHmac } from "node:crypto";

/**
 * HMAC-SHA-256 of a secret's value (UTF-8) under `key`, in hexadecimal: equal for equal values, and without the key
 * not to be found by guessing.
 *
 * @throws {RangeError} When the key is empty.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fingerprintSecret } from "./fingerprint.ts";
 *
 * const key = new TextEncoder().encode("a key of 32 bytes, kept elsewhere");
 * assertEquals(fingerprintSecret("ada@mail.invalid", key).length, 64);
 * ```
 */
export function fingerprintSecret(value: string, key: Uint8Array): string {
  if (key.length === 0) {
    throw new RangeError("Cannot fingerprint a secret as the key must not be empty: 0 bytes");
  }
  return createHmac("sha256", key).update(value, "utf8").digest("hex");
}

/**
 * A secret's kind, its length in characters and its first two characters, in which a control character or a blank
 * shows as `?`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSecret } from "./fingerprint.ts";
 *
 * assertEquals(describeSecret("EMAIL", "ada@mail.invalid"), "EMAIL, 16 characters, ad...");
 * ```
 */
export function describeSecret(tag: string, value: string): string {
  const characters = Array.from(value);
  const start = characters.slice(0, 2).map((c) => /[\p{C}\p{Z}]/u.test(c) ? "?" : c).join("");
  return `${tag}, ${characters.length} character${characters.length === 1 ? "" : "s"}, ${start}...`;
}
