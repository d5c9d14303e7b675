/**
 * A file of weights, read at any place: into bytes, or into float32 values without holding more than a piece.
 *
 * @module
 */
import { whyNotRegular } from "../files/read_file.ts";
import { fileReasonOf } from "../files/reason.ts";
import { FLOAT_BYTES, type StorageDtype, widen } from "./float_types.ts";

/**
 * An open file; `using` closes it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeFile(path, new Uint8Array([9, 0, 0x3c]));
 * using file = await FileReader.open(path);
 * const values = new Float32Array(1);
 * await file.readFloats(1, "F16", values);
 * assertEquals([file.size, values[0], file.readSync(0, 1)[0]], [3, 1, 9]);
 * ```
 */
export class FileReader implements Disposable {
  /** Its size when it was opened. */
  readonly size: number;
  /** Its path. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  #scratch = new Uint8Array(0);

  private constructor(path: string, file: Deno.FsFile, size: number) {
    this.path = path;
    this.#file = file;
    this.size = size;
  }

  /** Opens a regular file or a link to one: a pipe or a device would never end. */
  static async open(path: string): Promise<FileReader> {
    try {
      const reason = whyNotRegular(await Deno.stat(path));
      if (reason !== undefined) throw new Error(reason);
      const file = await Deno.open(path);
      return new FileReader(path, file, (await file.stat()).size);
    } catch (cause) {
      throw new Error(`Cannot load "${path}": ${fileReasonOf(cause)}`, { cause });
    }
  }

  /** Fills `bytes` from `position` on. */
  async read(position: number, bytes: Uint8Array): Promise<void> {
    await this.#file.seek(position, Deno.SeekMode.Start);
    for (let filled = 0; filled < bytes.length;) {
      const count = await this.#file.read(bytes.subarray(filled));
      if (count === null) this.#refuseEnd(position + filled);
      filled += count;
    }
  }

  /** `length` new bytes from `position` on. */
  readSync(position: number, length: number): Uint8Array<ArrayBuffer> {
    if (position + length > this.size) this.#refuseEnd(this.size);
    const bytes = new Uint8Array(length);
    this.#file.seekSync(position, Deno.SeekMode.Start);
    for (let filled = 0; filled < length;) {
      const count = this.#file.readSync(bytes.subarray(filled));
      if (count === null) this.#refuseEnd(position + filled);
      filled += count;
    }
    return bytes;
  }

  /**
   * Fills `values` from `position` on.
   *
   * @returns the bytes as they are stored, until the next call
   */
  async readFloats(position: number, dtype: StorageDtype, values: Float32Array): Promise<Uint8Array> {
    if (dtype === "F32") {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      await this.read(position, bytes);
      return bytes;
    }
    const length = FLOAT_BYTES[dtype] * values.length;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    const bytes = this.#scratch.subarray(0, length);
    await this.read(position, bytes);
    widen(bytes, dtype, values);
    return bytes;
  }

  #refuseEnd(position: number): never {
    throw new SyntaxError(`Cannot read "${this.path}": it ends at byte ${position}: download it again`);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
