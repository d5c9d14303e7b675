/**
 * The bytes of a pickle, taken one after the other out of a file, of which no more is read than is asked for.
 *
 * @module
 */

const CHUNK_BYTES = 1 << 16;
const MAX_LINE_BYTES = 1000;
/** Far more than the names of any model. */
const MAX_BYTES = 100_000_000;

/**
 * Bytes in their order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode("os\nrest");
 * const refuse = (what: string): never => {
 *   throw new SyntaxError(what);
 * };
 * const input = new PickleInput(bytes.length, (at, length) => bytes.slice(at, at + length), refuse);
 * assertEquals([input.line(), input.text(4), input.position], ["os", "rest", 7]);
 * ```
 */
export class PickleInput {
  readonly #size: number;
  readonly #read: (position: number, length: number) => Uint8Array<ArrayBuffer>;
  readonly #refuse: (what: string) => never;
  #chunk = new Uint8Array(0);
  #begin = 0;
  /** How many bytes were taken. */
  position = 0;

  /** @param size of all bytes @param read gives a part of them @param refuse throws */
  constructor(
    size: number,
    read: (position: number, length: number) => Uint8Array<ArrayBuffer>,
    refuse: (what: string) => never,
  ) {
    this.#size = size;
    this.#read = read;
    this.#refuse = refuse;
  }

  /** The next byte. */
  byte(): number {
    return this.take(1)[0]!;
  }

  /** The next `length` bytes. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const end = this.position + length;
    if (end > this.#size) this.#refuse(`its pickle asks for ${end} bytes, ${this.#size} are there`);
    if (end > MAX_BYTES) this.#refuse(`its pickle is longer than ${MAX_BYTES} bytes`);
    if (end > this.#begin + this.#chunk.length) {
      this.#begin = this.position;
      this.#chunk = this.#read(
        this.position,
        Math.min(this.#size - this.position, Math.max(length, CHUNK_BYTES)),
      );
    }
    const bytes = this.#chunk.subarray(this.position - this.#begin, end - this.#begin);
    this.position = end;
    return bytes;
  }

  /** The next `length` bytes to read numbers from. */
  view(length: number): DataView {
    const { buffer, byteOffset } = this.take(length);
    return new DataView(buffer, byteOffset, length);
  }

  /** The next `length` bytes as UTF-8. */
  text(length: number): string {
    return this.#decode(this.take(length));
  }

  /** The bytes up to the next line feed, which is skipped. */
  line(): string {
    const bytes: number[] = [];
    for (let byte = this.byte(); byte !== 10; byte = this.byte()) {
      if (bytes.push(byte) > MAX_LINE_BYTES) {
        this.#refuse(`its pickle has a name of over ${MAX_LINE_BYTES} bytes`);
      }
    }
    return this.#decode(Uint8Array.from(bytes));
  }

  #decode(bytes: Uint8Array): string {
    try {
      // Python writes lone surrogates, which no tensor's name has
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.#refuse("its pickle has a text that is not UTF-8");
    }
  }
}
