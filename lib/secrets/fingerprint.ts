/**
 * How a secret is named where its value must not stand: a keyed fingerprint in tables; in logs, errors and figures its
 * kind and length, and of a long one its first two characters; in shown text dots in its place.
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

const SHOWN_CHARACTERS = 2;
/** The least length of a value that is shown: two characters of a shorter one would tell too much. */
const SHOWN_FROM = 16;

/**
 * How many UTF-16 units of a secret may be shown: its first two characters' if it has at least 16, else none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shownLength } from "./fingerprint.ts";
 *
 * assertEquals(["ada@mail.invalid", "hunter2"].map(shownLength), [2, 0]);
 * ```
 */
export function shownLength(value: string): number {
  const characters = Array.from(value);
  return characters.length < SHOWN_FROM ? 0 : characters.slice(0, SHOWN_CHARACTERS).join("").length;
}

/** What stands for each hidden character of a secret; a dot in the middle is a blank in figures. */
export const SECRET_DOT = "•";

/**
 * A character of a secret that may be shown; a control character or a blank shows as `?`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { visibleCharacter } from "./fingerprint.ts";
 *
 * assertEquals(["a", " ", "\n"].map(visibleCharacter), ["a", "?", "?"]);
 * ```
 */
export function visibleCharacter(character: string): string {
  return /[\p{C}\p{Z}]/u.test(character) ? "?" : character;
}

/**
 * A secret's kind and its length in characters, and of a long one its first two; see {@linkcode shownLength} and
 * {@linkcode visibleCharacter}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSecret } from "./fingerprint.ts";
 *
 * assertEquals(describeSecret("EMAIL", "ada@mail.invalid"), "EMAIL, 16 characters, ad...");
 * assertEquals(describeSecret("KEY", "hunter2"), "KEY, 7 characters");
 * ```
 */
export function describeSecret(tag: string, value: string): string {
  const { length } = Array.from(value);
  const shown = Array.from(value.slice(0, shownLength(value)), visibleCharacter);
  const start = shown.length > 0 ? `, ${shown.join("")}...` : "";
  return `${tag}, ${length} character${length === 1 ? "" : "s"}${start}`;
}
