/**
 * A command's output folder. Its `run.json` says which command and settings it belongs to and whether it is finished:
 * a finished one is refused without `--force`, an unfinished one of the same settings is continued, one of other
 * settings is refused by naming them. Two runs on one folder exclude each other by a lock that ends with its process.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve, sep as SEPARATOR } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { writeFileAtomic } from "../write_file.ts";
import type { Json } from "./command.ts";
import { checkWritableFolder, lstat } from "./output.ts";

const RUN_FILE = "run.json";
const LOCK_FILE = ".lock";

/** What `run.json` holds. */
export interface RunRecord {
  command: string;
  status: "unfinished" | "finished";
  /** All that decides the output. */
  settings: { [name: string]: Json };
  versions: { [part: string]: string };
  /** What the command found, once it is finished. */
  summary?: { [key: string]: Json };
}

/** Options of {@linkcode openRunFolder}. */
export interface RunFolderOptions {
  command: string;
  /** The resolved settings, seed included: what must be equal to continue. */
  settings: { [name: string]: Json };
  /** Replace what the folder holds. */
  force: boolean;
  /** Versions beside CodeScrub's and Deno's, as TensorFlow's. */
  versions?: { [part: string]: string };
}

/** An output folder, locked until it is disposed. */
export interface RunFolder extends Disposable {
  /** Its absolute path. */
  folder: string;
  /** Whether an unfinished run of the same settings is continued. */
  isContinued: boolean;
  /** The path of a file of the run. @throws {Error} If it leads out of the folder, by name or by a link. */
  path(name: string): Promise<string>;
  /** Says in run.json that the run is finished. */
  finish(summary?: { [key: string]: Json }): Promise<void>;
}

/**
 * Opens `folder` for a run: makes it, or continues it, or empties it (`force`), or refuses.
 *
 * @throws {Error} If it is finished, of other settings, in use, not a run's folder, or cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { openRunFolder } from "./run_folder.ts";
 *
 * const folder = `${await Deno.makeTempDir()}/run`;
 * const options = { command: "unlearn", settings: { lr: 3e-6 }, force: false };
 * (await openRunFolder(folder, options))[Symbol.dispose]();
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
  const isNew = await makeFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    const isContinued = !isNew && await admit(folder, options);
    const { command, settings, versions } = options;
    const record: RunRecord = {
      command,
      status: "unfinished",
      settings,
      versions: { codescrub: deno.version, deno: Deno.version.deno, ...versions },
    };
    if (!options.force) await removeTemporaries(folder);
    if (!isContinued) await writeRecord(folder, record);
    return {
      folder,
      isContinued,
      path: (name) => pathInside(folder, name),
      finish: (summary) =>
        writeRecord(folder, { ...record, status: "finished", ...(summary && { summary }) }),
      [Symbol.dispose]: unlock,
    };
  } catch (error) {
    unlock();
    if (isNew) await Deno.remove(folder).catch(() => {}); // what made it fail was said already
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
  const path = join(folder, RUN_FILE);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
  let record: Partial<RunRecord> | null = null;
  let cause: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    cause = error;
  }
  if (typeof record?.command !== "string" || typeof record.settings !== "object" || !record.settings) {
    throw new SyntaxError(`Cannot read "${path}": it is not the record of a run: give another folder`, {
      cause,
    });
  }
  return record as RunRecord;
}

/** Makes the folder where nothing stands; true if it did. */
async function makeFolder(folder: string): Promise<boolean> {
  const found = await lstat(folder);
  if (!found) {
    await checkWritableFolder(dirname(folder), folder);
    await Deno.mkdir(folder);
    return true;
  }
  if (!(await Deno.stat(folder).catch(() => undefined))?.isDirectory) {
    throw new Error(`Cannot write into "${folder}": it is not a folder: name another`);
  }
  await checkWritableFolder(folder, folder);
  return false;
}

