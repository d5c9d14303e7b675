/**
 * A row of the extended profile's table of rules, and what their expressions are written with.
 *
 * Examples are written by recipe, so that no scanner takes them for live secrets: `<a20>` stands for twenty letters and
 * digits drawn at random, and so on (see {@linkcode DRAWN}); the value that is to be found stands between `«` and `»`.
 *
 * @module
 */
import type { SecretTag } from "../secret_span.ts";

/** One kind of secret: a detector may have several. */
export interface SecretRule {
  /** The detector. */
  readonly id: string;
  readonly description: string;
  /** `KEY` where none is given. */
  readonly tag?: SecretTag;
  /** The value is its first group, or all of it. Every repetition has a bound. */
  readonly pattern: RegExp;
  /** What every match holds, where that is rarer than how the expression begins. */
  readonly mark?: RegExp;
  /** Whether every match begins where the mark does, so that it is only tried there. */
  readonly isAtMark?: true;
  /** What else holds of a value. */
  readonly check?: (value: string) => boolean;
  /** The least entropy, in bits a character. */
  readonly entropy?: number;
  readonly examples: readonly string[];
  readonly counterExamples: readonly string[];
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";

/** What a letter of a recipe draws from. */
export const DRAWN: { readonly [letter: string]: string } = {
  a: UPPER + LOWER + DIGITS,
  l: LOWER + DIGITS,
  u: UPPER + DIGITS,
  A: UPPER + LOWER,
  L: LOWER,
  U: UPPER,
  d: DIGITS,
  x: DIGITS + "abcdef",
  X: DIGITS + "ABCDEF",
  b: UPPER + LOWER + DIGITS + "+/",
  w: UPPER + LOWER + DIGITS + "_-",
  2: UPPER + "234567",
  q: "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
};

/** Nothing before that belongs to it; the letter of `\n` and the digits of `%3D` do not. */
const START = "(?<!(?<!\\\\|%[\\dA-F])[A-Za-z0-9_-])";
const END = "(?![A-Za-z0-9_-])";

/**
 * The expression of a token that stands alone, of a known form.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { token } from "./secret_rule.ts";
 *
 * const found = (text: string) => Array.from(text.matchAll(token("ab_\\d{2}")), ([value]) => value);
 * assertEquals(found("ab_12 ab_123 xab_12 \\nab_34"), ["ab_12", "ab_34"]);
 * ```
 */
export function token(source: string): RegExp {
  const known = source.replaceAll("[\\w", "[A-Za-z0-9_").replaceAll("\\w", "[A-Za-z0-9_]"); // what MarkFinder reads
  return new RegExp(`${START}${known}${END}`, "g");
}

const UUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}";
/** From a name to its value: the rest of the name, what assigns, and an opening quote. */
const GIVEN =
  "[\\w .-]{0,40}(?<!(?:image|group|radient|instance|zone|request)[_ -]id)[\"'`\\])]{0,3}\\s{0,4}" +
  "(?:[:=]{1,4}|=>|[?+|]{1,2}=|[|?]{2}|,|>|\\bstring\\s?=)[>\\s]{0,20}[\"'`(]{0,2}";

/**
 * The expression of a value that has no form of its own, but is given to a name, and its mark: the name.
 *
 * @param names in lower case; they are found in any case
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { given } from "./secret_rule.ts";
 *
 * assertEquals(given("acme", "\\d{4}").pattern.exec('ACME_PIN: "1234"')![1], "1234");
 * ```
 */
export function given(names: string, value: string): Pick<SecretRule, "pattern" | "mark" | "isAtMark"> {
  const anyCase = names.replace(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`);
  return {
    pattern: new RegExp(`(?:${anyCase})${GIVEN}(${value.replaceAll("UUID", UUID)})${END}`, "g"),
    mark: new RegExp(names, "i"),
    isAtMark: true,
  };
}
