/**
 * PyTorch's files of weights, `.bin` and `.pt`, as a source of tensors. Nothing of their pickles is ever executed.
 * Tensors may be any views of their storages; those that are not in row order are read as a whole, one at a time.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { FileReader } from "./file_reader.ts";
import { FLOAT_BYTES, isStorageDtype, type StorageDtype } from "./float_types.ts";
import type { SourceTensor, TensorSource } from "./tensor_source.ts";
import { readTorchArchive, type TorchContent } from "./torch_archive.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import type { TorchView } from "./torch_pickle.ts";

/**
 * Opens a file of either format, which its first bytes tell.
 *
 * @throws {Error} when it cannot be opened; {SyntaxError} when it is malformed or holds anything else than tensors
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * using source = await openTorchFile("tests/fixtures/torch/zip.bin");
 * const values = new Float32Array(6);
 * await source.read("transposed", values, 0);
 * assertEquals([source.tensors.get("transposed")!.shape, [...values]], [[3, 2], [0, 3, 1, 4, 2, 5]]);
 * ```
 */
export async function openTorchFile(path: string): Promise<TensorSource> {
  const file = await FileReader.open(path);
  const refuse = (what: string): never => {
    throw new SyntaxError(`Cannot read PyTorch file "${path}": ${what}`);
  };
  try {
    const isArchive = file.size >= 4 && new DataView(file.readSync(0, 4).buffer).getUint32(0) === 0x504b0304;
    return new TorchSource(file, isArchive ? readTorchArchive(file, refuse) : readTorchLegacy(file, refuse));
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

class TorchSource implements TensorSource {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, SourceTensor>;
  readonly #reader: FileReader;
  readonly #content: TorchContent;
  /** The elements that a view which is not in row order lies among, while it is read. */
  #span: { name: string; values: Float32Array } | null = null;
  /** The checksum of a storage that is being read from its beginning. */
  #sum = { key: "", position: 0, crc: 0 };

  constructor(reader: FileReader, content: TorchContent) {
    this.file = reader.path;
    this.#reader = reader;
    this.#content = content;
    const tensors = Array.from(content.views, ([name, { shape, storage: { dtype } }]) => {
      return [name, { dtype, shape, isReadable: isStorageDtype(dtype) }] as const;
    });
    this.tensors = new Map(tensors);
  }

  async read(name: string, values: Float32Array, start: number): Promise<void> {
    const view = this.#content.views.get(name)!;
    if (!isStorageDtype(view.storage.dtype)) throw new TypeError(`Cannot read "${name}" as floats`);
    if (isInRowOrder(view)) return await this.#readElements(view, values, view.offset + start);
    if (this.#span?.name !== name) {
      const span = new Float32Array(lastElement(view) - view.offset + 1);
      await this.#readElements(view, span, view.offset);
      this.#span = { name, values: span };
    }
    gather(view, this.#span!.values, values, start);
    if (start + values.length === sizeOf(view)) this.#span = null;
  }

  async #readElements({ storage }: TorchView, values: Float32Array, element: number): Promise<void> {
    const bytes = FLOAT_BYTES[storage.dtype as StorageDtype];
    const { position, size, crc } = this.#content.places.get(storage.key)!;
    const offset = element * bytes;
    const stored = await this.#reader.readFloats(position + offset, storage.dtype as StorageDtype, values);
    if (offset === 0) this.#sum = { key: storage.key, position: 0, crc: 0 };
    if (crc === 0 || this.#sum.key !== storage.key || this.#sum.position !== offset) return;
    this.#sum.crc = crc32(stored, this.#sum.crc);
    this.#sum.position += stored.length;
    if (this.#sum.position === size && this.#sum.crc !== crc) {
      throw new SyntaxError(
        `Cannot read PyTorch file "${this.file}": its storage "${storage.key}" has the wrong checksum: download it again`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}

function sizeOf({ shape }: TorchView): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

function lastElement({ offset, shape, strides }: TorchView): number {
  return shape.reduce((last, dim, i) => last + (dim - 1) * strides[i]!, offset);
}

function isInRowOrder({ shape, strides }: TorchView): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i]!;
  }
  return true;
}

/** Fills `values` with a view's elements from `start` on, in row order. */
function gather(
  { shape, strides }: TorchView,
  span: Float32Array,
  values: Float32Array,
  start: number,
): void {
  const index = new Array<number>(shape.length).fill(0);
  let rest = start;
  for (let i = shape.length - 1; i >= 0; i--) {
    index[i] = rest % shape[i]!;
    rest = Math.floor(rest / shape[i]!);
  }
  let at = index.reduce((sum, position, i) => sum + position * strides[i]!, 0);
  for (let n = 0; n < values.length; n++) {
    values[n] = span[at]!;
    for (let i = shape.length - 1; i >= 0; i--) {
      at += strides[i]!;
      if (++index[i]! < shape[i]!) break;
      at -= shape[i]! * strides[i]!;
      index[i] = 0;
    }
  }
}
