/**
 * Large files of a known SHA-256 in the cache folder. They are hashed where they are put; a stamp beside them keeps size
 * and time of what was hashed, so that a start need not read 853 MB again. `doctor --verify` reads them all the same.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { basename, join } from "node:path";

/** A file of a known content. */
export interface PinnedFile {
  /** Its name in the wheel that holds it. */
  name: string;
  /** Where it lies in its folder of the cache; under the last part of its name when not given. */
  path?: string;
  /** Whether it is to be run. */
  isProgram?: boolean;
  /** Its size. */
  bytes: number;
  /** The SHA-256 of its content, in hexadecimal. */
  sha256: string;
}

/** What a check of something in a cache found, for `doctor --verify`. */
export interface VerifyRow {
  /** What was checked. */
  part: string;
  /** "not checked" is what is not there, or of unknown content. */
  state: "ok" | "differs" | "not checked";
  /** Where it is, or what to do. */
  detail: string;
}

const STAMP = "checked.json";

/**
 * Where a file lies within its folder of the cache.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { placeOf } from "./pinned_files.ts";
 *
 * const file = { name: "package/lib/a.so", bytes: 3, sha256: "00" };
 * assertEquals([placeOf(file), placeOf({ ...file, path: "lib/a.so" })], ["a.so", "lib/a.so"]);
 * ```
 */
export function placeOf({ name, path = basename(name) }: PinnedFile): string {
  return path;
}

/**
 * Whether a folder holds all files as pinned: by its stamp, and where that does not fit by their hashes, which takes
 * seconds a gigabyte; then the stamp is written anew.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hasPinnedFiles } from "./pinned_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
 * await Deno.writeTextFile(`${folder}/a.so`, "foo");
 * assertEquals(hasPinnedFiles(folder, [{ name: "lib/a.so", bytes: 3, sha256 }]), true);
 * assertEquals(hasPinnedFiles(folder, [{ name: "lib/a.so", bytes: 3, sha256: "00" }]), false);
 * ```
 */
export function hasPinnedFiles(folder: string, files: readonly PinnedFile[]): boolean {
  const stamp = stampOf(folder, files);
  if (stamp === null) return false;
  try {
    if (Deno.readTextFileSync(join(folder, STAMP)) === stamp) return true;
  } catch {
    // no stamp yet, or not ours to read
  }
  if (!files.every((file) => hashNow(join(folder, placeOf(file))) === file.sha256)) return false;
  writeStamp(folder, stamp);
  return true;
}

/**
 * Writes down that the files of a folder were just hashed and are as pinned. In a cache of somebody else's there is
 * nothing to write to: then the next start hashes again.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hasPinnedFiles, stampPinnedFiles } from "./pinned_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const files = [{ name: "a.so", bytes: 3, sha256: "believed, as the stamp says so" }];
 * await Deno.writeTextFile(`${folder}/a.so`, "foo");
 * stampPinnedFiles(folder, files);
 * assertEquals(hasPinnedFiles(folder, files), true);
 * ```
 */
export function stampPinnedFiles(folder: string, files: readonly PinnedFile[]): void {
  writeStamp(folder, stampOf(folder, files) ?? "");
}

function writeStamp(folder: string, stamp: string): void {
  try {
    Deno.writeTextFileSync(join(folder, STAMP), stamp);
  } catch {
    // not ours to write
  }
}

/** Null where a file is missing or has another size. */
function stampOf(folder: string, files: readonly PinnedFile[]): string | null {
  try {
    const lines = files.map((file) => {
      const { bytes, sha256 } = file;
      const { size, mtime } = Deno.statSync(join(folder, placeOf(file)));
      if (size !== bytes) throw new RangeError(file.name);
      return { name: placeOf(file), bytes, mtime, sha256 };
    });
    return JSON.stringify(lines, null, 1) + "\n";
  } catch {
    return null;
  }
}

const CHUNK_BYTES = 1 << 20;

function hashNow(path: string): string | null {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK_BYTES);
  try {
    using file = Deno.openSync(path);
    for (let read = file.readSync(chunk); read !== null; read = file.readSync(chunk)) {
      hash.update(chunk.subarray(0, read));
    }
  } catch {
    return null; // not ours to read, so not to open either
  }
  return hash.digest("hex");
}

/** How long reads are followed and ended. */
export interface ReadOptions {
  /** Called with the size of each piece that was read. */
  onBytes?: ((count: number) => void) | undefined;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

/** Options of {@linkcode hashFile}. */
export interface HashFileOptions extends ReadOptions {
  /** What is computed; SHA-256 when not given. */
  hash?: Hash;
}

/**
 * The hash of a file's content, in hexadecimal, piece by piece.
 *
 * @throws {Error} If it cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hashFile } from "./pinned_files.ts";
 *
 * const path = await Deno.makeTempFile();
 * assertEquals((await hashFile(path)).slice(0, 16), "e3b0c44298fc1c14");
 * ```
 */
export async function hashFile(
  path: string,
  { hash = createHash("sha256"), onBytes, signal }: HashFileOptions = {},
): Promise<string> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  using file = await Deno.open(path);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    signal?.throwIfAborted();
    hash.update(chunk.subarray(0, read));
    onBytes?.(read);
  }
  return hash.digest("hex");
}
