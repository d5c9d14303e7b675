/**
 * A command's output files: one table, or two that belong together, or a folder that must hold nothing else. Their
 * records stand in `.codescrub/` beside them, so that `--force` replaces only what a run wrote, and a run that was
 * killed between two of them writes both again. What an interrupted run goes on from stands there too.
 *
 * @module
 */
import { lstatSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { tableFormat } from "../datasets/tables.ts";
import { RECORDS_FOLDER } from "../datasets/walk_folder.ts";
import { isTemporaryOf } from "../files/write_file.ts";
import type { Json } from "./command.ts";
import { removeFileSync, removePath } from "../files/folders.ts";
import { checkApart, lstat } from "./output.ts";
import { contentOf } from "./run_content.ts";
import { removeLock, takeLock } from "./run_lock.ts";
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

/** Options of {@linkcode openRunFiles}. */
export interface RunFilesOptions extends RunOptions {
  /** What is written: tables by default. */
  kind?: "table" | "file" | "folder";
  /** Whether an interrupted run goes on from what it has in its scratch folder. */
  hasScratch?: boolean;
}

/** Output files, locked until they are disposed. */
export interface RunFiles extends Disposable {
  /** Whether an unfinished run of the same settings is continued. */
  isContinued: boolean;
  /** A folder for what an interrupted run goes on from, made by who writes there; it goes when the run is finished. */
  scratch: string;
  /**
   * Has the outputs written, and says in their records that the run is finished.
   *
   * @param write writes all outputs, each in one step
   * @throws the signal's reason, if the run was interrupted: nothing is written then
   */
  finish(summary: { [key: string]: Json }, write: () => Promise<void>): Promise<void>;
}

/**
 * Opens files for a run, or refuses.
 *
 * @param paths of the outputs, at least one
 * @throws {Error} If one is there without `--force`, or no run wrote it, or it has changed since; if it is, holds or
 * lies in what the run reads; if it is in use or cannot be written; {RangeError} for the extension of no table.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { openRunFiles } from "./run_files.ts";
 *
 * const path = `${await Deno.makeTempDir()}/scores.csv`;
 * const context = { settings: {}, force: false, signal: new AbortController().signal };
 * {
 *   using run = await openRunFiles([path], { command: "measure", context });
 *   await run.finish({ texts: 1 }, () => Deno.writeTextFile(path, "ma\n"));
 * }
 * await assertRejects(() => openRunFiles([path], { command: "measure", context }), Error, "give --force");
 * await Deno.writeTextFile(path, "mine\n");
 * const forced = { command: "measure", context: { ...context, force: true } };
 * await assertRejects(() => openRunFiles([path], forced), Error, "it has changed since a run wrote it");
 * ```
 */
export async function openRunFiles(paths: readonly string[], options: RunFilesOptions): Promise<RunFiles> {
  const { kind = "table", hasScratch = false, context: { force, signal } } = options;
  if (kind === "table") paths.forEach(tableFormat);
  const outputs = paths.map((path) => resolve(path));
  if (new Set(outputs.map((path) => basename(path))).size < outputs.length) { // records tell them apart by it
    throw new RangeError(
      `Cannot write two outputs of the name "${basename(outputs[0]!)}": rename one of them`,
    );
  }
  for (const path of outputs) await checkApart(path, inputPaths(options, path));
  using stack = new DisposableStack();
  for (const path of outputs) await lockFile(path, stack);
  for (const path of outputs) await removeTemporaries(path);
  await finishRecords(outputs);
  const scratch = ownPath(outputs[0]!, "parts");
  const states = [];
  for (const path of outputs) states.push(await stateOf(path, { kind, force }));
  const record = await newRecord(options, { outputs: outputs.map((path) => basename(path)) });
  const isContinued = await admit(outputs[0]!, states, { record, scratch, force });
  if (hasScratch && !isContinued) await writeRecords(outputs, record);
  let isFinished = false;
  stack.defer(() => {
    if (!isFinished && ![scratch, ...outputs].some(isThere)) removeRecords(outputs); // nothing to go on from
  });
  const kept = stack.move();
  return {
    isContinued,
    scratch,
    finish: async (summary, write) => {
      await throwIfInterrupted(signal);
      if (!hasScratch && !isContinued) await writeRecords(outputs, record);
      await write();
      const contents: { [name: string]: string } = {};
      for (const path of outputs) contents[basename(path)] = await contentOf(path);
      await writeRecords(outputs, finishedRecord(record, contents, summary));
      isFinished = true;
      await removeFolder(scratch);
    },
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}

/**
 * The record of a run that wrote a file; undefined where there is none.
 *
 * @throws {SyntaxError} If it is no record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fileRecord } from "./run_files.ts";
 *
 * assertEquals(await fileRecord(`${await Deno.makeTempDir()}/a.csv`), undefined);
 * ```
 */
export async function fileRecord(path: string): Promise<RunRecord | undefined> {
  return await readRecord(ownPath(path, "json"));
}

/**
 * The record of the run that wrote a file and what belongs to it, if that is finished; what it was killed before it had
 * removed or said goes, or is said.
 *
 * @throws {SyntaxError} If it is no record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { finishedFile } from "./run_files.ts";
 *
 * assertEquals(await finishedFile(`${await Deno.makeTempDir()}/a.csv`), undefined);
 * ```
 */
export async function finishedFile(path: string): Promise<RunRecord | undefined> {
  const record = await fileRecord(path);
  if (record?.status !== "finished") return undefined;
  const names = Object.keys(record.outputs).filter((name) => name !== basename(path));
  const outputs = [path, ...names.map((name) => join(dirname(path), name))];
  for (const output of outputs) await removeTemporaries(output);
  await finishRecords(outputs);
  await removeFolder(ownPath(path, "parts"));
  for (const output of outputs) await removeLock(ownPath(output, "lock"), output);
  return record;
}

function ownPath(path: string, extension: "json" | "lock" | "parts"): string {
  return join(dirname(path), RECORDS_FOLDER, `${basename(path)}.${extension}`);
}

async function writeRecords(outputs: readonly string[], record: RunRecord): Promise<void> {
  for (const path of outputs) await writeRecord(ownPath(path, "json"), record);
}

function removeRecords(outputs: readonly string[]): void {
  for (const path of outputs.map((path) => ownPath(path, "json")).filter(isThere)) removeFileSync(path);
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function removeFolder(path: string): Promise<void> {
  if (isThere(path)) await removePath(path);
}

/** Locks an output; the folder of the lock goes with the last of what is in it. */
async function lockFile(path: string, stack: DisposableStack): Promise<void> {
  const giveBack = await takeLock(ownPath(path, "lock"), path);
  stack.defer(() => {
    giveBack();
    removeEmpty(join(dirname(path), RECORDS_FOLDER));
  });
}

function removeEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // it holds records or another run's lock
  }
}

/** What stands where an output is to be written. */
interface OutputState {
  isThere: boolean;
  record: RunRecord | undefined;
}

/** @throws {Error} If what stands there may not be replaced. */
async function stateOf(
  path: string,
  { kind, force }: { kind: string; force: boolean },
): Promise<OutputState> {
  const found = await lstat(path);
  const record = await fileRecord(path);
  if (record?.status === "finished") await removeFolder(ownPath(path, "parts")); // it was killed before it had
  if (!found) return { isThere: false, record };
  const refuse = (what: string): never => {
    throw new Error(`Cannot write "${path}": ${what}`);
  };
  if (found.isDirectory && kind !== "folder") refuse("it is a folder: name a file in it");
  if (!record) refuse("it is there already, and no run wrote it: move it away or name another");
  if (record?.status === "finished") {
    const isChanged = await contentOf(path) !== record.outputs[basename(path)];
    if (isChanged) refuse("it has changed since a run wrote it: move it away or name another");
    if (!force) refuse("it is there already: give --force to replace it");
  }
  return { isThere: true, record };
}

/** Whether to continue (true) or to start (false); else throws. */
async function admit(
  out: string,
  states: readonly OutputState[],
  { record, scratch, force }: { record: RunRecord; scratch: string; force: boolean },
): Promise<boolean> {
  const unfinished = states.find((state) => state.record?.status === "unfinished")?.record;
  const isBegun = unfinished !== undefined &&
    (isThere(scratch) || states.some((state) => state.isThere));
  if (isBegun && !force) checkSameRun(out, unfinished, record);
  else await removeFolder(scratch);
  return isBegun && !force;
}

/** A run is finished when its first record says so; one that was killed then had not told the others. */
async function finishRecords([first, ...others]: readonly string[]): Promise<void> {
  const record = await fileRecord(first!);
  if (record?.status !== "finished") return;
  for (const path of others) {
    const own = await fileRecord(path);
    const isBehind = own?.status === "unfinished" && record.outputs[basename(path)] !== undefined;
    if (isBehind) await writeRecord(ownPath(path, "json"), record);
  }
}

/** Removes what a killed run was writing. */
async function removeTemporaries(path: string): Promise<void> {
  for (
    const [folder, target] of [
      [dirname(path), basename(path)],
      [join(dirname(path), RECORDS_FOLDER), `${basename(path)}.json`],
    ] as const
  ) {
    for await (const { name } of Deno.readDir(folder)) {
      if (isTemporaryOf(name, target)) await removePath(join(folder, name));
    }
  }
}
