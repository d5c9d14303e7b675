/**
 * PyTorch's files since 1.6: a ZIP archive of stored entries, `NAME/data.pkl` with the state dict and `NAME/data/KEY`
 * with each storage. Nothing is ever written by an entry's name.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { readZipEntries, storedPosition, type ZipEntry } from "../files/zip.ts";
import type { FileReader } from "./file_reader.ts";
import { PickleInput } from "./pickle_input.ts";
import { readStateDict, TORCH_BYTES, type TorchStorage, type TorchView } from "./torch_pickle.ts";

/** Where a storage's bytes are. */
export interface StoragePlace {
  /** The first byte in the file. */
  position: number;
  /** How many bytes. */
  size: number;
  /** CRC-32 of all of them; 0 where none was written. */
  crc: number;
}

/** A file's tensors, and the places of their storages by key. */
export interface TorchContent {
  /** The tensors by their names. */
  views: ReadonlyMap<string, TorchView>;
  /** The places of the storages by their keys. */
  places: ReadonlyMap<string, StoragePlace>;
}

/**
 * Reads the directory and the pickle of an archive.
 *
 * @param refuse throws
 * @throws {SyntaxError} when the archive or its pickle is malformed or plays tricks
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FileReader } from "./file_reader.ts";
 *
 * using file = await FileReader.open("tests/fixtures/torch/zip.bin");
 * const { views } = readTorchArchive(file, (what) => {
 *   throw new SyntaxError(what);
 * });
 * assertEquals(views.get("transposed")!.strides, [1, 3]);
 * ```
 */
export function readTorchArchive(file: FileReader, refuse: (what: string) => never): TorchContent {
  const entries = readZipEntries(file.path);
  const names = checkNames(entries, refuse);
  const pickles = entries.filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) refuse(`it has ${pickles.length} entries NAME/data.pkl, expected 1`);
  const root = pickles[0]!.name.slice(0, -"data.pkl".length);
  if (names.has(`${root}constants.pkl`)) refuse("it is a TorchScript program, expected a state dict");
  const places = new Map<string, StoragePlace>();
  for (const entry of entries) {
    if (entry.method !== 0 || entry.packedSize !== entry.size) {
      refuse(`its entry "${entry.name}" is compressed`);
    }
    places.set(entry.name, { position: storedPosition(file.path, entry), size: entry.size, crc: entry.crc });
  }
  checkOverlap(places, refuse);
  const order = places.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(readWhole(file, order, `${root}byteorder`, refuse)) !== "little") {
    refuse("its byte order is not little");
  }
  const pickle = readWhole(file, places.get(`${root}data.pkl`)!, `${root}data.pkl`, refuse);
  const input = new PickleInput(pickle.length, (at, length) => pickle.slice(at, at + length), refuse);
  const views = readStateDict(input, refuse);
  const found = new Map<string, StoragePlace>();
  for (const { storage } of views.values()) found.set(storage.key, placeOf(storage, places, root, refuse));
  return { views, places: found };
}

function placeOf(
  { key, dtype, elements }: TorchStorage,
  places: ReadonlyMap<string, StoragePlace>,
  root: string,
  refuse: (what: string) => never,
): StoragePlace {
  const place = places.get(`${root}data/${key}`);
  if (!place) refuse(`its storage "${key}" is not there`);
  if (place.size !== elements * TORCH_BYTES[dtype]) {
    refuse(`its storage "${key}" of ${elements} ${dtype} has ${place.size} bytes`);
  }
  return place;
}

function checkNames(entries: readonly ZipEntry[], refuse: (what: string) => never): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name } of entries) {
    const isPath = name.startsWith("/") || name.split("/").includes("..") || /[\\:\0]/.test(name);
    if (isPath) refuse(`its entry ${JSON.stringify(name)} is no plain name`);
    if (names.has(name)) refuse(`it has the entry "${name}" twice`);
    names.add(name);
  }
  return names;
}

/** Bytes that serve two entries make a small file look large. */
function checkOverlap(places: ReadonlyMap<string, StoragePlace>, refuse: (what: string) => never): void {
  const sorted = [...places].sort(([, a], [, b]) => a.position - b.position);
  let end = 0;
  for (const [name, { position, size }] of sorted) {
    if (position < end) refuse(`its entry "${name}" overlaps another`);
    end = position + size;
  }
}

const MAX_PICKLE_BYTES = 100_000_000;

function readWhole(
  file: FileReader,
  { position, size, crc }: StoragePlace,
  name: string,
  refuse: (what: string) => never,
): Uint8Array<ArrayBuffer> {
  if (size > MAX_PICKLE_BYTES) {
    refuse(`its entry "${name}" has ${size} bytes, at most ${MAX_PICKLE_BYTES} are allowed`);
  }
  const bytes = file.readSync(position, size);
  if (crc !== 0 && crc32(bytes) !== crc) {
    refuse(`its entry "${name}" has the wrong checksum: download it again`);
  }
  return bytes;
}
