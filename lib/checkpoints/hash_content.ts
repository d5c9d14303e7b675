/**
 * The SHA-256 of a large file's content, piece by piece, as a hash that more may be added to.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { FileReader } from "./file_reader.ts";

const PIECE_BYTES = 4 << 20;

/**
 * Hashes a file.
 *
 * @throws {Error} as `FileReader`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hashContent } from "./hash_content.ts";
 *
 * const hash = await hashContent(await Deno.makeTempFile());
 * assertEquals(hash.digest("hex").slice(0, 16), "e3b0c44298fc1c14");
 * ```
 */
export async function hashContent(path: string): Promise<Hash> {
  using file = await FileReader.open(path);
  const hash = createHash("sha256");
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let at = 0; at < file.size; at += buffer.length) {
    const piece = buffer.subarray(0, file.size - at);
    await file.read(at, piece);
    hash.update(piece);
  }
  return hash;
}
