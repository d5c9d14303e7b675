/**
 * A finished run that was opened to go on and was not touched, as what was asked for was refused or interrupted before
 * anything was written: it is finished still.
 *
 * @module
 */
import { join } from "node:path";
import { temporaryPath } from "../files/write_file.ts";
import type { RunRecord } from "./run_record.ts";

/**
 * Looks at what a finished run wrote.
 *
 * @param folder the run's @param path of its record @param record as it stands there
 * @returns what puts the record back, unless one of the run's outputs is not as it was; whether it did
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { newRecord, readRecord } from "./run_record.ts";
 * import { watchUntouched } from "./untouched_run.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.csv`, "x\n");
 * const context = { settings: {}, force: false, signal: new AbortController().signal };
 * const record = { ...await newRecord({ command: "select", context }, { outputs: [] }), outputs: { "a.csv": "sha256:00" } };
 * const putBack = watchUntouched(folder, `${folder}/run.json`, record);
 * assertEquals([putBack(), await readRecord(`${folder}/run.json`)], [true, record]);
 * await Deno.writeTextFile(`${folder}/a.csv`, "x\ny\n");
 * assertEquals(putBack(), false);
 * ```
 */
export function watchUntouched(folder: string, path: string, record: RunRecord): () => boolean {
  const paths = Object.keys(record.outputs).map((name) => join(folder, name));
  const before = paths.map(stampOf);
  return () => {
    if (paths.some((path, i) => stampOf(path) !== before[i])) return false;
    const temporary = temporaryPath(path);
    Deno.writeTextFileSync(temporary, JSON.stringify(record, null, 2) + "\n");
    Deno.renameSync(temporary, path);
    return true;
  };
}

/** What changes with whatever is written into a file or put in its place; empty where there is none. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtime, ctime } = Deno.statSync(path);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "";
  }
}
