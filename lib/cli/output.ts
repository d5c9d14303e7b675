/**
 * A command's output file: checked before the work starts, so that an hour is not spent on a table that cannot be
 * written. Files appear by temporary file and rename, so one that is there is finished, and is refused without
 * `--force`. Folders are `run_folder.ts`'s.
 *
 * @module
 */
import { dirname } from "node:path";
import { tableFormat } from "../datasets/tables.ts";
import { reasonOf } from "../reason.ts";

/** Options of {@linkcode checkOutputFile}. */
export interface CheckOutputOptions {
  /** Replace a finished output. */
  force: boolean;
  /** Files that the command reads: its output must be none of them. */
  inputs?: readonly string[];
}

/**
 * Refuses an output file that could not be written, or that would replace something without `--force`.
 *
 * @throws {Error} If the file is there and `force` is not given, or is a folder, or an input; if its folder is not
 * there or cannot be written.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkOutputFile } from "./output.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await checkOutputFile(`${folder}/secrets.csv`, { force: false });
 * await Deno.writeTextFile(`${folder}/secrets.csv`, "");
 * await assertRejects(() => checkOutputFile(`${folder}/secrets.csv`, { force: false }), Error, "--force");
 * await checkOutputFile(`${folder}/secrets.csv`, { force: true });
 * ```
 */
export async function checkOutputFile(path: string, options: CheckOutputOptions): Promise<void> {
  const found = await lstat(path);
  if (found?.isDirectory) throw new Error(`Cannot write "${path}": it is a folder: name a file in it`);
  for (const input of found ? options.inputs ?? [] : []) {
    if (await isSameFile(path, input)) {
      throw new Error(`Cannot write "${path}": the command reads it: name another file`);
    }
  }
  if (found && !options.force) {
    throw new Error(`Cannot write "${path}": it is there already: give --force to replace it`);
  }
  await checkWritableFolder(dirname(path), path);
}

/**
 * {@linkcode checkOutputFile} for a table, whose extension chooses its format.
 *
 * @throws {RangeError} If the extension is none of a table.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkOutputTable } from "./output.ts";
 *
 * await assertRejects(() => checkOutputTable("secrets.xlsx", { force: false }), RangeError, "table format");
 * ```
 */
export async function checkOutputTable(path: string, options: CheckOutputOptions): Promise<void> {
  tableFormat(path);
  await checkOutputFile(path, options);
}

/**
 * Refuses a folder in which no file can be made; `path` is what was to be written, for the message.
 *
 * @throws {Error} If `folder` is not there, is no folder, or cannot be written.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkWritableFolder } from "./output.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await checkWritableFolder(folder, `${folder}/a.csv`);
 * await assertRejects(() => checkWritableFolder(`${folder}/b`, `${folder}/b/a.csv`), Error, "does not exist");
 * ```
 */
export async function checkWritableFolder(folder: string, path: string): Promise<void> {
  const found = await stat(folder);
  if (!found) throw new Error(`Cannot write "${path}": the folder "${folder}" does not exist: make it first`);
  if (!found.isDirectory) throw new Error(`Cannot write "${path}": "${folder}" is not a folder`);
  try {
    // Trying is the only sure way: modes say nothing about read-only disks, full disks or the superuser.
    await Deno.remove(await Deno.makeTempFile({ dir: folder, prefix: ".codescrub-", suffix: ".tmp" }));
  } catch (cause) {
    throw new Error(
      `Cannot write "${path}": no file can be made in "${folder}": ${reasonOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/**
 * What stands at `path` itself, not behind a link; undefined where there is nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lstat } from "./output.ts";
 *
 * assertEquals(await lstat(`${await Deno.makeTempDir()}/nothing`), undefined);
 * ```
 */
export async function lstat(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.lstat(path).catch(missing);
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.stat(path).catch(missing);
}

/** "Not a directory" is what a path through a file gives. */
function missing(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
  throw error;
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  try {
    return await Deno.realPath(path) === await Deno.realPath(other);
  } catch {
    return false; // an input that is not there is the reader's to report
  }
}