/** Whether to continue (true) or to start in the folder (false, emptied if it held a run); else throws. */
async function admit(folder: string, options: RunFolderOptions): Promise<boolean> {
  const record = await readRunRecord(folder);
  if (!record) {
    if (options.force || await isEmpty(folder)) return false;
    throw new Error(`Cannot write into "${folder}": it holds other files: give --force to write beside them`);
  }
  if (options.force) {
    await empty(folder);
    return false;
  }
  if (record.command !== options.command) {
    throw new Error(
      `Cannot write into "${folder}": it holds a run of "${record.command}": name another folder or give --force`,
    );
  }
  const differing = differingKeys(record.settings, options.settings);
  if (differing.length > 0) {
    const list = differing.map((key) =>
      `"${key}" was ${show(record.settings[key])}, is ${show(options.settings[key])}`
    ).join("; ");
    throw new Error(
      `Cannot continue "${folder}" with other settings: ${list}: name another folder or give --force`,
    );
  }
  if (record.status === "finished") {
    throw new Error(`Cannot write into "${folder}": it is finished already: give --force to replace it`);
  }
  return true;
}

function differingKeys(before: { [key: string]: Json }, now: { [key: string]: Json }): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].filter((key) => show(before[key]) !== show(now[key])).sort();
}

function show(value: Json | undefined): string {
  return value === undefined ? "not given" : JSON.stringify(value, sortKeys);
}

function sortKeys(_key: string, value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

/** Whether the folder holds nothing, or what a run leaves that was killed before its record was there. */
async function isEmpty(folder: string): Promise<boolean> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name !== LOCK_FILE && !isTemporary(entry)) return false;
  }
  return true;
}

/** Removes what the folder holds; its record last, so that a cut-off emptying is still seen to be a run's. */
async function empty(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name !== LOCK_FILE && name !== RUN_FILE) await Deno.remove(join(folder, name), { recursive: true });
  }
  await Deno.remove(join(folder, RUN_FILE));
}

/** What a killed run was writing; its finished files have other names. */
async function removeTemporaries(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    if (isTemporary(entry)) await Deno.remove(join(folder, entry.name));
  }
}

function isTemporary({ name, isFile }: Deno.DirEntry): boolean {
  return isFile && /[.-][0-9a-f-]{36}\.tmp$/.test(name);
}

async function writeRecord(folder: string, record: RunRecord): Promise<void> {
  await writeFileAtomic(await pathInside(folder, RUN_FILE), JSON.stringify(record, null, 2) + "\n");
}

async function pathInside(folder: string, name: string): Promise<string> {
  const path = resolve(folder, name);
  if (isInside(folder, path)) {
    let part = path; // its nearest part that is there decides: what is missing will be made below it
    while (!await lstat(part)) part = dirname(part);
    const real = await Deno.realPath(part).catch(() => "/");
    if (isInside(await Deno.realPath(folder), real)) return path;
  }
  throw new Error(`Cannot write "${name}" into "${folder}": it leads out of the run's folder`);
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + SEPARATOR);
}

/** Locks the folder; the returned function unlocks it. The kernel frees the lock of a killed process. */
async function lockFolder(folder: string): Promise<() => void> {
  const path = join(folder, LOCK_FILE);
  for (;;) {
    const file = await Deno.open(path, { create: true, read: true, write: true });
    if (!await file.tryLock(true)) {
      file.close();
      const owner = await Deno.readTextFile(path).catch(() => "");
      throw new Error(`Cannot write into "${folder}": it is locked by ${owner.trim() || "another process"}`);
    }
    // A run that ended just now removed the file that was opened here: then this lock excludes nobody.
    if (file.statSync().ino === (await lstat(path))?.ino) {
      await file.truncate();
      await file.write(new TextEncoder().encode(`pid ${Deno.pid} on ${hostname()}\n`));
      return () => {
        if (existsSync(path)) Deno.removeSync(path);
        file.close();
      };
    }
    file.close();
  }
}
