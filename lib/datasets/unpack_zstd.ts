/**
 * zstd unpacked frame by frame. Deno's decoder stops without a word behind the first frame and where a file is cut, so
 * the frames are told apart here, by the sizes of their blocks, and each is given to a decoder of its own: a file that
 * several tools appended to is read whole, and one that is cut or followed by something else is refused.
 *
 * Source: RFC 8878, sections 3.1.1 and 3.1.2.
 *
 * @module
 */
import { pipeline, Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";

/** Bytes of a frame that follow those before. */
interface FramePiece {
  bytes: Uint8Array;
  /** Whether the frame ends with them. */
  isLast: boolean;
  /** A frame of nothing to unpack. */
  isSkipped: boolean;
}

/**
 * The bytes of a packed file.
 *
 * @param chunks the file's own
 * @throws {SyntaxError} If it is cut, or is no zstd; {Error} of the decoder if it is damaged
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { zstdCompressSync } from "node:zlib";
 * import { unpackZstd } from "./unpack_zstd.ts";
 *
 * const frame = new Uint8Array(zstdCompressSync("ab"));
 * const unpack = async (...chunks: Uint8Array[]) => {
 *   const pieces = await Array.fromAsync(unpackZstd(ReadableStream.from(chunks)));
 *   return pieces.map((piece) => new TextDecoder().decode(piece)).join("");
 * };
 * assertEquals(await unpack(frame, frame), "abab");
 * await assertRejects(() => unpack(frame.subarray(0, -1)), SyntaxError);
 * ```
 */
export async function* unpackZstd(
  chunks: AsyncIterable<Uint8Array>,
  { chunkSize = 2 ** 18 }: { chunkSize?: number } = {},
): AsyncGenerator<Uint8Array> {
  const pieces = framePieces(chunks);
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    const first = next.value;
    if (first.isSkipped) continue;
    const decoder = createZstdDecompress({ chunkSize });
    pipeline(Readable.from(frameOf(first, pieces)), decoder, () => {}); // its reader is told
    yield* decoder;
  }
}

async function* frameOf(first: FramePiece, others: AsyncGenerator<FramePiece>): AsyncGenerator<Uint8Array> {
  for (let piece = first;;) {
    yield piece.bytes;
    if (piece.isLast) return;
    const next = await others.next();
    if (next.done) return; // cannot be: the pieces end with a frame, or throw
    piece = next.value;
  }
}

async function* framePieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FramePiece> {
  const frames = new FrameEnds();
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const end = frames.find(chunk, from);
      yield {
        bytes: chunk.subarray(from, end || chunk.length),
        isLast: end > 0,
        isSkipped: frames.isSkipped,
      };
      from = end || chunk.length;
    }
  }
  if (!frames.isBetween) throw new SyntaxError("it is cut");
}

/** Finds where frames end in the chunks of a file. */
class FrameEnds {
  #part: keyof typeof SIZES | "rest" | "body" | "checksum" | "skipped" = "magic";
  #head: number[] = [];
  /** Bytes of the part at hand to pass over. */
  #left = 0;
  #frames = 0;
  #hasChecksum = false;
  #isLastBlock = false;
  isSkipped = false;

  /** Whether the last frame has ended and no other began. */
  get isBetween(): boolean {
    return this.#frames > 0 && this.#part === "magic" && this.#head.length === 0;
  }

  /** The index behind the first frame's end, 0 where it goes on in the next chunk. */
  find(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length || this.#left === 0;) {
      if (this.#part in SIZES) {
        if (at === chunk.length) return 0;
        this.#head.push(chunk[at++]!);
        if (this.#head.length === SIZES[this.#part as keyof typeof SIZES]) this.#readHead();
        continue;
      }
      const passed = Math.min(this.#left, chunk.length - at);
      at += passed;
      this.#left -= passed;
      if (this.#left > 0) return 0;
      if (this.#leavePart()) return at;
    }
    return 0;
  }

  #pass(part: "rest" | "body" | "checksum" | "skipped", bytes: number): void {
    [this.#part, this.#left] = [part, bytes];
  }

  #readHead(): void {
    const head = this.#head.splice(0);
    const number = head.reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0);
    if (this.#part === "magic") {
      this.isSkipped = number >= 0x184d2a50 && number <= 0x184d2a5f;
      if (!this.isSkipped && number !== 0xfd2fb528) throw new SyntaxError("it has no frame where one begins");
      this.#part = this.isSkipped ? "skippedSize" : "descriptor";
    } else if (this.#part === "skippedSize") this.#pass("skipped", number);
    else if (this.#part === "descriptor") {
      const isSingle = (number & 32) !== 0;
      const contentSize = [isSingle ? 1 : 0, 2, 4, 8][number >> 6]!;
      this.#hasChecksum = (number & 4) !== 0;
      this.#pass("rest", (isSingle ? 0 : 1) + [0, 1, 2, 4][number & 3]! + contentSize);
    } else {
      this.#isLastBlock = (number & 1) === 1;
      const isRepeated = (number >> 1 & 3) === 1; // of one byte
      this.#pass("body", isRepeated ? 1 : number >> 3);
    }
  }

  /** Goes to the next part; true behind a frame's last. */
  #leavePart(): boolean {
    if (this.#part === "rest" || (this.#part === "body" && !this.#isLastBlock)) this.#part = "block";
    else if (this.#part === "body" && this.#hasChecksum) this.#pass("checksum", 4);
    else {
      this.#part = "magic";
      this.#frames++;
      return true;
    }
    return false;
  }
}

/** Bytes of what tells the size of what follows. */
const SIZES = { magic: 4, skippedSize: 4, descriptor: 1, block: 3 } as const;
