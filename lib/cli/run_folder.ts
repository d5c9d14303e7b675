/**
 * A command's output folder. Its `run.json` is the run's record: a finished run is refused without `--force`, an
 * unfinished one of the same settings over the same content is continued, any other is refused by naming what differs.
 * Two runs on one folder exclude each other by a lock that ends with its process.
 *
 * Invariant: what no record names is never removed nor written over.
 *
 * @module
 */
import { dirname, join, matchesGlob, resolve } from "node:path";
import { RECORDS_FOLDER } from "../datasets/walk_folder.ts";
import { isTemporaryOf } from "../files/write_file.ts";
import type { Json } from "./command.ts";
import { makeFolder, removeFileSync, removePath } from "../files/folders.ts";
import { checkApart, isInside, lstat } from "./output.ts";
import { contentOf } from "./run_content.ts";
import { fileRecord } from "./run_files.ts";
import { removeLock, takeLock } from "./run_lock.ts";
import { watchUntouched } from "./untouched_run.ts";
import {
  checkSameRun,
  finishedRecord,
  inputPaths,
  newRecord,
  readRecord,
  type RunOptions,
  type RunRecord,
  throwIfInterrupted,
  writeRecord,
} from "./run_record.ts";

const RUN_FILE = "run.json";
const LOCK_FILE = ".lock";

/** Options of {@linkcode openRunFolder}. */
export interface RunFolderOptions extends RunOptions {
  /** Names that the run may write in the folder; `*` stands for any letters. */
  outputs: readonly string[];
  /** Names of what goes when the run is finished, as checkpoints. */
  scratch?: readonly string[];
  /**
   * Whether there is more to be done in a finished run of the same settings, which is unfinished then, unless it is
   * closed before anything was written.
   */
  goesOn?: (finished: RunRecord) => boolean;
}

/** An output folder, locked until it is disposed. */
export interface RunFolder extends Disposable {
  /** Its absolute path. */
  folder: string;
  /** Whether an unfinished run of the same settings is continued. */
  isContinued: boolean;
  /**
   * The path of a file of the run.
   *
   * @throws {Error} If it leads out of the folder, by name or by a link; {TypeError} if it is none of the outputs.
   */
  path(name: string): Promise<string>;
  /**
   * Says in run.json that the run is finished, and removes its scratch files.
   *
   * @throws the signal's reason, if the run was interrupted: it is unfinished then
   */
  finish(summary?: { [key: string]: Json }): Promise<void>;
}

/**
 * Opens `folder` for a run: makes it, or continues it, or empties it (`--force`), or refuses.
 *
 * @throws {Error} If it is finished, of other settings, in use, not a run's folder, holds what no run wrote, is or holds
 * or lies in what the run reads, or cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { openRunFolder } from "./run_folder.ts";
 *
 * const folder = `${await Deno.makeTempDir()}/run`;
 * const context = { settings: { lr: 3e-6 }, force: false, signal: new AbortController().signal };
 * const options = { command: "unlearn", context, outputs: ["history.parquet"] };
 * {
 *   using run = await openRunFolder(folder, options);
 *   await Deno.writeTextFile(await run.path("history.parquet"), "");
 *   assertEquals(run.isContinued, false);
 * } // as if it had been interrupted here
 * {
 *   using run = await openRunFolder(folder, options);
 *   assertEquals(run.isContinued, true);
 *   await run.finish();
 * }
 * await assertRejects(() => openRunFolder(folder, options), Error, "finished");
 * ```
 */
export async function openRunFolder(folder: string, options: RunFolderOptions): Promise<RunFolder> {
  folder = resolve(folder);
  const { context: { signal }, outputs, scratch = [] } = options;
  await checkApart(folder, inputPaths(options, folder));
  const isNew = await makeRunFolder(folder);
  const unlock = await takeLock(join(folder, LOCK_FILE), folder);
  try {
    const record = await newRecord(options, { outputs, scratch });
    const finished = isNew ? undefined : await readRunRecord(folder);
    const isContinued = !isNew && await admit(folder, record, options);
    const putBack = isContinued && finished?.status === "finished"
      ? watchUntouched(folder, join(folder, RUN_FILE), finished)
      : () => false;
    await removeMatching(folder, []);
    if (!isContinued) await writeRecord(join(folder, RUN_FILE), record);
    let isFinished = false;
    return {
      folder,
      isContinued,
      path: (name) => pathInside(folder, name, outputs),
      finish: async (summary) => {
        await throwIfInterrupted(signal);
        const finished = finishedRecord(record, await written(folder, outputs), summary);
        await writeRecord(join(folder, RUN_FILE), finished);
        isFinished = true;
        await removeMatching(folder, scratch);
      },
      [Symbol.dispose]: () => {
        if (!isFinished && !putBack()) forgetEmptyRun(folder);
        unlock();
        if (isNew) removeEmptyFolder(folder);
      },
    };
  } catch (error) {
    unlock();
    if (isNew) removeEmptyFolder(folder);
    throw error;
  }
}

/**
 * The record of a run's folder; undefined where there is none.
 *
 * @throws {SyntaxError} If it is no record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRunRecord } from "./run_folder.ts";
 *
 * assertEquals(await readRunRecord(await Deno.makeTempDir()), undefined);
 * ```
 */
export async function readRunRecord(folder: string): Promise<RunRecord | undefined> {
  return await readRecord(join(folder, RUN_FILE));
}

