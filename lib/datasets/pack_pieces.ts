/**
 * Pieces of a file on their way to the disk: put together, and packed.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { pipeline, Readable } from "node:stream";
import { createGzip, createZstdCompress } from "node:zlib";

const BYTES_AT_ONCE = 2 ** 20;

const CHUNK_BYTES = 2 ** 18;

/**
 * Pieces packed by gzip or zstd.
 *
 * @param isFast by gzip's first level: three times as fast, and code takes a third more space
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packPieces } from "./pack_pieces.ts";
 *
 * const pieces = ReadableStream.from([new TextEncoder().encode("x = 1\n")]);
 * const packed = ReadableStream.from(packPieces(pieces, "gzip"));
 * assertEquals(await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text(), "x = 1\n");
 * ```
 */
export function packPieces(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  packing: "gzip" | "zstd",
  { isFast = false }: { isFast?: boolean } = {},
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  if (packing === "gzip" && !isFast) {
    return ReadableStream.from(pieces).pipeThrough(new CompressionStream("gzip"));
  }
  const compressed = packing === "gzip"
    ? createGzip({ level: 1, chunkSize: CHUNK_BYTES })
    : createZstdCompress(); // one frame: some readers stop behind the first
  pipeline(Readable.from(pieces), compressed, () => {}); // its reader is told
  return compressed;
}

/**
 * Small pieces put together to such of 1 MiB and more, so that not every row is written by itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinPieces } from "./pack_pieces.ts";
 *
 * const pieces = ReadableStream.from([Uint8Array.of(1), Uint8Array.of(2, 3)]);
 * assertEquals((await Array.fromAsync(joinPieces(pieces), (piece) => [...piece])), [[1, 2, 3]]);
 * ```
 */
export async function* joinPieces(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let [held, bytes]: [Uint8Array[], number] = [[], 0];
  for await (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < BYTES_AT_ONCE) continue;
    yield Buffer.concat(held);
    [held, bytes] = [[], 0];
  }
  yield Buffer.concat(held);
}
