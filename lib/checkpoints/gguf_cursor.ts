/**
 * A file's little-endian numbers and texts, read one after the other through a window, so that a header of any length
 * takes little memory. Lengths are checked against what the file still has before anything is allocated; a header has at
 * most 2^28 bytes, ten times as many as those of the largest vocabularies.
 *
 * @module
 */

/** Reads the bytes at a position; gives how many it got. */
export type ReadAt = (position: number, bytes: Uint8Array) => number;

const WINDOW_BYTES = 1 << 18;
const MAX_TEXT_BYTES = 1 << 26; // some files hold a whole tokenizer.json
const MAX_HEADER_BYTES = 1 << 28;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A position in a file.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const file = new Uint8Array([7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0xa9]);
 * const cursor = new GgufCursor(readAtOf(file), file.length, "m.gguf");
 * assertEquals([cursor.u32("a count"), cursor.text("a name"), cursor.position], [7, "é", 14]);
 * assertThrows(() => cursor.u8("its end"), SyntaxError, 'Cannot read GGUF "m.gguf": its end ends at byte 15, file has 14');
 * ```
 */
export class GgufCursor {
  readonly #readAt: ReadAt;
  readonly #file: string;
  #window = new Uint8Array();
  #start = 0;
  /** The size of the file. */
  readonly fileBytes: number;
  /** The next byte. */
  position = 0;

  /** @param file a name for messages */
  constructor(readAt: ReadAt, fileBytes: number, file: string) {
    this.#readAt = readAt;
    this.fileBytes = fileBytes;
    this.#file = file;
  }

  /** A byte. */
  u8(what: string): number {
    return this.#take(1, what).getUint8(0);
  }

  /** A signed byte. */
  i8(what: string): number {
    return this.#take(1, what).getInt8(0);
  }

  /** 16 bits. */
  u16(what: string): number {
    return this.#take(2, what).getUint16(0, true);
  }

  /** 16 bits with a sign. */
  i16(what: string): number {
    return this.#take(2, what).getInt16(0, true);
  }

  /** 32 bits. */
  u32(what: string): number {
    return this.#take(4, what).getUint32(0, true);
  }

  /** 32 bits with a sign. */
  i32(what: string): number {
    return this.#take(4, what).getInt32(0, true);
  }

  /** 64 bits: a number where it is one exactly. */
  u64(what: string): number | bigint {
    return exact(this.#take(8, what).getBigUint64(0, true));
  }

  /** 64 bits with a sign: a number where it is one exactly. */
  i64(what: string): number | bigint {
    return exact(this.#take(8, what).getBigInt64(0, true));
  }

  /** A float of 32 bits. */
  f32(what: string): number {
    return this.#take(4, what).getFloat32(0, true);
  }

  /** A float of 64 bits. */
  f64(what: string): number {
    return this.#take(8, what).getFloat64(0, true);
  }

  /** A count of items that take at least `itemBytes` each. */
  count(what: string, itemBytes: number): number {
    const count = this.u64(what);
    const left = this.fileBytes - this.position;
    if (typeof count === "bigint" || count * itemBytes > left) {
      this.refuse(`${what} claims ${count} items, file has ${left} bytes left`);
    }
    return count;
  }

  /** A length and as many bytes of UTF-8. */
  text(what: string): string {
    const length = this.count(what, 1);
    if (length > MAX_TEXT_BYTES) {
      this.refuse(`${what} claims ${length} bytes, at most ${MAX_TEXT_BYTES} are allowed`);
    }
    const bytes = this.#take(length, what);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      this.refuse(`${what} is not UTF-8`, cause);
    }
  }

  /** Ends the reading. */
  refuse(what: string, cause?: unknown): never {
    throw new SyntaxError(`Cannot read GGUF "${this.#file}": ${what}`, { cause });
  }

  /** The next bytes. */
  #take(bytes: number, what: string): DataView {
    const end = this.position + bytes;
    if (end > MAX_HEADER_BYTES) this.refuse(`its header has more than ${MAX_HEADER_BYTES} bytes`);
    if (end > this.fileBytes) {
      this.refuse(`${what} ends at byte ${end}, file has ${this.fileBytes}: download it again`);
    }
    if (end > this.#start + this.#window.length) this.#refill(bytes);
    const view = new DataView(this.#window.buffer, this.position - this.#start, bytes);
    this.position = end;
    return view;
  }

  #refill(atLeast: number): void {
    this.#start = this.position;
    this.#window = new Uint8Array(Math.min(Math.max(WINDOW_BYTES, atLeast), this.fileBytes - this.position));
    for (let done = 0; done < this.#window.length;) {
      const got = this.#readAt(this.#start + done, this.#window.subarray(done));
      if (got === 0) this.refuse(`file ended at byte ${this.#start + done} while it was read`);
      done += got;
    }
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * Bytes in memory as a file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(2);
 * assertEquals([readAtOf(new Uint8Array([1, 2, 3]))(2, bytes), ...bytes], [1, 3, 0]);
 * ```
 */
export function readAtOf(file: Uint8Array): ReadAt {
  return (position, bytes) => {
    const part = file.subarray(position, position + bytes.length);
    bytes.set(part);
    return part.length;
  };
}
