/**
 * Files appear whole or not at all: written beside their place under a temporary name, flushed to the disk, renamed,
 * and the folder flushed too, so that neither a kill nor a power cut leaves half a file or loses the old one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { reasonOf } from "./reason.ts";

/** Content that is never held as a whole. */
export interface FilePieces {
  /** How many bytes all pieces have. */
  bytes: number;
  /** The pieces; each is written before the next is asked for. */
  pieces: AsyncIterable<Uint8Array>;
}

/** Options of {@linkcode writeFileAtomic}. */
export interface WriteFileOptions {
  /** Who may read and write it, as {@linkcode PRIVATE}; by default whom the user's own settings let. */
  mode?: number;
}

/** The mode of files that hold secrets: for their owner only. */
export const PRIVATE = 0o600;

/**
 * How to write a file that holds secrets, or one that does not.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { privateIf } from "./write_file.ts";
 *
 * assertEquals([privateIf(true), privateIf(false)], [{ mode: 0o600 }, {}]);
 * ```
 */
export function privateIf(hasSecrets: boolean): WriteFileOptions {
  return hasSecrets ? { mode: PRIVATE } : {};
}

/**
 * Writes `content` to `path`, replacing what is there in one step. A symbolic link at `path` is replaced, not followed.
 *
 * @throws {Error} If the folder is missing or not writable, or the disk is full; `path` is then as it was.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeFileAtomic } from "./write_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/summary.json`;
 * await writeFileAtomic(path, "{}\n");
 * assertEquals(await Deno.readTextFile(path), "{}\n");
 * ```
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | FilePieces,
  { mode }: WriteFileOptions = {},
): Promise<void> {
  const temporary = temporaryPath(path);
  const { bytes, pieces } = piecesOf(content);
  try {
    await writePieces(temporary, pieces, mode);
    await keepFile(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {}); // it may not have come into being
    throw notWritten(path, cause, bytes);
  }
}

/** Gives a file that is whole and on the disk its name. */
async function keepFile(temporary: string, path: string): Promise<void> {
  await Deno.rename(temporary, path);
  using opened = await Deno.open(dirname(path));
  await opened.sync();
}

/**
 * Has another write a file, and then it appears at `path` in one step, as by {@linkcode writeFileAtomic}.
 *
 * @param write writes into the file that it is told of, which is there, empty, with its mode
 * @throws {Error} If it cannot be written; `path` is then as it was
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeBy } from "./write_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.txt`;
 * await writeBy(path, (temporary) => Deno.writeTextFile(temporary, "x"));
 * assertEquals(await Deno.readTextFile(path), "x");
 * ```
 */
export async function writeBy(
  path: string,
  write: (temporary: string) => Promise<void>,
  { mode }: WriteFileOptions = {},
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await writePieces(temporary, [], mode);
    await write(temporary);
    using file = await Deno.open(temporary);
    await file.sync();
    await keepFile(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {}); // it may not have come into being
    throw notWritten(path, cause);
  }
}

/**
 * A name beside `path` for what will be renamed to it: what a kill leaves is known by {@linkcode isTemporaryOf}.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isTemporaryOf, temporaryPath } from "./write_file.ts";
 *
 * const name = temporaryPath("/out/a.csv").slice("/out/".length);
 * assert(isTemporaryOf(name, "a.csv") && isTemporaryOf(name) && !isTemporaryOf(name, "b.csv"));
 * ```
 */
export function temporaryPath(path: string): string {
  // workers share the process, so its number alone is not enough
  return join(dirname(path), `${temporaryStart(basename(path))}${Deno.pid}-${crypto.randomUUID()}.tmp`);
}

/**
 * Whether a name is one of {@linkcode temporaryPath}: of the file `target`, or of any.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isTemporaryOf } from "./write_file.ts";
 *
 * assert(!isTemporaryOf("notes.tmp"));
 * ```
 */
