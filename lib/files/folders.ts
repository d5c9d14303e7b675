/**
 * Folders are made and removed here, so that a full disk or a foreign folder is a sentence that names it.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileReasonOf } from "./reason.ts";
import { notWritten, whyNotWritten } from "./write_file.ts";

/**
 * Makes a folder, and those above it that are missing; one that is there stays as it is.
 *
 * @throws {Error} If it cannot be made.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { makeFolder } from "./folders.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await makeFolder(`${folder}/a/b`);
 * await Deno.writeTextFile(`${folder}/file`, "");
 * await assertRejects(() => makeFolder(`${folder}/file/b`), Error, `Cannot make the folder "${folder}/file/b"`);
 * ```
 */
export async function makeFolder(path: string, { mode }: { mode?: number } = {}): Promise<void> {
  await Deno.mkdir(path, { recursive: true, ...(mode !== undefined && { mode }) }).catch((cause) => {
    throw new Error(`Cannot make the folder "${path}": ${whyNotWritten(cause, dirname(path))}`, { cause });
  });
}

/**
 * Removes a file, or a folder with all that is in it.
 *
 * @throws {Error} If it cannot be removed.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { removePath } from "./folders.ts";
 *
 * await assertRejects(() => removePath("/nowhere/a.csv"), Error, 'Cannot remove "/nowhere/a.csv": no such file');
 * ```
 */
export async function removePath(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((cause) => {
    throw new Error(`Cannot remove "${path}": ${fileReasonOf(cause)}`, { cause });
  });
}

/**
 * {@linkcode removePath} of a file, for where nothing can be waited for.
 *
 * @throws {Error} If it cannot be removed.
 *
 * @example
 * ```ts
 * import { removeFileSync } from "./folders.ts";
 *
 * removeFileSync(await Deno.makeTempFile());
 * ```
 */
export function removeFileSync(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    throw new Error(`Cannot remove "${path}": ${fileReasonOf(cause)}`, { cause });
  }
}

/**
 * Has the names in a folder on the disk, so that a power cut loses none.
 *
 * @throws {Error} If it cannot be done.
 *
 * @example
 * ```ts
 * import { syncFolder } from "./folders.ts";
 *
 * await syncFolder(await Deno.makeTempDir());
 * ```
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    using opened = await Deno.open(path);
    await opened.sync();
  } catch (cause) {
    throw new Error(`Cannot keep what is in "${path}": ${fileReasonOf(cause)}`, { cause });
  }
}

/**
 * Gives a file or folder its final name, in one step.
 *
 * @throws {Error} If it cannot be done; both are then as they were.
 *
 * @example
 * ```ts
 * import { renamePath } from "./folders.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await renamePath(folder, `${folder}-whole`);
 * ```
 */
export async function renamePath(from: string, to: string): Promise<void> {
  await Deno.rename(from, to).catch((cause) => {
    throw notWritten(to, cause);
  });
}
