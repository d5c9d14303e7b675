/**
 * What a found secret is called and where it stands. A span is half-open and counts UTF-16 units, so that
 * `text.slice(start, end)` is the secret's value; files count code points instead, which is the writer's business.
 *
 * @module
 */

/**
 * The three kinds of secrets that the paper looks for; passwords that no one takes for keys and the hashes of passwords, of
 * the extended profile and of rules that others wrote; and those of the extended profile that are asked for.
 */
export type SecretTag = "EMAIL" | "IP_ADDRESS" | "KEY" | "PASSWORD" | "HASH" | "PHONE" | "CARD" | "NAME";

/** A stretch of a text, half-open: `text.slice(start, end)`. */
export interface Span {
  /** The first UTF-16 unit. */
  start: number;
  /** One past the last UTF-16 unit. */
  end: number;
}

/**
 * One place of one secret in its text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { SecretSpan } from "./secret_span.ts";
 *
 * const span: SecretSpan = { tag: "EMAIL", detector: "Email", start: 3, end: 19 };
 * assertEquals("to ada@mail.invalid".slice(span.start, span.end), "ada@mail.invalid");
 * ```
 */
export interface SecretSpan extends Span {
  /** Its kind. */
  tag: SecretTag;
  /** The rule that found it: `"Email"`, `"IpAddress"` or a key of `DETECTORS`. */
  detector: string;
}
