/**
 * Files of lines that grow by one at a time, and go on after a kill.
 *
 * @module
 */
import { removeFileSync } from "./folders.ts";
import { notWritten } from "./write_file.ts";

/**
 * Opens a file to be appended to, made where there is none, once what stands after its whole lines is cut off.
 *
 * @param bytes of the lines that are whole
 * @throws {Error} when it cannot be written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openAppended } from "./append_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/lines`;
 * await Deno.writeTextFile(path, "one\ntw");
 * using file = await openAppended(path, 4);
 * await file.write(new TextEncoder().encode("two\n"));
 * assertEquals(await Deno.readTextFile(path), "one\ntwo\n");
 * ```
 */
export async function openAppended(path: string, bytes: number): Promise<Deno.FsFile> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { create: true, append: true });
    if ((await file.stat()).size !== bytes) await file.truncate(bytes); // else it would be as if it was written
    return file;
  } catch (cause) {
    file?.close();
    throw notWritten(path, cause);
  }
}

/**
 * Closes it, and removes it where it is empty.
 *
 * @param file undefined where it is closed already
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { closeAppended, openAppended } from "./append_file.ts";
 *
 * const folder = await Deno.makeTempDir();
 * closeAppended(await openAppended(`${folder}/lines`, 0), `${folder}/lines`);
 * assertEquals([...Deno.readDirSync(folder)], []);
 * ```
 */
export function closeAppended(file: Deno.FsFile | undefined, path: string): void {
  if (!file) return;
  const isEmpty = file.statSync().size === 0;
  file.close();
  if (isEmpty) removeFileSync(path);
}
