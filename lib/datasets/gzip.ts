/**
 * Bytes packed by gzip, the same for the same bytes: what Deno's own stream gives depends on the pieces that it is given.
 *
 * @module
 */

const PIECE_BYTES = 2 ** 16;

/**
 * Packs a stream.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gzip } from "./gzip.ts";
 *
 * const text = new TextEncoder().encode("x = 1\n".repeat(50_000));
 * const pack = (pieces: Uint8Array[]) => new Response(gzip(ReadableStream.from(pieces))).bytes();
 * assertEquals(await pack([text.subarray(0, 7), text.subarray(7, 70_000), text.subarray(70_000)]), await pack([text]));
 * ```
 */
export function gzip(bytes: ReadableStream<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(evenPieces(bytes)).pipeThrough(new CompressionStream("gzip"));
}

/** The bytes in pieces of one size, but for the last. */
async function* evenPieces(bytes: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let [piece, size] = [new Uint8Array(PIECE_BYTES), 0];
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length;) {
      const taken = chunk.subarray(from, from + PIECE_BYTES - size);
      piece.set(taken, size);
      from += taken.length;
      size += taken.length;
      if (size < PIECE_BYTES) continue;
      yield piece;
      [piece, size] = [new Uint8Array(PIECE_BYTES), 0];
    }
  }
  if (size > 0) yield piece.subarray(0, size);
}
