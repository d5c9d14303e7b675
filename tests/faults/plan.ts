/**
 * What the harness and the hooks inside of a command's process tell each other: the plan goes in by an environment
 * variable, the operations come back by a log.
 *
 * @module
 */

/**
 * What goes wrong at a file operation: the process is killed `before` or `after` it, or when it is half done (`short`);
 * the operation fails (`error`); it and all later ones that need space fail (`full`); the process gets a `signal`, in
 * turn SIGINT and SIGTERM.
 */
export const MODES = ["before", "short", "after", "error", "full", "signal"] as const;

/** One of {@linkcode MODES}. */
export type Mode = typeof MODES[number];

/** A file operation that changes something. */
export interface Operation {
  /** Deno's name of it without `Sync`; a folder's removal is `removeAll`, Polars' own writing `sinkParquet`. */
  name: string;
  /** What it is done to; with the new name for what has two. */
  path: string;
}

/** Deno's functions that the hooks replace, each with its `Sync`; files' methods and Polars' sink come to these. */
export const HOOKED = [
  ...["mkdir", "rename", "remove", "chmod", "chown", "truncate", "utime", "symlink", "link", "copyFile"],
  ...["writeFile", "writeTextFile", "makeTempFile", "makeTempDir", "open"],
] as const;

/** What the hooks do. */
export interface Plan {
  /** File to which each operation is added. */
  log: string;
  /** What goes wrong, and at which operation from 1 on; nothing when it is not given. */
  fault?: { mode: Mode; at: number };
}

/** The environment variable of the plan. */
export const PLAN_VARIABLE = "CODESCRUB_FAULT_PLAN";

/** Each operation is a line of so many bytes in the log, so that its size says how many there were. */
const LINE_BYTES = 512;

/** An operation as a line of the log. */
export function encodeOperation({ name, path }: Operation): Uint8Array {
  const line = new Uint8Array(LINE_BYTES).fill(32);
  new TextEncoder().encodeInto(`${name}\t${path}`, line.subarray(0, LINE_BYTES - 1));
  line[LINE_BYTES - 1] = 10;
  return line;
}

/** How many operations a log of so many bytes has. */
export function countOperations(bytes: number): number {
  return bytes / LINE_BYTES;
}

/** The operations of a log. */
export function decodeOperations(log: string): Operation[] {
  return log.split("\n").filter(Boolean).map((line) => {
    const [name = "", path = ""] = line.trimEnd().split("\t");
    return { name, path };
  });
}

const NEEDS_SPACE = /^(open|write|writeFile|writeTextFile|mkdir|makeTemp|symlink|link|copyFile|sinkParquet)/;
const CAN_BE_HALF_DONE = /^(write|writeFile|writeTextFile|removeAll|sinkParquet)$/;

/** Whether an operation can fail for want of space. */
export function needsSpace({ name }: Operation): boolean {
  return NEEDS_SPACE.test(name);
}

/** Which signal comes at an operation. */
export function signalAt(at: number): "SIGINT" | "SIGTERM" {
  return at % 2 === 1 ? "SIGINT" : "SIGTERM";
}

/** The operations, from 1 on, at which a kind of fault makes a difference. */
export function pointsOf(mode: Mode, operations: readonly Operation[]): number[] {
  return operations.flatMap((operation, i) => {
    if (isMiddle(operations, i)) return [];
    if (mode === "short" && !CAN_BE_HALF_DONE.test(operation.name)) return [];
    if (mode === "full" && !needsSpace(operation)) return [];
    if (mode === "after" && i < operations.length - 1) return []; // that is before the next
    return [i + 1];
  });
}

/** Of many pieces that are written to one file, the first two and the last stand for all. */
function isMiddle(operations: readonly Operation[], i: number): boolean {
  const isSame = (other: number) =>
    operations[other]?.name === operations[i]!.name && operations[other]?.path === operations[i]!.path;
  return isSame(i - 2) && isSame(i - 1) && isSame(i + 1);
}
