/**
 * Where a command may write, checked before the work starts, so that an hour is not spent on a table that cannot be
 * written: never over what it reads, and only with the space that it will need.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { basename, dirname, join, sep as SEPARATOR } from "node:path";

/**
 * Refuses an output that is something the command reads, holds it, or lies in it; links are followed.
 *
 * @param inputs paths of files and folders; those that are not there are their readers' to report
 * @throws {Error} naming both
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkApart } from "./output.ts";
 *
 * const corpus = await Deno.makeTempDir();
 * await assertRejects(() => checkApart(`${corpus}/out.csv`, [corpus]), Error, "it lies in");
 * ```
 */
export async function checkApart(out: string, inputs: readonly string[]): Promise<void> {
  const real = await plannedPath(out);
  const refuse = (what: string): never => {
    throw new Error(`Cannot write "${out}": ${what}: name another place`);
  };
  for (const input of inputs) {
    const found = await realPath(input);
    if (found === undefined) continue;
    if (real === found || await isSameFile(real, found)) refuse("the command reads it");
    if (isBelow(real, found)) refuse(`it lies in "${input}", which the command reads`);
    if (isBelow(found, real)) refuse(`"${input}", which the command reads, lies in it`);
  }
}

/** The real path that something will have: that of its nearest folder that is there, and the rest as it is. */
async function plannedPath(path: string): Promise<string> {
  const real = await realPath(path);
  if (real !== undefined) return real;
  const above = dirname(path);
  return above === path ? path : join(await plannedPath(above), basename(path));
}

async function realPath(path: string): Promise<string | undefined> {
  return await Deno.realPath(path).catch(missing);
}

/** One file may have two names that are no links of each other. */
async function isSameFile(path: string, other: string): Promise<boolean> {
  const [a, b] = [await stat(path), await stat(other)];
  return a !== undefined && b !== undefined && a.ino !== null && a.ino === b.ino && a.dev === b.dev;
}

/**
 * Whether a path is below a folder's, or the folder itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isInside } from "./output.ts";
 *
 * assertEquals([isInside("/a/b", "/a"), isInside("/a", "/a"), isInside("/ab", "/a")], [true, true, false]);
 * ```
 */
export function isInside(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(SEPARATOR) ? folder : folder + SEPARATOR);
}

/**
 * Refuses a run that would fill the disk.
 *
 * @param folder that is there
 * @param bytes what the run will write at most, at one time
 * @throws {Error} with what is needed and what is free, in bytes
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkSpace } from "./output.ts";
 *
 * checkSpace("/", 1);
 * assertThrows(() => checkSpace("/", 2 ** 80), Error, "GB are free");
 * ```
 */
export function checkSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = Number(bavail) * Number(bsize);
  if (bytes <= free) return;
  const gigabytes = (count: number) => (count / 1e9).toFixed(2);
  throw new Error(
    `Cannot write into "${folder}": the run needs ${gigabytes(bytes)} GB, ${gigabytes(free)} GB are free: ` +
      "make space or name a folder of another disk",
  );
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
