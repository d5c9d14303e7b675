/**
 * Reads wheels, which are ZIP files: the central directory, then single entries as streams, so that two libraries of
 * 853 MB come out of TensorFlow's wheel without unpacking the rest. Sizes come from the central directory and every
 * entry's length and CRC-32 are checked. Source: PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16; stored
 * and deflated entries below 4 GB are all that a wheel of ours has, anything else is refused.
 *
 * @module
 */
import { crc32 } from "node:zlib";

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
const CHUNK_BYTES = 1 << 20;

function zipError(path: string, found: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read archive "${path}": ${found}: download it again`, { cause });
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
 * import { readZipEntries } from "./setup_zip.ts";
 *
 * const path = await Deno.makeTempFile();
 * assertThrows(() => readZipEntries(path), SyntaxError, "it has no end of central directory");
 * ```
 */
export function readZipEntries(path: string): ZipEntry[] {
  using file = Deno.openSync(path);
  const size = file.statSync().size;
  const tail = readAt(file, path, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const view = new DataView(tail.buffer);
  let end = tail.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_SIGNATURE) end--;
  if (end < 0) throw zipError(path, "it has no end of central directory");
  const count = view.getUint16(end + 10, true);
  const length = view.getUint32(end + 12, true);
  const offset = view.getUint32(end + 16, true);
  if (offset + length > size) throw zipError(path, "its central directory reaches past its end");
  return parseDirectory(readAt(file, path, offset, length), count, path);
}

function parseDirectory(bytes: Uint8Array<ArrayBuffer>, count: number, path: string): ZipEntry[] {
  const view = new DataView(bytes.buffer);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== ENTRY_SIGNATURE) {
      throw zipError(path, `entry ${entries.length} of its central directory is damaged`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const entry: ZipEntry = {
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    const encrypted = (view.getUint16(at + 8, true) & 1) === 1;
    if (encrypted || (entry.method !== 0 && entry.method !== 8) || entry.size === 0xffffffff) {
      throw zipError(path, `entry "${entry.name}" is encrypted, of another method or over 4 GB`);
    }
    entries.push(entry);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/**
 * The bytes of one entry, unpacked. The stream fails at its end if their number or CRC-32 is not the directory's.
 *
 * @throws {SyntaxError} If the entry's local header is damaged.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { openZipEntry } from "./setup_zip.ts";
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
    const header = new DataView(readAt(file, path, entry.offset, 30).buffer);
    if (header.getUint32(0, true) !== LOCAL_SIGNATURE) throw zipError(path, `"${entry.name}" is not there`);
    at = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
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
 * import { readZipEntry } from "./setup_zip.ts";
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
