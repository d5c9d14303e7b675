/**
 * Reads ZIP files: the central directory, then single entries as streams, so that two libraries of 853 MB come out of
 * TensorFlow's wheel without unpacking the rest; and where stored entries lie, so that weights are read in place. Sizes
 * come from the central directory and every entry's length and CRC-32 are checked. Source: PKWARE's APPNOTE 6.3.10,
 * sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3; stored and deflated entries are all that our archives have, anything else
 * is refused.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { reasonOf } from "./reason.ts";

/** One file of an archive. */
export interface ZipEntry {
  /** Its path in the archive. */
  name: string;
  /** Bytes when unpacked. */
  size: number;
  /** Bytes as stored. */
  packedSize: number;
  /** CRC-32 of the unpacked bytes. */
  crc: number;
  /** 0: stored, 8: deflated. */
  method: number;
  /** Where the local header begins. */
  offset: number;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
/** Flags that change nothing here: how well it is compressed (1, 2), sizes behind the data (3), UTF-8 names (11). */
const HARMLESS_FLAGS = 0b1000_0000_1110;
/** Values of fields of 16 and 32 bits that say that the number is in a record of 64 bits. */
const [FULL16, FULL32] = [0xffff, 0xffffffff];
const CHUNK_BYTES = 1 << 20;

function zipError(path: string, found: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read archive "${path}": ${reasonOf(found)}: download it again`, { cause });
}

function readAt(file: Deno.FsFile, path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let filled = 0; filled < length;) {
    const read = file.readSync(bytes.subarray(filled));
    if (read === null) throw zipError(path, `it ends at byte ${offset + filled}`);
    filled += read;
  }
  return bytes;
}

/**
 * Lists an archive's files, in its own order.
 *
 * @throws {SyntaxError} If the file is no ZIP archive, or cut, or uses what a wheel does not.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readZipEntries } from "./zip.ts";
 *
 * const path = await Deno.makeTempFile();
 * assertThrows(() => readZipEntries(path), SyntaxError, "it has no end of central directory");
 * ```
 */
export function readZipEntries(path: string): ZipEntry[] {
  using file = Deno.openSync(path);
  const size = file.statSync().size;
  const start = Math.max(0, size - 65_557);
  const tail = readAt(file, path, start, size - start);
  const view = new DataView(tail.buffer);
  let end = tail.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_SIGNATURE) end--;
  if (end < 0) throw zipError(path, "it has no end of central directory");
  let count = view.getUint16(end + 10, true);
  let length = view.getUint32(end + 12, true);
  let offset = view.getUint32(end + 16, true);
  if (count === FULL16 || length === FULL32 || offset === FULL32) {
    ({ count, length, offset } = readEnd64(file, path, start + end));
  }
  if (offset + length > size) throw zipError(path, "its central directory reaches past its end");
  return parseDirectory(readAt(file, path, offset, length), count, path);
}

/** The central directory's place in an archive that is larger than 32 bits can say. */
function readEnd64(file: Deno.FsFile, path: string, end: number) {
  const locator = end >= 20 ? new DataView(readAt(file, path, end - 20, 20).buffer) : null;
  const at = locator?.getUint32(0, true) === LOCATOR64_SIGNATURE
    ? Number(locator.getBigUint64(8, true))
    : NaN;
  const record = at + 56 <= end ? new DataView(readAt(file, path, at, 56).buffer) : null;
  if (record?.getUint32(0, true) !== END64_SIGNATURE) throw zipError(path, "its ZIP64 record is damaged");
  const [count, length, offset] = [32, 40, 48].map((field) => Number(record!.getBigUint64(field, true)));
  return { count: count!, length: length!, offset: offset! };
}

function parseDirectory(bytes: Uint8Array<ArrayBuffer>, count: number, path: string): ZipEntry[] {
  const view = new DataView(bytes.buffer);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count;) {
    const nameEnd = at + 46 <= bytes.length ? at + 46 + view.getUint16(at + 28, true) : Infinity;
    const extraEnd = nameEnd < bytes.length ? nameEnd + view.getUint16(at + 30, true) : nameEnd;
    if (extraEnd > bytes.length || view.getUint32(at, true) !== ENTRY_SIGNATURE) {
      throw zipError(path, `entry ${entries.length} of its central directory is damaged`);
    }
    const entry: ZipEntry = {
      name: new TextDecoder().decode(bytes.subarray(at + 46, nameEnd)),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    readExtra64(new DataView(bytes.buffer, nameEnd, extraEnd - nameEnd), entry, path);
    const isPlain = (view.getUint16(at + 8, true) & ~HARMLESS_FLAGS) === 0;
    if (!isPlain || (entry.method !== 0 && entry.method !== 8)) {
      throw zipError(path, `entry "${entry.name}" is encrypted or of another method`);
    }
    entries.push(entry);
    at = extraEnd + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Replaces numbers that 32 bits cannot say by those of the ZIP64 extra field. */
function readExtra64(extra: DataView, entry: ZipEntry, path: string): void {
  const full = (["size", "packedSize", "offset"] as const).filter((field) => entry[field] === FULL32);
  if (full.length === 0) return;
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1 && length >= 8 * full.length && at + 4 + length <= extra.byteLength) {
      full.forEach((field, i) => entry[field] = Number(extra.getBigUint64(at + 4 + 8 * i, true)));
      return;
    }
    at += 4 + length;
  }
  throw zipError(path, `entry "${entry.name}" has no ZIP64 sizes`);
}

/**
 * Where the bytes of an entry that is stored, not deflated, begin in the file.
 *
 * @throws {SyntaxError} If its local header is damaged or of another name, or its bytes reach past the file's end.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { storedPosition } from "./zip.ts";
 *
 * const path = await Deno.makeTempFile();
 * const entry = { name: "a.py", size: 1, packedSize: 1, crc: 0, method: 0, offset: 0 };
 * assertThrows(() => storedPosition(path, entry), SyntaxError, "it ends at byte 0");
 * ```
 */
export function storedPosition(path: string, entry: ZipEntry): number {
  using file = Deno.openSync(path);
  const at = dataPosition(file, path, entry);
  if (at + entry.size > file.statSync().size) throw zipError(path, `"${entry.name}" reaches past its end`);
  return at;
}

/** Where an entry's data begins; its local header must agree with the directory about the name. */
function dataPosition(file: Deno.FsFile, path: string, entry: ZipEntry): number {
  const header = new DataView(readAt(file, path, entry.offset, 30).buffer);
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE) throw zipError(path, `"${entry.name}" is not there`);
  const nameLength = header.getUint16(26, true);
  const name = new TextDecoder().decode(readAt(file, path, entry.offset + 30, nameLength));
  if (name !== entry.name || header.getUint16(8, true) !== entry.method) {
    throw zipError(path, `the directory and the header of "${entry.name}" differ`);
  }
  return entry.offset + 30 + nameLength + header.getUint16(28, true);
}

