/**
 * PyTorch's files before 1.6: five pickles (a magic number, the protocol, the machine, the state dict, the keys of the
 * storages), then each storage in the order of the keys: the number of its elements, and they.
 *
 * @module
 */
import type { FileReader } from "./file_reader.ts";
import { PickleInput } from "./pickle_input.ts";
import type { StoragePlace, TorchContent } from "./torch_archive.ts";
import { readStateDict, readTorchPickle, TORCH_BYTES, type TorchStorage } from "./torch_pickle.ts";

/** What the file begins with, as a whole number (`MAGIC_NUMBER` of torch/serialization.py). */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads the pickles of a file and the places of its storages.
 *
 * @param refuse throws
 * @throws {SyntaxError} when the file is malformed
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FileReader } from "./file_reader.ts";
 *
 * using file = await FileReader.open("tests/fixtures/torch/legacy.bin");
 * const { views } = readTorchLegacy(file, (what) => {
 *   throw new SyntaxError(what);
 * });
 * assertEquals(views.get("transposed")!.strides, [1, 3]);
 * ```
 */
export function readTorchLegacy(file: FileReader, refuse: (what: string) => never): TorchContent {
  const input = new PickleInput(file.size, (at, length) => file.readSync(at, length), refuse);
  if (readTorchPickle(input, refuse) !== MAGIC) refuse("it is no file of PyTorch's");
  const protocol = readTorchPickle(input, refuse);
  if (protocol !== PROTOCOL) refuse(`it is of PyTorch's protocol ${String(protocol)}, expected ${PROTOCOL}`);
  const machine = readTorchPickle(input, refuse);
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    refuse("its byte order is not little");
  }
  const views = readStateDict(input, refuse);
  const keys = readTorchPickle(input, refuse);
  const storages = new Map(Array.from(views.values(), ({ storage }) => [storage.key, storage]));
  const isComplete = Array.isArray(keys) && keys.length === storages.size &&
    new Set(keys).size === keys.length &&
    keys.every((key) => storages.has(key));
  if (!isComplete) refuse("its list of storages is not that of its tensors");
  const ordered = (keys as string[]).map((key) => storages.get(key)!);
  return { views, places: placesOf(ordered, file, input.position, refuse) };
}

function placesOf(
  storages: readonly TorchStorage[],
  file: FileReader,
  begin: number,
  refuse: (what: string) => never,
): Map<string, StoragePlace> {
  const places = new Map<string, StoragePlace>();
  let position = begin;
  for (const { key, dtype, elements } of storages) {
    const stored = new DataView(file.readSync(position, 8).buffer).getBigInt64(0, true);
    if (stored !== BigInt(elements)) {
      refuse(`its storage "${key}" has ${stored} elements, its tensors ask for ${elements}`);
    }
    const size = elements * TORCH_BYTES[dtype];
    places.set(key, { position: position + 8, size, crc: 0 });
    position += 8 + size;
  }
  if (position !== file.size) {
    refuse(`file has ${file.size} bytes, its tensors ask for ${position}: download it again`);
  }
  return places;
}
