/**
 * The record of a run: which command and settings it belongs to, what it read, by content, what it writes, and whether
 * it is finished. By it an interrupted run is continued only over the world that it began in, and `--force` replaces
 * only what a run wrote.
 *
 * @module
 */
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { isPathIgnored, parseIgnoreRules } from "../datasets/ignore_rules.ts";
import { readRegularText } from "../files/read_file.ts";
import { describeDifferences, differingSettings } from "../files/settings.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import type { Context, Json } from "./command.ts";
import { withoutMachine } from "./devices_option.ts";
import { commitOf, type Machine, thisMachine } from "./machine.ts";
import { lstat } from "./output.ts";
import { contentOf, type ContentOptions } from "./run_content.ts";

const MAX_RECORD_BYTES = 2 ** 26;
const COMMIT = commitOf(join(import.meta.dirname ?? ".", "../.."));

/** What a record holds. */
export interface RunRecord {
  command: string;
  status: "unfinished" | "finished";
  /** All that decides the output. */
  settings: { [name: string]: Json };
  /** The content of what was read, by its name. */
  inputs: { [name: string]: string };
  /** What the run wrote, by its name below the output's folder: its content, or null as long as it is unfinished. */
  outputs: { [name: string]: string | null };
  /** Names of what goes when the run is finished. */
  scratch: string[];
  versions: { [part: string]: string };
  /** What it was made on; records of earlier versions have none. */
  machine?: Machine;
  /** The commit of this project, where it runs from a checkout. */
  commit?: string;
  /** When it was finished, in ISO 8601. */
  finished_at?: string;
  /** What the command found, once it is finished. */
  summary?: { [key: string]: Json };
}

/** A file or folder that a command reads. */
export interface RunInput extends ContentOptions {
  path: string;
  /** Its content, where that is not the files that lie there. */
  content?: string;
  /** Outputs that may lie in it, as they are left out of what is read. */
  besides?: readonly string[];
}

/** What opens a run, in a folder or for files. */
export interface RunOptions {
  command: string;
  /** The resolved settings, which must be equal to continue; whether to replace; what interrupts. */
  context: Pick<Context, "settings" | "force" | "signal"> & Partial<Pick<Context, "breathe">>;
  /** What the command reads, by the name that a message gives it; undefined is not read. */
  inputs?: { [name: string]: string | RunInput | undefined };
  /** Versions beside CodeScrub's and Deno's, as TensorFlow's. */
  versions?: { [part: string]: string };
}

/**
 * The paths of what a run reads.
 *
 * @param output leave out what it may lie in
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inputPaths } from "./run_record.ts";
 *
 * assertEquals(inputPaths({ inputs: { corpus: { path: "/c" }, proxy: undefined } }), ["/c"]);
 * ```
 */
export function inputPaths({ inputs = {} }: Pick<RunOptions, "inputs">, output?: string): string[] {
  return inputsOf({ inputs })
    .filter(([, input]) => output === undefined || !isLeftOut(output, input))
    .map(([, { path }]) => path);
}

/** Whether an output may lie in an input, as it is no part of what is read. */
function isLeftOut(output: string, { path, besides = [], exclude = [] }: RunInput): boolean {
  if (besides.includes(output)) return true;
  const below = relative(resolve(path), resolve(output));
  const isBelow = below !== "" && !below.startsWith("..") && !isAbsolute(below);
  return isBelow && isPathIgnored(below.split(sep).join("/"), parseIgnoreRules(exclude.join("\n")));
}

function inputsOf({ inputs = {} }: Pick<RunOptions, "inputs">): [string, RunInput][] {
  return Object.entries(inputs).flatMap(([name, input]) =>
    input === undefined ? [] : [[name, typeof input === "string" ? { path: input } : input]]
  );
}

/**
 * The record of a run that begins now.
 *
 * @param names of what it will write, and of what goes when it is finished
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { newRecord } from "./run_record.ts";
 *
 * const context = { settings: { k: 32 }, force: false, signal: new AbortController().signal };
 * const { status, outputs } = await newRecord({ command: "select", context }, { outputs: ["forget_0.parquet"] });
 * assertEquals([status, outputs], ["unfinished", { "forget_0.parquet": null }]);
 * ```
 */
export async function newRecord(
  options: RunOptions,
  { outputs, scratch = [] }: { outputs: readonly string[]; scratch?: readonly string[] },
): Promise<RunRecord> {
  const inputs: { [name: string]: string } = {};
  for (const [name, { path, content, besides: _, ...how }] of inputsOf(options)) {
    inputs[name] = content ??
      await contentOf(path, { ...how, breathe: options.context.breathe }).catch(() => {
        options.context.signal.throwIfAborted();
        return "none"; // who reads it says what is wrong with it
      });
  }
  return {
    command: options.command,
    status: "unfinished",
    settings: withoutMachine(options.context.settings),
    inputs,
    outputs: Object.fromEntries(outputs.map((name) => [name, null])),
    scratch: [...scratch],
    versions: { codescrub: deno.version, deno: Deno.version.deno, ...options.versions },
    machine: thisMachine(),
    ...COMMIT !== undefined && { commit: COMMIT },
  };
}