/**
 * The bytes of one entry, unpacked. The stream fails at its end if their number or CRC-32 is not the directory's.
 *
 * @throws {SyntaxError} If the entry's local header is damaged.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { openZipEntry } from "./zip.ts";
 *
 * const path = await Deno.makeTempFile();
 * const entry = { name: "a.py", size: 1, packedSize: 1, crc: 0, method: 0, offset: 0 };
 * assertThrows(() => openZipEntry(path, entry), SyntaxError, "it ends at byte 0");
 * ```
 */
export function openZipEntry(path: string, entry: ZipEntry): ReadableStream<Uint8Array> {
  const file = Deno.openSync(path);
  let at: number;
  try {
    at = dataPosition(file, path, entry);
  } catch (error) {
    file.close();
    throw error;
  }
  const end = at + entry.packedSize;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      try {
        const bytes = readAt(file, path, at, Math.min(CHUNK_BYTES, end - at));
        at += bytes.length;
        if (bytes.length) controller.enqueue(bytes);
        if (at < end) return;
        file.close();
        controller.close();
      } catch (error) {
        file.close();
        controller.error(error);
      }
    },
    cancel: () => file.close(),
  });
  const bytes = entry.method === 0 ? packed : packed.pipeThrough(new DecompressionStream("deflate-raw"));
  return bytes.pipeThrough(checkedAs(path, entry));
}

function checkedAs(path: string, entry: ZipEntry): TransformStream<Uint8Array, Uint8Array> {
  let crc = 0, size = 0;
  return new TransformStream({
    transform(chunk, controller) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      if (size > entry.size) throw zipError(path, `"${entry.name}" is longer than ${entry.size} bytes`);
      controller.enqueue(chunk);
    },
    flush() {
      if (size !== entry.size || crc !== entry.crc) {
        throw zipError(path, `"${entry.name}" has the wrong length or checksum`);
      }
    },
  });
}

/**
 * The whole of one entry, unpacked and checked.
 *
 * @throws {SyntaxError} If the entry is damaged.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readZipEntry } from "./zip.ts";
 *
 * const path = await Deno.makeTempFile();
 * const entry = { name: "a.py", size: 1, packedSize: 1, crc: 0, method: 0, offset: 0 };
 * await assertRejects(() => readZipEntry(path, entry), SyntaxError, "it ends at byte 0");
 * ```
 */
export async function readZipEntry(path: string, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await new Response(openZipEntry(path, entry)).bytes();
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause;
    throw zipError(path, `"${entry.name}" cannot be unpacked`, cause);
  }
}
