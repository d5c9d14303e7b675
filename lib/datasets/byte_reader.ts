/**
 * Bytes of a stream by their ends: up to a byte that ends a name, or so many of them.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/**
 * Reads a stream that others write in parts of any size.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ByteReader } from "./byte_reader.ts";
 *
 * await using reader = new ByteReader(ReadableStream.from([new Uint8Array([1, 2]), new Uint8Array([0, 3])]));
 * assertEquals(await reader.until(0), new Uint8Array([1, 2]));
 * assertEquals([await reader.exactly(1), await reader.until(0)], [new Uint8Array([3]), null]);
 * ```
 */
export class ByteReader implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** @param stream is read to its end, or as far as is asked for */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The bytes before the next `end`, which is passed over; null where there is none any more. */
  async until(end: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const found = this.#chunk.indexOf(end, this.#at);
      if (found >= 0) {
        parts.push(this.#chunk.subarray(this.#at, found));
        this.#at = found + 1;
        return joined(parts);
      }
      parts.push(this.#chunk.subarray(this.#at));
      if (!await this.#more()) return null;
    }
  }

  /** So many bytes; null where there are not as many. */
  async exactly(count: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    for (let left = count;;) {
      const part = this.#chunk.subarray(this.#at, this.#at + left);
      parts.push(part);
      this.#at += part.length;
      left -= part.length;
      if (left === 0) return joined(parts);
      if (!await this.#more()) return null;
    }
  }

  /** Reads no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    [this.#chunk, this.#at] = [value ?? new Uint8Array(0), 0];
    return !done;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const { buffer, byteOffset, length } = Buffer.concat(parts);
  return new Uint8Array(buffer, byteOffset, length);
}
