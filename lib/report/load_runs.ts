/**
 * Several runs' folders, each a run of its own: what two of them hold under the same name cannot be one run's.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { loadRun, type LoadRunOptions } from "./load_run.ts";
import { exists } from "./read_json.ts";
import type { NamedRun } from "./run_comparison.ts";
import { RUN_FILES } from "./run_files.ts";

/** Tables of which a run has one; `secrets.parquet` is another table in a checkpoint's folder. */
const OWN_TABLES = [
  RUN_FILES.thresholds,
  RUN_FILES.probe,
  RUN_FILES.evaluation,
  RUN_FILES.secretScores,
  RUN_FILES.attacks,
  RUN_FILES.passes,
];

/**
 * Whether paths are of several runs: folders only, two of which hold a table of one name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { areRuns } from "./load_runs.ts";
 *
 * const folders = [await Deno.makeTempDir(), await Deno.makeTempDir()];
 * assertEquals(await areRuns(folders), false);
 * for (const folder of folders) await Deno.writeTextFile(`${folder}/probe.parquet`, "");
 * assertEquals(await areRuns(folders), true);
 * ```
 */
export async function areRuns(paths: readonly string[]): Promise<boolean> {
  const folders = new Set(paths.map((path) => resolve(path)));
  const found: string[] = [];
  for (const folder of folders) {
    if (!await Deno.stat(folder).then(({ isDirectory }) => isDirectory, () => false)) return false;
    for (const name of OWN_TABLES) if (await exists(join(folder, name))) found.push(name);
  }
  return new Set(found).size < found.length;
}

/**
 * Reads runs, each by its folder's name; folders of one name by as much of their paths as tells them apart.
 *
 * @throws {Error} as `loadRun`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { loadRuns } from "./load_runs.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => loadRuns([folder], { version: "0.1.0" }), Error, "it holds no table of a run");
 * ```
 */
export async function loadRuns(
  paths: readonly string[],
  options: Omit<LoadRunOptions, "twins">,
): Promise<NamedRun[]> {
  const folders = [...new Set(paths.map((path) => resolve(path)))];
  const runs: NamedRun[] = [];
  for (const folder of folders) {
    runs.push({ name: nameAmong(folder, folders), run: await loadRun(folder, options) });
  }
  return runs;
}

/** The end of a folder's path, with as much of it as no other folder's ends with. */
function nameAmong(folder: string, folders: readonly string[]): string {
  let [name, rest] = [basename(folder), dirname(folder)];
  const isShared = () => folders.some((other) => other !== folder && `/${other}`.endsWith(`/${name}`));
  while (isShared() && rest !== dirname(rest)) [name, rest] = [`${basename(rest)}/${name}`, dirname(rest)];
  return name;
}
