/**
 * A GGUF file's header: its metadata and where its tensors are, as version 2 and 3 write them.
 *
 * Source: the format's description (ggml's docs/gguf.md). Whatever the header claims is checked before it is believed:
 * counts and lengths against the file's size, offsets against each other, types by their number.
 *
 * @module
 */
import { BLOCK_TYPES, type BlockType, OTHER_TYPES } from "./ggml_blocks.ts";
import { GgufCursor, type ReadAt } from "./gguf_cursor.ts";

/** A value of the metadata. */
export type GgufValue = number | bigint | boolean | string | GgufValue[];

/** One tensor of the file. */
export interface GgufTensor {
  /** The tensor's name, as the file spells it. */
  name: string;
  /** Its dimensions, rows first (the file has them the other way round). */
  shape: number[];
  /** How it is stored. */
  type: BlockType;
  /** Its first byte in the file. */
  begin: number;
  /** How many bytes it has. */
  bytes: number;
}

/** A file's header. */
export interface GgufHeader {
  /** The header's values by their keys. */
  metadata: ReadonlyMap<string, GgufValue>;
  /** The file's tensors by their names. */
  tensors: ReadonlyMap<string, GgufTensor>;
}

const MAX_DIMENSIONS = 4;
const MAX_DEPTH = 4;
const MAX_ITEMS = 1 << 22; // of all arrays; the largest vocabularies have 2^18 tokens, each with a merge, a type, a score
const MAX_KEYS = 1 << 16;
const MAX_TENSORS = 1 << 17;

/**
 * Reads and checks a header.
 *
 * @param file a name for messages
 * @throws {SyntaxError} when it breaks the format's rules or has tensors of types that cannot be read
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readAtOf } from "./gguf_cursor.ts";
 *
 * const bytes = new TextEncoder().encode("GGML");
 * assertThrows(() => readGgufHeader(readAtOf(bytes), 4, "m.gguf"), SyntaxError, 'it begins with "GGML"');
 * ```
 */
export function readGgufHeader(readAt: ReadAt, fileBytes: number, file: string): GgufHeader {
  const cursor = new GgufCursor(readAt, fileBytes, file);
  checkVersion(cursor);
  const tensorCount = cursor.count("the count of tensors", 32); // of a name of one byte and one dimension
  if (tensorCount > MAX_TENSORS) {
    cursor.refuse(`it claims ${tensorCount} tensors, at most ${MAX_TENSORS} are allowed`);
  }
  const keyCount = cursor.count("the count of metadata", 13);
  if (keyCount > MAX_KEYS) {
    cursor.refuse(`it claims ${keyCount} keys of metadata, at most ${MAX_KEYS} are allowed`);
  }
  const metadata = readMetadata(cursor, keyCount);
  const tensors = Array.from({ length: tensorCount }, () => readTensor(cursor));
  return { metadata, tensors: placeTensors(cursor, tensors, alignmentOf(cursor, metadata)) };
}

function checkVersion(cursor: GgufCursor): void {
  const magic = String.fromCharCode(...Array.from({ length: 4 }, () => cursor.u8("its first word")));
  if (magic !== "GGUF") cursor.refuse(`it begins with ${JSON.stringify(magic)}, expected "GGUF"`);
  const version = cursor.u32("its version");
  if ((version & 0xffff) === 0) cursor.refuse("it is big-endian, expected a little-endian file");
  if (version !== 2 && version !== 3) cursor.refuse(`it has version ${version}, expected 2 or 3`);
}

/** How values are read, and the least bytes of one, by the number of their type. */
const VALUES: {
  readonly [type: number]: { bytes: number; read(cursor: GgufCursor, what: string): GgufValue };
} = {
  0: { bytes: 1, read: (cursor, what) => cursor.u8(what) },
  1: { bytes: 1, read: (cursor, what) => cursor.i8(what) },
  2: { bytes: 2, read: (cursor, what) => cursor.u16(what) },
  3: { bytes: 2, read: (cursor, what) => cursor.i16(what) },
  4: { bytes: 4, read: (cursor, what) => cursor.u32(what) },
  5: { bytes: 4, read: (cursor, what) => cursor.i32(what) },
  6: { bytes: 4, read: (cursor, what) => cursor.f32(what) },
  7: { bytes: 1, read: readBoolean },
  8: { bytes: 8, read: (cursor, what) => cursor.text(what) },
  10: { bytes: 8, read: (cursor, what) => cursor.u64(what) },
  11: { bytes: 8, read: (cursor, what) => cursor.i64(what) },
  12: { bytes: 8, read: (cursor, what) => cursor.f64(what) },
};
const ARRAY = 9;

function readBoolean(cursor: GgufCursor, what: string): boolean {
  const byte = cursor.u8(what);
  if (byte > 1) cursor.refuse(`${what} is ${byte}, expected 0 or 1`);
  return byte === 1;
}

