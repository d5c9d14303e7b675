/**
 * A source file as text, or why it is none.
 *
 * @module
 */
import { readRegularFileSync } from "../files/read_file.ts";
import { type DecodeOptions, decodeText } from "./decode_text.ts";

/** A larger file gives no document: 256 MiB, as a string of V8 ends at 512 MiB. */
export const MAX_FILE_BYTES = 2 ** 28;

/**
 * Reads a file: every character of it, a byte order mark too, so that offsets hold.
 *
 * @returns its text, or the reason why it gives no document: as `decodeText`, over 256 MiB, not a regular file, unreadable
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readText } from "./read_text.ts";
 *
 * const path = await Deno.makeTempFile();
 * assertEquals(readText(path), { reason: "empty" });
 * await Deno.writeTextFile(path, "x = 1\n");
 * assertEquals(readText(path), { text: "x = 1\n" });
 * ```
 */
export function readText(path: string, options: DecodeOptions = {}): { text: string } | { reason: string } {
  let bytes: Uint8Array;
  try {
    bytes = readRegularFileSync(path, { what: "file", maxBytes: MAX_FILE_BYTES });
  } catch (error) {
    if (error instanceof RangeError) return { reason: "over 256 MiB" };
    if (error instanceof TypeError) return { reason: "not a regular file" };
    return { reason: whyUnreadable((error as Error).cause) };
  }
  return decodeText(bytes, options);
}

/**
 * Why the system would not let a file or folder be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyUnreadable } from "./read_text.ts";
 *
 * assertEquals(whyUnreadable(new Deno.errors.NotFound("os error 2")), "unreadable (NotFound)");
 * ```
 */
export function whyUnreadable(error: unknown): string {
  const { name, code } = error as Error & { code?: string };
  return `unreadable (${name === "Error" && code ? code : name})`; // not every code has a class of its own
}
