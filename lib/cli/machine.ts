/**
 * What a run was made on: kinds and sizes, never a name of the machine or of who uses it; and the commit of a checkout of
 * this project.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";

/** A machine's kind. */
export interface Machine {
  /** The operating system. */
  system: string;
  /** The processor's kind: its model where the system tells, else its architecture. */
  processor: string;
  /** Cores that the process may use. */
  cores: number;
  /** All memory; not there where asking is not permitted. */
  memory_bytes?: number;
}

/**
 * The machine that this process runs on.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { thisMachine } from "./machine.ts";
 *
 * const { system, cores } = thisMachine();
 * assertEquals(system, Deno.build.os);
 * assert(cores > 0);
 * ```
 */
export function thisMachine(): Machine {
  const told = permitted(() => cpus()[0]?.model.trim());
  const memory = permitted(() => Deno.systemMemoryInfo().total);
  return {
    system: Deno.build.os,
    processor: told || Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    ...memory !== undefined && { memory_bytes: memory },
  };
}

function permitted<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/**
 * The commit that a checkout stands at; undefined where the folder is none, as where the project was installed.
 *
 * @param root of the checkout
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commitOf } from "./machine.ts";
 *
 * const root = await Deno.makeTempDir();
 * assertEquals(commitOf(root), undefined);
 * await Deno.mkdir(`${root}/.git`);
 * await Deno.writeTextFile(`${root}/.git/HEAD`, "ref: refs/heads/main\n");
 * await Deno.writeTextFile(`${root}/.git/packed-refs`, `${"ab".repeat(20)} refs/heads/main\n`);
 * assertEquals(commitOf(root), "ab".repeat(20));
 * ```
 */
export function commitOf(root: string): string | undefined {
  return permitted(() => {
    let git = join(root, ".git");
    const isWorktree = existsSync(git) && Deno.statSync(git).isFile;
    if (isWorktree) git = resolve(root, Deno.readTextFileSync(git).replace(/^gitdir: /, "").trim());
    const head = Deno.readTextFileSync(join(git, "HEAD")).trim();
    const ref = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1];
    if (ref === undefined) return COMMIT.exec(head)?.[0];
    const common = join(git, "commondir");
    const shared = existsSync(common) ? resolve(git, Deno.readTextFileSync(common).trim()) : git;
    const loose = join(shared, ref);
    if (existsSync(loose)) return COMMIT.exec(Deno.readTextFileSync(loose).trim())?.[0];
    const packed = Deno.readTextFileSync(join(shared, "packed-refs")).split("\n");
    return COMMIT.exec(packed.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0] ?? "")?.[0];
  });
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
