/**
 * Files out of packages' archives, wheels (ZIP) and packed tars, held in memory: nothing is unpacked onto the disk, so that
 * no name and no link in an archive leads anywhere, and what it unpacks to is bounded.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { readZipEntries, readZipEntry } from "../files/zip.ts";
import { importTarParser } from "../npm/tar.ts";

/** A file of an archive. */
export interface ArchivedFile {
  /** With "/". */
  path: string;
  /** Null where it is larger than it may be. */
  bytes: Uint8Array | null;
}

/** Options of {@linkcode readArchive}. */
export interface ReadArchiveOptions {
  /** Which files are read, by their path. */
  isWanted: (path: string) => boolean;
  /** Larger files are not read. */
  maxFileBytes: number;
  /** What the archive may unpack to. */
  maxBytes: number;
}

/**
 * The wanted files of an archive, in the order of their paths: regular files with plain paths, of two with one path the
 * first.
 *
 * @param path ends in .whl or .zip, or in .tar.gz, .tgz or .crate
 * @throws {SyntaxError} If it is damaged; {RangeError} if it unpacks to more than it may
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readArchive } from "./archives.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a-1.tgz`;
 * await Deno.writeTextFile(path, "no archive");
 * const options = { isWanted: () => true, maxFileBytes: 9, maxBytes: 99 };
 * await assertRejects(() => readArchive(path, options), SyntaxError, "it is damaged");
 * ```
 */
export async function readArchive(path: string, options: ReadArchiveOptions): Promise<ArchivedFile[]> {
  const files = /\.(whl|zip)$/.test(path) ? await readZip(path, options) : await readTar(path, options);
  const byPath = new Map<string, ArchivedFile>();
  for (const file of files) if (!byPath.has(file.path)) byPath.set(file.path, file);
  return [...byPath.values()].sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * Whether a path stays where it is: no step up, no root, no control characters, as no honest archive has them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPlainPath } from "./archives.ts";
 *
 * assertEquals(["a/b.py", "../b.py", "/b.py", "a//b.py", "a\\..\\b.py"].map(isPlainPath), [true, false, false, false, false]);
 * ```
 */
export function isPlainPath(path: string): boolean {
  return !/[\\\p{Cc}\ufffd]/u.test(path) && path.split("/").every((part) => !["", ".", ".."].includes(part));
}

function tooMuch(maxBytes: number): RangeError {
  return new RangeError(`Cannot read the archive: it unpacks to more than ${maxBytes} bytes`);
}

async function readZip(
  path: string,
  { isWanted, maxFileBytes, maxBytes }: ReadArchiveOptions,
): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  let total = 0;
  for (const entry of readZipEntries(path)) {
    if (!isPlainPath(entry.name) || !isWanted(entry.name)) continue;
    const isRead = entry.size <= maxFileBytes;
    total += isRead ? entry.size : 0;
    if (total > maxBytes) throw tooMuch(maxBytes);
    files.push({ path: entry.name, bytes: isRead ? await readZipEntry(path, entry) : null });
  }
  return files;
}

async function readTar(
  path: string,
  { isWanted, maxFileBytes, maxBytes }: ReadArchiveOptions,
): Promise<ArchivedFile[]> {
  const { Parser } = await importTarParser();
  const files: ArchivedFile[] = [];
  const damaged = (cause: unknown) =>
    new SyntaxError("Cannot read the archive: it is damaged", {
      cause: cause instanceof Error ? cause : null,
    });
  let failure: unknown;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const isFile = entry.type === "File" || entry.type === "OldFile";
      if (!isFile || !isPlainPath(entry.path) || !isWanted(entry.path)) return void entry.resume();
      if (entry.size > maxFileBytes) {
        files.push({ path: entry.path, bytes: null });
        return void entry.resume();
      }
      const bytes = new Uint8Array(entry.size);
      let at = 0;
      entry.on("data", (piece) => {
        bytes.set(piece.subarray(0, bytes.length - at), at);
        at += piece.length;
      });
      files.push({ path: entry.path, bytes });
    },
  });
  parser.on("error", (error) => failure ??= error);
  let total = 0;
  using file = await Deno.open(path);
  try {
    for await (const piece of file.readable.pipeThrough(new DecompressionStream("gzip"))) {
      total += piece.length;
      if (total > maxBytes) throw tooMuch(maxBytes);
      parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
      if (failure) break;
    }
    parser.end();
  } catch (cause) {
    throw cause instanceof RangeError ? cause : damaged(cause);
  }
  if (failure) throw damaged(failure);
  return files;
}
