/**
 * The lock that keeps two runs from writing one output. The kernel frees the lock of a killed process; its file, which
 * stays behind, is taken over by the next run.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { RECORDS_FOLDER } from "../datasets/walk_folder.ts";
import { removeFileSync } from "../files/folders.ts";
import { whyNotWritten } from "../files/write_file.ts";
import { lstat } from "./output.ts";

/**
 * A lock that another process, or another run of this one, holds.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { LockedError, takeLock } from "./run_lock.ts";
 *
 * const path = `${await Deno.makeTempDir()}/.lock`;
 * const giveBack = await takeLock(path, "out");
 * await assertRejects(() => takeLock(path, "out"), LockedError);
 * giveBack();
 * ```
 */
export class LockedError extends Error {
  override name = "LockedError";
}

/**
 * Takes the lock `path` of the output `output`; its folder is made. The returned function gives it back.
 *
 * @throws {LockedError} If another process, or another run of this one, holds it; {Error} if it cannot be written.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { takeLock } from "./run_lock.ts";
 *
 * const path = `${await Deno.makeTempDir()}/.lock`;
 * const giveBack = await takeLock(path, "out");
 * await assertRejects(() => takeLock(path, "out"), Error, 'Cannot write into "out": it is locked by pid');
 * giveBack();
 * ```
 */
export async function takeLock(path: string, output: string): Promise<() => void> {
  for (;;) {
    const file = await openLock(path, output);
    if (!await file.tryLock(true)) {
      file.close();
      const owner = await Deno.readTextFile(path).catch(() => "");
      throw new LockedError(
        `Cannot write into "${output}": it is locked by ${owner.trim() || "another process"}`,
      );
    }
    const giveBack = () => {
      try {
        if (existsSync(path)) removeFileSync(path); // while it is locked: who opened it sees that it is gone
      } finally {
        file.close();
      }
    };
    // A run that ended just now removed the file that was opened here: then this lock excludes nobody.
    if (file.statSync().ino !== (await lstat(path))?.ino) {
      file.close();
      continue;
    }
    try {
      await file.truncate();
      await file.write(new TextEncoder().encode(`pid ${Deno.pid} on ${hostname()}\n`));
    } catch (cause) {
      giveBack();
      throw refusal(cause, path, output);
    }
    return giveBack;
  }
}

/**
 * Removes the lock of an output where a killed run left it.
 *
 * @throws {Error} As {@linkcode takeLock}: where a run holds it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { removeLock } from "./run_lock.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/.lock`, "pid 1 on a\n");
 * await removeLock(`${folder}/.lock`, folder);
 * assertEquals([...Deno.readDirSync(folder)], []);
 * ```
 */
export async function removeLock(path: string, output: string): Promise<void> {
  if (existsSync(path)) (await takeLock(path, output))();
}

async function openLock(path: string, output: string): Promise<Deno.FsFile> {
  for (;;) {
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      return await Deno.open(path, { create: true, read: true, write: true });
    } catch (cause) {
      // A run that ended just now may have taken the folder of its lock away.
      if (!(cause instanceof Deno.errors.NotFound)) throw refusal(cause, path, output);
    }
  }
}

function refusal(cause: unknown, path: string, output: string): Error {
  const folder = dirname(path);
  const why = whyNotWritten(cause, basename(folder) === RECORDS_FOLDER ? dirname(folder) : folder);
  return new Error(`Cannot write "${output}": its lock "${path}" cannot be made: ${why}`, { cause });
}
