/**
 * A source file as text, or why it is none.
 *
 * @module
 */

const MAX_FILE_BYTES = 256 * 2 ** 20; // a string of V8 ends at 512 MiB
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a file: every character of it, a byte order mark too, so that offsets hold.
 *
 * @returns its text, or the reason why it gives no document: empty, binary (it has a NUL), not UTF-8, over 256 MiB, not a
 * regular file, a link to a folder, unreadable
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
export function readText(path: string): { text: string } | { reason: string } {
  let bytes: Uint8Array;
  try {
    const { isFile, isDirectory, size } = Deno.statSync(path); // follows a link to a file
    if (isDirectory) return { reason: "link to a folder" };
    if (!isFile) return { reason: "not a regular file" }; // opening a FIFO would wait for ever
    if (size > MAX_FILE_BYTES) return { reason: "over 256 MiB" };
    bytes = Deno.readFileSync(path);
  } catch (error) {
    return { reason: `unreadable (${(error as Error).name})` };
  }
  if (bytes.length === 0) return { reason: "empty" };
  if (bytes.includes(0)) return { reason: "binary" };
  try {
    return { text: DECODER.decode(bytes) };
  } catch {
    return { reason: "not UTF-8" };
  }
}
