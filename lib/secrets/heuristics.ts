/**
 * The five heuristics of detect-secrets by which CodeEraser drops a found value. The one about identifiers looks at the
 * line before the value and holds for the entropy plugins only.
 *
 * @module
 */
import { foldCase } from "./python_text.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";
const SEQUENCES = [
  LETTERS + LETTERS + DIGITS + "+/",
  DIGITS + LETTERS + LETTERS + "+/",
  (DIGITS + LETTERS).repeat(2),
  DIGITS.repeat(2),
  (DIGITS + "ABCDEF" + "ABCDEF").repeat(2),
  LETTERS + "=/",
];
const UUID = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/i;
const ID_NAME = /(?:^(?:my|user)?id|_id)s?[^a-z\d]/i;

/**
 * Whether a UUID stands in `value`.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isPotentialUuid } from "./heuristics.ts";
 *
 * assert(isPotentialUuid("key-00000000-1111-2222-3333-444444444444"));
 * ```
 */
export function isPotentialUuid(value: string): boolean {
  return UUID.test(value);
}

/**
 * Whether `value` is a template's place: `{...}`, `<...>` or `${...}`; so are the empty string and a lone `$`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isTemplatedSecret } from "./heuristics.ts";
 *
 * assertEquals(["<key>", "${KEY}", "$", "", "x"].map(isTemplatedSecret), [true, true, true, true, false]);
 * ```
 */
export function isTemplatedSecret(value: string): boolean {
  return value === "" || value === "$" || /^(?:\{[^]*\}|<[^]*>|\$\{[^]*\})$/.test(value);
}

/**
 * Whether `value` is part of the alphabet, the digits or a row of both, whatever its case.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isSequentialString } from "./heuristics.ts";
 *
 * assertEquals(["xyzabc", "0123456789abcdef", "acegik"].map(isSequentialString), [true, true, false]);
 * ```
 */
export function isSequentialString(value: string): boolean {
  const upper = value.toUpperCase();
  return SEQUENCES.some((sequence) => sequence.includes(upper));
}

/**
 * Whether `value` has no ASCII letter.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isNotAlphanumericString } from "./heuristics.ts";
 *
 * assertEquals(["***", "12", "a1"].map(isNotAlphanumericString), [true, true, false]);
 * ```
 */
export function isNotAlphanumericString(value: string): boolean {
  return !/[a-zA-Z]/.test(value);
}

/**
 * Where, in a line, the first name of an identifier (`id`, `userid`, `..._id`, plural) ends with the character after
 * it; Infinity without one. A value of the entropy plugins whose first occurrence in its line starts there or later is
 * likely an identifier.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { idNameEnd } from "./heuristics.ts";
 *
 * assertEquals(["user_id = ", "ids=", "idle ="].map(idNameEnd), [8, 4, Infinity]);
 * ```
 */
export function idNameEnd(line: string): number {
  const match = ID_NAME.exec(foldCase(line));
  return match === null ? Infinity : match.index + match[0].length;
}
