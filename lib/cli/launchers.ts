/**
 * The processes that started this one and only wait for it: `deno task`, npm's shell, npm (`npx`). A signal to one of them
 * need not arrive here: npm ends by SIGTERM at once, and `deno task` and the work below go on without it.
 *
 * Only these count. Whoever started npm or `deno task` may go: `nohup`, `setsid` or `disown` are meant to outlive it. A
 * process that none of them started is never watched.
 *
 * @module
 */
import { readKernelFile } from "../engine/libc.ts";

/** Two processes, one of which started the other and waits for it. */
export interface Launch {
  /** The one that was started. */
  child: number;
  /** The one that waits. */
  parent: number;
}

/** What is known of running processes. */
export interface Processes {
  /** A process's parent; null when there is no such process. */
  parentOf(pid: number): number | null;
  /** Its command line, word by word. */
  wordsOf(pid: number): string[];
}

const SYSTEM: Processes = {
  parentOf(pid) {
    const stat = readKernelFile(`/proc/${pid}/stat`); // "7 (a name (with anything in it)) S 1 ..."
    return stat ? Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) : null;
  },
  wordsOf: (pid) => readKernelFile(`/proc/${pid}/cmdline`)?.split("\0") ?? [],
};

/**
 * The launches that lead to this process, nearest first; none where it was started directly.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findLaunches } from "./launchers.ts";
 *
 * const commands: Record<number, string[]> = {
 *   4: ["deno", "task", "codescrub", "train"],
 *   3: ["sh", "-c", "'deno' task codescrub train"],
 *   2: ["npm exec deno task codescrub train"],
 * };
 * const processes = { parentOf: (pid: number) => pid - 1, wordsOf: (pid: number) => commands[pid] ?? ["bash"] };
 * assertEquals(findLaunches(5, processes).map(({ parent }) => parent), [4, 3, 2]);
 * assertEquals(findLaunches(9, processes), []);
 * ```
 */
export function findLaunches(pid: number = Deno.pid, processes: Processes = SYSTEM): Launch[] {
  const launches: Launch[] = [];
  let waiting = 0; // an npm's shell is one only below npm
  for (let child = pid;;) {
    const parent = processes.parentOf(child);
    const kind = parent === null ? null : kindOf(processes.wordsOf(parent));
    if (kind === null) return launches.slice(0, waiting);
    launches.push({ child, parent: parent! });
    if (kind !== "shell") waiting = launches.length;
    if (kind === "npm") return launches;
    child = parent!;
  }
}

function kindOf([command = "", ...words]: readonly string[]): "task" | "shell" | "npm" | null {
  if (/^(\S*\/)?np[mx](\s|$)/.test(command)) return "npm"; // it writes its own command line: "npm exec deno task ..."
  const name = command.split("/").at(-1)!;
  if (name === "deno") return words.find((word) => !word.startsWith("-")) === "task" ? "task" : null;
  if (name === "node") {
    if (/\bnp[mx](-cli\.js)?$/.test(words[0] ?? "")) return "npm";
    return /\bdeno(\/bin\.c?js)?$/.test(words[0] ?? "") ? "task" : null; // the package's own way to start Deno
  }
  return /^(ba|da|z)?sh$/.test(name) && words[0] === "-c" && /\bdeno\b/.test(words[1] ?? "") ? "shell" : null;
}

/**
 * Whether all of them still wait: one that has ended leaves its child to another parent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { areWaiting } from "./launchers.ts";
 *
 * const processes = { parentOf: () => 1, wordsOf: () => [] };
 * assertEquals(areWaiting([{ child: 5, parent: 4 }], processes), false);
 * assertEquals(areWaiting([{ child: 5, parent: 1 }], processes), true);
 * ```
 */
export function areWaiting(launches: readonly Launch[], processes: Processes = SYSTEM): boolean {
  return launches.every(({ child, parent }) => processes.parentOf(child) === parent);
}
