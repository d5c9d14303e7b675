/**
 * A safetensors file as a source of tensors.
 *
 * @module
 */
import { FileReader } from "./file_reader.ts";
import { FLOAT_BYTES, isStorageDtype } from "./float_types.ts";
import { headerLength, parseHeader, type SafetensorsHeader, type StoredTensor } from "./safetensors.ts";
import type { SourceTensor, TensorSource } from "./tensor_source.ts";

/**
 * Opens a safetensors file and checks its header.
 *
 * @throws {Error} when it cannot be opened; {SyntaxError} when it is malformed
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * using source = await openSafetensors("tests/fixtures/gpt2/half/model.safetensors");
 * const { dtype, shape } = source.tensors.get("transformer.ln_f.bias")!;
 * const values = new Float32Array(8);
 * await source.read("transformer.ln_f.bias", values, 0);
 * assertEquals([dtype, shape, values.every(Number.isFinite)], ["F16", [8], true]);
 * ```
 */
export async function openSafetensors(
  path: string,
): Promise<TensorSource & Pick<SafetensorsHeader, "metadata">> {
  const file = await FileReader.open(path);
  try {
    const start = file.readSync(0, Math.min(8, file.size));
    const length = headerLength(start, file.size, path);
    return new SafetensorsSource(file, parseHeader(file.readSync(0, 8 + length), file.size, path));
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

class SafetensorsSource implements TensorSource {
  readonly file: string;
  readonly metadata: Record<string, string>;
  readonly tensors: ReadonlyMap<string, StoredTensor & SourceTensor>;
  readonly #reader: FileReader;
  readonly #dataStart: number;

  constructor(reader: FileReader, { tensors, metadata, dataStart }: SafetensorsHeader) {
    this.metadata = metadata;
    this.file = reader.path;
    this.#reader = reader;
    this.#dataStart = dataStart;
    this.tensors = new Map(
      tensors.map((tensor) => [tensor.name, { ...tensor, isReadable: isStorageDtype(tensor.dtype) }]),
    );
  }

  async read(name: string, values: Float32Array, start: number): Promise<void> {
    const { dtype, begin } = this.tensors.get(name)!;
    if (!isStorageDtype(dtype)) throw new TypeError(`Cannot read "${name}" as floats: it is ${dtype}`);
    await this.#reader.readFloats(this.#dataStart + begin + FLOAT_BYTES[dtype] * start, dtype, values);
  }

  async readHalves(name: string, halves: Uint16Array, start: number): Promise<void> {
    const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
    const { begin } = this.tensors.get(name)!;
    await this.#reader.read(this.#dataStart + begin + FLOAT_BYTES.BF16 * start, bytes);
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
