/**
 * What an interrupted run leaves beside its output to go on from, and whether the next run left that alone.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";

/** A file as its name, inode and time of writing tell it from one that was written again. */
export type Parts = ReadonlyMap<string, string>;

/** The finished parts of a run whose output is `table`, now; none where its folder is not there. */
export function readParts(table: string): Parts {
  const folder = join(dirname(table), ".codescrub", `${basename(table)}.parts`);
  const parts = new Map<string, string>();
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      if (!/^part-.*\.json$/.test(name)) continue; // its being there says that the part is whole
      const { ino, mtime } = Deno.lstatSync(join(folder, name));
      parts.set(name, `${ino} ${mtime?.getTime()}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // it goes when the run is finished
    return new Map();
  }
  return parts;
}

/** What is wrong with the parts that a run went on from, by a look before it was stopped and the last one after. */
export function judgeParts(before: Parts, after: Parts): string[] {
  const again = [...before].filter(([name, state]) => after.get(name) !== state).map(([name]) => name);
  const problems = again.map((name) => `${name} ${after.has(name) ? "was written again" : "was not kept"}`);
  if (before.size === 0) problems.push("nothing was finished before it was stopped");
  if (after.size <= before.size) problems.push("nothing was left to do after it");
  return problems;
}