function readMetadata(cursor: GgufCursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  const budget = { items: MAX_ITEMS };
  for (let i = 0; i < count; i++) {
    const key = cursor.text(`key ${i} of the metadata`);
    if (metadata.has(key)) cursor.refuse(`its metadata has ${JSON.stringify(key)} twice`);
    metadata.set(
      key,
      readValue(cursor, { key, type: cursor.u32(`the type of ${JSON.stringify(key)}`), depth: 0, budget }),
    );
  }
  return metadata;
}

interface ValuePlace {
  key: string;
  type: number;
  depth: number;
  budget: { items: number };
}

function readValue(cursor: GgufCursor, { key, type, depth, budget }: ValuePlace): GgufValue {
  const what = `metadata ${JSON.stringify(key)}`;
  if (type !== ARRAY) {
    const value = VALUES[type];
    if (!value) cursor.refuse(`${what} has the unknown type ${type}`);
    return value.read(cursor, what);
  }
  if (depth === MAX_DEPTH) cursor.refuse(`${what} has arrays more than ${MAX_DEPTH} deep`);
  const itemType = cursor.u32(`the type of the items of ${JSON.stringify(key)}`);
  const itemBytes = itemType === ARRAY ? 12 : VALUES[itemType]?.bytes;
  if (itemBytes === undefined) cursor.refuse(`${what} has items of the unknown type ${itemType}`);
  const count = cursor.count(what, itemBytes);
  if ((budget.items -= count) < 0) cursor.refuse(`its metadata has more than ${MAX_ITEMS} items`);
  return Array.from(
    { length: count },
    () => readValue(cursor, { key, type: itemType, depth: depth + 1, budget }),
  );
}

type UnplacedTensor = Omit<GgufTensor, "begin"> & { offset: number };

function readTensor(cursor: GgufCursor): UnplacedTensor {
  const name = cursor.text("a tensor's name");
  const what = `tensor ${JSON.stringify(name)}`;
  const dimensions = cursor.u32(what);
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    cursor.refuse(`${what} has ${dimensions} dimensions, expected 1 to ${MAX_DIMENSIONS}`);
  }
  const sizes = Array.from({ length: dimensions }, () => cursor.u64(what));
  const typeId = cursor.u32(what);
  const offset = cursor.u64(what);
  const type = BLOCK_TYPES[typeId];
  if (!type) {
    const found = OTHER_TYPES[typeId] ?? `unknown type ${typeId}`;
    const known = Object.values(BLOCK_TYPES).map(({ name }) => name).join(", ");
    cursor.refuse(`${what} is stored as ${found}: expected one of ${known}`);
  }
  const elements = sizes.reduce<number>((product, size) => product * Number(size), 1);
  if (!(elements >= 1 && Number.isSafeInteger(elements * type.bytes))) {
    cursor.refuse(
      `${what} has the size [${sizes.toReversed()}], expected at least one element of each, and fewer`,
    );
  }
  if (Number(sizes[0]) % type.weights !== 0) {
    cursor.refuse(`${what} of ${type.name} has rows of ${sizes[0]}, expected a multiple of ${type.weights}`);
  }
  if (typeof offset === "bigint") cursor.refuse(`${what} begins at byte ${offset} of its data`);
  const shape = sizes.map(Number).toReversed();
  return { name, shape, type, bytes: elements / type.weights * type.bytes, offset };
}

function alignmentOf(cursor: GgufCursor, metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get("general.alignment") ?? 32;
  const isPower = typeof alignment === "number" && alignment >= 8 && alignment <= 1 << 20 &&
    Number.isInteger(Math.log2(alignment));
  if (!isPower) {
    cursor.refuse(`its alignment is ${String(alignment)}, expected a power of two from 8 to ${1 << 20}`);
  }
  return alignment;
}

/** Checks that tensors lie one after the other, each aligned, and end within the file. */
function placeTensors(
  cursor: GgufCursor,
  tensors: UnplacedTensor[],
  alignment: number,
): Map<string, GgufTensor> {
  const align = (byte: number) => Math.ceil(byte / alignment) * alignment;
  const dataStart = align(cursor.position);
  const placed = new Map<string, GgufTensor>();
  let expected = 0;
  let end = 0;
  for (const { offset, ...tensor } of tensors.toSorted((a, b) => a.offset - b.offset)) {
    const what = `tensor ${JSON.stringify(tensor.name)}`;
    if (placed.has(tensor.name)) cursor.refuse(`${what} is there twice`);
    if (offset !== expected) {
      cursor.refuse(`${what} begins at byte ${offset} of the data, expected ${expected}`);
    }
    end = dataStart + offset + tensor.bytes;
    if (end > cursor.fileBytes) {
      cursor.refuse(`${what} ends at byte ${end}, file has ${cursor.fileBytes}: download it again`);
    }
    expected = align(offset + tensor.bytes);
    placed.set(tensor.name, { ...tensor, begin: dataStart + offset });
  }
  return placed;
}