/**
 * The record of a folder's run, if that is finished; what it was killed before it had removed goes.
 *
 * @throws {SyntaxError} If it is no record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { finishedFolder } from "./run_folder.ts";
 *
 * assertEquals(await finishedFolder(await Deno.makeTempDir()), undefined);
 * ```
 */
export async function finishedFolder(folder: string): Promise<RunRecord | undefined> {
  const record = await readRunRecord(folder);
  if (record?.status !== "finished") return undefined;
  await removeMatching(folder, record.scratch);
  await removeLock(join(folder, LOCK_FILE), folder);
  return record;
}

/** Makes the folder where nothing stands; true if it did. */
async function makeRunFolder(folder: string): Promise<boolean> {
  if (await lstat(folder)) {
    if (!(await Deno.stat(folder).catch(() => undefined))?.isDirectory) {
      throw new Error(`Cannot write into "${folder}": it is not a folder: name another`);
    }
    return false;
  }
  await makeFolder(folder);
  return true;
}

/** Whether to continue (true) or to start in the folder (false, emptied if it held a run); else throws. */
async function admit(
  folder: string,
  now: RunRecord,
  { context: { force }, goesOn }: RunFolderOptions,
): Promise<boolean> {
  const before = await readRunRecord(folder);
  if (force || !before) {
    const [foreign, ...others] = await foreignNames(folder);
    if (foreign !== undefined) {
      const more = others.length > 0 ? ` and ${others.length} more` : "";
      throw new Error(`Cannot write into "${folder}": it holds ${foreign}${more}: name another folder`);
    }
    await empty(folder);
    return false;
  }
  checkSameRun(folder, before, now);
  if (before.status === "unfinished") return true;
  if (goesOn?.(before)) {
    checkSameRun(folder, { ...before, status: "unfinished" }, now);
    await writeRecord(join(folder, RUN_FILE), now);
    return true;
  }
  await removeMatching(folder, before.scratch); // it was killed before it had removed them
  throw new Error(`Cannot write into "${folder}": it is finished already: give --force to replace it`);
}

/** What the folder holds that no run wrote, each in words; of a run in it too. */
async function foreignNames(folder: string): Promise<string[]> {
  const record = await readRunRecord(folder);
  const foreign: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const { name } = entry;
    const path = join(folder, name);
    if (name === LOCK_FILE || name === RECORDS_FOLDER || isTemporaryOf(name)) continue;
    if (record && (name === RUN_FILE || isOneOf(name, record.scratch))) continue;
    const owner = record && outputOf(record, name) !== undefined ? record : await fileRecord(path);
    const content = owner && outputOf(owner, name);
    if (content === undefined) {
      if (!entry.isDirectory || !await readRunRecord(path)) foreign.push(`"${path}", which no run wrote`);
      else foreign.push(...await foreignNames(path));
    } else if (content !== null && content !== await contentOf(path)) {
      foreign.push(`"${path}", which has changed since a run wrote it`);
    }
  }
  return foreign.sort();
}

/** What a record says of a name: its content, null where that is not known yet, undefined where it is none of its outputs. */
function outputOf({ status, outputs }: RunRecord, name: string): string | null | undefined {
  if (status === "finished") return outputs[name];
  return isOneOf(name, Object.keys(outputs)) ? null : undefined;
}

function isOneOf(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(name, pattern));
}

/** A run that leaves nothing to go on from leaves no record either. */
function forgetEmptyRun(folder: string): void {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  const own = [RUN_FILE, LOCK_FILE];
  if (names.includes(RUN_FILE) && names.every((name) => own.includes(name) || isTemporaryOf(name))) {
    for (const name of names) if (name !== LOCK_FILE) removeFileSync(join(folder, name));
  }
}

/** Removes a folder that this run made, unless something is in it. */
function removeEmptyFolder(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // it holds what an interrupted run goes on from, or another's
  }
}

/** The content of the outputs that are there, by name. */
async function written(folder: string, outputs: readonly string[]): Promise<{ [name: string]: string }> {
  const found: [string, string][] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (isOneOf(name, outputs)) found.push([name, await contentOf(join(folder, name))]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => a < b ? -1 : 1));
}

/** Removes what the folder holds; its record last, so that a cut-off emptying is still seen to be a run's. */
async function empty(folder: string): Promise<void> {
  let hasRecord = false;
  for await (const { name } of Deno.readDir(folder)) {
    if (name === RUN_FILE) hasRecord = true;
    else if (name !== LOCK_FILE) await removePath(join(folder, name));
  }
  if (hasRecord) await removePath(join(folder, RUN_FILE));
}

/** Removes what a killed run was writing, and what has one of the names. */
async function removeMatching(folder: string, names: readonly string[]): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (isTemporaryOf(name) || isOneOf(name, names)) {
      await removePath(join(folder, name));
    }
  }
}

async function pathInside(folder: string, name: string, outputs: readonly string[]): Promise<string> {
  const path = resolve(folder, name);
  let part = path; // its nearest part that is there decides: what is missing will be made below it
  if (isInside(path, folder)) { while (!await lstat(part)) part = dirname(part); }
  const real = await Deno.realPath(part).catch(() => "/");
  if (!isInside(path, folder) || !isInside(real, await Deno.realPath(folder))) {
    throw new Error(`Cannot write "${name}" into "${folder}": it leads out of the run's folder`);
  }
  if (!isOneOf(name, outputs)) throw new TypeError(`Cannot write "${name}": it is none of the run's outputs`);
  return path;
}