/**
 * A record as it was written; undefined where there is none.
 *
 * @throws {SyntaxError} If it is no record.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRecord } from "./run_record.ts";
 *
 * assertEquals(await readRecord(`${await Deno.makeTempDir()}/run.json`), undefined);
 * ```
 */
export async function readRecord(path: string): Promise<RunRecord | undefined> {
  if (!await lstat(path)) return undefined;
  const text = await readRegularText(path, { what: "the run record", maxBytes: MAX_RECORD_BYTES });
  let record: Partial<RunRecord> | null = null;
  let cause: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    cause = error;
  }
  if (typeof record?.command !== "string" || typeof record.settings !== "object" || !record.settings) {
    throw new SyntaxError(`Cannot read "${path}": it is not the record of a run: name another output`, {
      cause,
    });
  }
  const { inputs = {}, outputs = {}, scratch = [], versions = {} } = record;
  return { ...record, inputs, outputs, scratch, versions } as RunRecord;
}

/**
 * Writes a record, atomically.
 *
 * @throws {Error} as `writeFileAtomic`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { newRecord, readRecord, writeRecord } from "./run_record.ts";
 *
 * const path = `${await Deno.makeTempDir()}/run.json`;
 * const context = { settings: {}, force: false, signal: new AbortController().signal };
 * const record = await newRecord({ command: "select", context }, { outputs: [] });
 * await writeRecord(path, record);
 * assertEquals(await readRecord(path), record);
 * ```
 */
export async function writeRecord(path: string, record: RunRecord): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(record, null, 2) + "\n");
}

/**
 * Refuses what is a run of another command or of other settings, and to continue one over other content or by other
 * versions.
 *
 * @param output what the run writes, for the message
 * @throws {Error} naming every difference
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkSameRun, newRecord } from "./run_record.ts";
 *
 * const context = { settings: {}, force: false, signal: new AbortController().signal };
 * const record = await newRecord({ command: "select", context }, { outputs: [] });
 * const changed = { ...record, inputs: { corpus: "sha256:00" } };
 * assertThrows(() => checkSameRun("out", changed, record), Error, "the corpus");
 * checkSameRun("out", { ...record, settings: { memory: "20GB", devices: 2 } }, record); // of any machine
 * ```
 */
export function checkSameRun(output: string, before: RunRecord, now: RunRecord): void {
  if (before.command !== now.command) {
    throw new Error(
      `Cannot write into "${output}": it holds a run of "${before.command}": name another place or give --force`,
    );
  }
  const settings = describeDifferences(withoutMachine(before.settings), now.settings); // older records have them
  if (settings.length > 0) refuse("with other settings", settings);
  if (before.status === "finished") return;
  const inputs = differingSettings(before.inputs, now.inputs).map(({ key }) => `the ${key}`);
  if (inputs.length > 0) refuse("as what it reads has changed since it began", inputs);
  const { deno: _, ...versions } = before.versions;
  const { deno: __, ...versionsNow } = now.versions;
  const others = describeDifferences(versions, versionsNow);
  if (others.length > 0) refuse("by other versions", others);

  function refuse(why: string, what: readonly string[]): never {
    throw new Error(
      `Cannot continue "${output}" ${why}: ${what.join("; ")}: name another place or give --force`,
    );
  }
}

/**
 * A record as it stands at the end of its run.
 *
 * @param outputs the content of what was written, by name
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { finishedRecord, newRecord } from "./run_record.ts";
 *
 * const context = { settings: {}, force: false, signal: new AbortController().signal };
 * const record = await newRecord({ command: "select", context }, { outputs: ["a"] });
 * const { status, outputs } = finishedRecord(record, { a: "sha256:00" });
 * assertEquals([status, outputs], ["finished", { a: "sha256:00" }]);
 * ```
 */
export function finishedRecord(
  record: RunRecord,
  outputs: RunRecord["outputs"],
  summary?: RunRecord["summary"],
): RunRecord {
  const finished_at = new Date().toISOString();
  return { ...record, status: "finished", outputs, finished_at, ...summary && { summary } };
}

/**
 * Lets a signal that has come in be noticed, and throws where one did: the last moment at which a run may be stopped.
 *
 * @throws the signal's reason
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { throwIfInterrupted } from "./run_record.ts";
 *
 * const controller = new AbortController();
 * setTimeout(() => controller.abort(new Error("stop")));
 * await assertRejects(() => throwIfInterrupted(controller.signal), Error, "stop");
 * ```
 */
export async function throwIfInterrupted(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal.throwIfAborted();
}