export function isTemporaryOf(name: string, target?: string): boolean {
  if (target !== undefined && !name.startsWith(temporaryStart(target))) return false;
  const rest = target === undefined
    ? name.slice(name.lastIndexOf("~") + 1)
    : name.slice(temporaryStart(target).length);
  return name.startsWith(".") && /^\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(rest);
}

/** A name of the file system has at most 255 bytes. */
function temporaryStart(target: string): string {
  return `.${
    new TextEncoder().encode(target).length > 150 ? createHash("sha256").update(target).digest("hex") : target
  }~`;
}

function piecesOf(content: Uint8Array | string | FilePieces): {
  bytes: number;
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
} {
  if (typeof content === "object" && "pieces" in content) return content;
  const whole = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { bytes: whole.length, pieces: [whole] };
}

/**
 * Opens a new file, to be written piece by piece.
 *
 * @throws {Error} If it cannot be made, or is there already.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createFile, PRIVATE, writeAll } from "./write_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.txt`;
 * {
 *   using file = await createFile(path, { mode: PRIVATE });
 *   await writeAll(file, new Uint8Array([97]), path);
 * }
 * assertEquals(await Deno.readTextFile(path), "a");
 * ```
 */
export async function createFile(path: string, { mode }: WriteFileOptions = {}): Promise<Deno.FsFile> {
  const options = { createNew: true, write: true, ...(mode !== undefined && { mode }) };
  return await Deno.open(path, options).catch((cause) => {
    throw notWritten(path, cause);
  });
}

/**
 * Writes all of `bytes` to a file that is open, in the face of what a system writes in part.
 *
 * @param path of the file, for the message
 * @throws {Error} If it cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeAll } from "./write_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * {
 *   using file = await Deno.open(path, { write: true });
 *   await writeAll(file, new Uint8Array([97, 98]), path);
 * }
 * assertEquals(await Deno.readTextFile(path), "ab");
 * ```
 */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/**
 * Has what was written to an open file on the disk.
 *
 * @param path of the file, for the message
 * @throws {Error} If it cannot be done: some systems say only now that a disk is full or broken.
 *
 * @example
 * ```ts
 * import { syncFile } from "./write_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * using file = await Deno.open(path, { write: true });
 * await syncFile(file, path);
 * ```
 */
export async function syncFile(file: Deno.FsFile, path: string): Promise<void> {
  await file.sync().catch((cause) => {
    throw notWritten(path, cause);
  });
}

async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mode: number | undefined,
): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true, ...(mode !== undefined && { mode }) });
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
  await file.sync();
}

/**
 * The error that says that a file could not be written, and why.
 *
 * @param bytes what was to be written, where that is known
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { notWritten } from "./write_file.ts";
 *
 * const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
 * assertEquals(notWritten("/out/a", full).message, 'Cannot write "/out/a": no space is left: make space and run it again');
 * ```
 */
export function notWritten(path: string, cause: unknown, bytes?: number): Error {
  return new Error(`Cannot write "${path}": ${whyNotWritten(cause, dirname(path), bytes)}`, { cause });
}

/**
 * Why something could not be written into `folder`, for a message.
 *
 * @param bytes what was to be written, where that is known
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyNotWritten } from "./write_file.ts";
 *
 * const full = Object.assign(new Error("os error 28"), { code: "ENOSPC" });
 * assertEquals(whyNotWritten(full, "/out", 8), "no space is left for its 8 bytes: make space and run it again");
 * ```
 */
export function whyNotWritten(cause: unknown, folder: string, bytes?: number): string {
  const { code } = cause as { code?: string };
  const what = bytes === undefined ? "" : ` for its ${bytes} bytes`;
  if (code === "ENOSPC") return `no space is left${what}: make space and run it again`;
  if (code === "EISDIR") return "a folder of that name is there: choose another";
  if (cause instanceof Deno.errors.NotFound) return `the folder "${folder}" does not exist: create it`;
  if (cause instanceof Deno.errors.NotADirectory) return `"${folder}" is not a folder: choose another`;
  if (cause instanceof Deno.errors.PermissionDenied) return `"${folder}" is not writable: choose another`;
  return reasonOf(cause);
}
