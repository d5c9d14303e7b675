/**
 * Memory that is left: the machine's, or less where a control group (a container's, a job's) has a limit.
 *
 * @module
 */
import { join } from "node:path";
import { readKernelFile } from "./libc.ts";

/** Reads a small file; undefined where there is none. */
type ReadText = (path: string) => string | undefined;

/** Options of {@linkcode freeMemory}. */
export interface FreeMemoryOptions {
  /** Whether swap counts. Default false. */
  swap?: boolean;
  /** What the machine has: asked of the system by default; null where that is not permitted. */
  machine?: { available: number; swapFree: number } | null;
  /** Reads the kernel's files. */
  read?: ReadText;
}

/**
 * What a process may still take: the machine's memory that is free or can be freed, or less where a control group has a
 * limit.
 *
 * @returns bytes; null where asking is not permitted
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { freeMemory } from "./free_memory.ts";
 *
 * assert(freeMemory()! > 0);
 * assert(freeMemory({ swap: true, machine: { available: 1, swapFree: 2 ** 30 } })! <= 2 ** 30 + 1);
 * ```
 */
export function freeMemory(
  { swap = false, machine = systemMemory(), read = readText }: FreeMemoryOptions = {},
): number | null {
  if (machine === null) return null;
  return Math.max(0, Math.min(machine.available, ...groupsFree(read))) + (swap ? machine.swapFree : 0);
}

function systemMemory(): { available: number; swapFree: number } | null {
  try {
    return Deno.systemMemoryInfo();
  } catch {
    return null;
  }
}

/** The files of the two versions of control groups. */
const GROUPS = {
  unified: { root: "/sys/fs/cgroup", limit: "memory.max", used: "memory.current", cached: "inactive_file" },
  memory: {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: "total_inactive_file",
  },
} as const;

/** What each of the process's groups, and those that they are in, may still take. */
function groupsFree(read: ReadText): number[] {
  const lines = read("/proc/self/cgroup")?.split("\n") ?? [];
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers !== "" && !controllers!.split(",").includes("memory")) return [];
    const { root, ...files } = controllers === "" ? GROUPS.unified : GROUPS.memory;
    const parts = path.split("/").filter(Boolean);
    const folders = Array.from({ length: parts.length + 1 }, (_, n) => join(root, ...parts.slice(0, n)));
    return folders.flatMap((folder) => freeIn((name) => read(join(folder, name)), files));
  });
}

function freeIn(read: ReadText, files: { limit: string; used: string; cached: string }): number[] {
  const [limit, used] = [Number(read(files.limit)), Number(read(files.used))]; // "max" is no number
  if (!Number.isFinite(limit) || !Number.isFinite(used) || limit <= 0) return [];
  const cached = new RegExp(`^${files.cached} (\\d+)$`, "m").exec(read("memory.stat") ?? "")?.[1];
  return [limit - used + Number(cached ?? 0)];
}

/** Deno itself opens no file of the kernel's; undefined where it is no Linux, or no such group. */
function readText(path: string): string | undefined {
  try {
    return readKernelFile(`/proc/self/root${path}`) ?? undefined;
  } catch {
    return undefined;
  }
}
