/**
 * Why something failed, for a message of one line: parsers quote what they read, line breaks and control characters too.
 *
 * @module
 */

const LONGEST = 300;

/**
 * The message of what was thrown, or a text, in one line without control characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { oneLine } from "./reason.ts";
 *
 * assertEquals(oneLine(new Error("Cannot read:\n  no such file\n")), "Cannot read: no such file");
 * ```
 */
export function oneLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message || cause.name : String(cause);
  return message.trim().replace(/\s+/g, " ").replace(/\p{C}/gu, "?");
}

/**
 * The message of what was thrown, or a text, in one line of at most 300 characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reasonOf } from "./reason.ts";
 *
 * assertEquals(reasonOf(new SyntaxError("Unexpected token\n '\x07'")), "Unexpected token '?'");
 * ```
 */
export function reasonOf(cause: unknown): string {
  const line = oneLine(cause);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}

/**
 * Why a file could not be read, in one line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fileReasonOf } from "./reason.ts";
 *
 * assertEquals(fileReasonOf(new Deno.errors.NotFound("os error 2")), "no such file");
 * ```
 */
export function fileReasonOf(cause: unknown): string {
  return cause instanceof Deno.errors.NotFound ? "no such file" : reasonOf(cause);
}
