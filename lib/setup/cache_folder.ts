/**
 * The cache folder, where everything that set-up fetches is kept: outside the repository, so it survives `git clean`
 * and is shared by clones. Whoever changes it holds one lock, works in its `tmp` folder and renames what is finished
 * into place, so a reader sees either nothing or a whole file, and a killed set-up leaves only what the next deletes.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { reasonOf } from "../files/reason.ts";

/** What set-up is busy with. */
export interface SetUpProgress {
  /** What is done: another set-up waited for, bytes downloaded, unpacked, compared with their hashes. */
  stage: "wait" | "download" | "unpack" | "check";
  /** What it is done to. */
  what: string;
  /** Bytes done. */
  done: number;
  /** Bytes in all; 0 while waiting, or where nobody knows. */
  total: number;
}

/** Called several times a second while something is fetched. */
export type OnSetUpProgress = (progress: SetUpProgress) => void;

/**
 * The folder that keeps TensorFlow's libraries and the pinned wheels: `$CODESCRUB_CACHE`, else
 * `$XDG_CACHE_HOME/codescrub`, else `~/.cache/codescrub`. It need not exist yet.
 *
 * @throws {Error} If none of the three variables is set.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cacheFolder } from "./cache_folder.ts";
 *
 * const variables = new Map([["XDG_CACHE_HOME", "/data/cache"]]);
 * assertEquals(cacheFolder((name) => variables.get(name)), "/data/cache/codescrub");
 * ```
 */
export function cacheFolder(variable = (name: string): string | undefined => Deno.env.get(name)): string {
  const own = variable("CODESCRUB_CACHE");
  if (own) return resolve(own);
  const shared = variable("XDG_CACHE_HOME");
  if (shared) return resolve(shared, "codescrub");
  const home = variable("HOME");
  if (home) return resolve(home, ".cache", "codescrub");
  throw new Error(
    "Cannot choose a cache folder: CODESCRUB_CACHE, XDG_CACHE_HOME and HOME are not set: set CODESCRUB_CACHE to a folder",
  );
}

/** Options of everything that changes the cache. */
export interface CacheOptions {
  /** The cache folder (default {@linkcode cacheFolder}). */
  cache?: string;
  /** Called with how far the work is. */
  onProgress?: OnSetUpProgress;
}

/**
 * Runs `task` while no other process (nor another call in this one) changes the cache. It gets a new, empty temporary
 * folder on the cache's file system, deleted afterwards. The kernel frees the lock of a killed process.
 *
 * @throws {Error} If the cache folder cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withCacheLock } from "./cache_folder.ts";
 *
 * const cache = await Deno.makeTempDir();
 * const seen = await withCacheLock((folder) => Deno.statSync(folder).isDirectory, { cache });
 * assertEquals(seen, true);
 * ```
 */
export async function withCacheLock<T>(
  task: (temporary: string) => T | Promise<T>,
  { cache = cacheFolder(), onProgress }: CacheOptions = {},
): Promise<T> {
  using file = await openLock(cache);
  if (!await file.tryLock(true)) {
    onProgress?.({ stage: "wait", what: "another set-up to finish", done: 0, total: 0 });
    await file.lock(true);
  }
  const all = join(cache, "tmp");
  await removeFolder(all); // what a killed set-up left
  const temporary = join(all, crypto.randomUUID()); // its pip may still be running
  await Deno.mkdir(temporary, { recursive: true });
  try {
    return await task(temporary);
  } finally {
    await removeFolder(all);
  }
}

async function openLock(cache: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(cache, { recursive: true });
    return await Deno.open(join(cache, "setup.lock"), { create: true, write: true });
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Error(
      `Cannot write the cache folder "${cache}": ${reason}: set CODESCRUB_CACHE to a writable folder`,
      {
        cause,
      },
    );
  }
}

async function removeFolder(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/**
 * Fails when the cache's file system has fewer than `bytes` left, as far as it can be asked.
 *
 * @throws {Error} With the needed and the free megabytes.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkFreeSpace } from "./cache_folder.ts";
 *
 * checkFreeSpace(".", 1, "a byte");
 * assertThrows(() => checkFreeSpace(".", 1e18, "an exabyte"), Error, "Cannot set up an exabyte");
 * ```
 */
export function checkFreeSpace(folder: string, bytes: number, what: string): void {
  let free: number;
  try {
    const { bavail, bsize } = statfsSync(folder);
    free = bavail * bsize;
  } catch {
    return; // not every platform answers; a full disk still ends in spaceError()
  }
  if (free < bytes) throw spaceError(what, folder, bytes, free);
}

/**
 * The one wording for a disk that is full.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spaceError } from "./cache_folder.ts";
 *
 * assertEquals(
 *   spaceError("TensorFlow", "/tmp", 2e6, 1e6).message,
 *   'Cannot set up TensorFlow in "/tmp": it needs 2 MB, 1 MB are free: make space or set CODESCRUB_CACHE',
 * );
 * ```
 */
export function spaceError(what: string, folder: string, needed: number, free?: number): Error {
  const megabytes = (n: number) => Math.ceil(n / 1e6);
  const found = free === undefined ? "no space is left" : `${megabytes(free)} MB are free`;
  return new Error(
    `Cannot set up ${what} in "${folder}": it needs ${
      megabytes(needed)
    } MB, ${found}: make space or set CODESCRUB_CACHE`,
  );
}
