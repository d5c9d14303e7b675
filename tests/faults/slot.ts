/**
 * A folder in which one scenario runs again and again, always at the same path, so that what records say of paths
 * stays the same: the inputs and outputs, a cache folder and a folder for temporary files.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findTensorFlow } from "../../lib/setup/set_up.ts";
import { cliCommand } from "../cli/run_cli.ts";
import { decodeOperations, type Operation, type Plan, PLAN_VARIABLE } from "./plan.ts";

const HOOKS = fileURLToPath(new URL("hooks.ts", import.meta.url));
const AGE = new Date("2026-01-01T00:00:00Z");
const HANGS_AFTER_MS = 600_000;

/** What a run of a command left behind. */
export interface Run {
  /** 137 if it was killed. */
  code: number;
  pid: number;
  stderr: string;
  operations: Operation[];
  milliseconds: number;
}

/** A signal that comes from outside. */
export interface Signal {
  name: "SIGINT" | "SIGTERM" | "SIGKILL";
  afterMs: number;
}

/** What stands at each path: a file's hash, a link's target, and the mode. */
export type Snapshot = ReadonlyMap<string, string>;

/** What may go wrong in a run. */
export type Trouble = { fault?: Plan["fault"]; signal?: Signal };

/** A scenario's folder. */
export class Slot {
  /** Where commands run: inputs and outputs. */
  readonly work: string;
  /** What else commands may connect to: "127.0.0.1:8000". */
  host: string | null = null;
  readonly #live: string;
  readonly #saved: string;
  readonly #log: string;
  readonly #env: { [name: string]: string };

  /** @param root an empty folder */
  constructor(root: string) {
    this.#live = join(root, "live");
    this.#saved = join(root, "saved");
    this.#log = join(root, "operations.log");
    this.work = join(this.#live, "work");
    this.#env = {
      CODESCRUB_CACHE: join(this.#live, "cache"),
      TMPDIR: join(this.#live, "tmp"),
      CODESCRUB_TENSORFLOW: findTensorFlow().folder,
    };
  }

  /** Empties it. */
  clear(): void {
    if (existsSync(this.#live)) Deno.removeSync(this.#live, { recursive: true });
    for (const folder of ["work", "cache", "tmp"]) {
      Deno.mkdirSync(join(this.#live, folder), { recursive: true });
    }
  }

  /** What is there now is where all runs begin from here on. */
  async save(): Promise<void> {
    if (existsSync(this.#saved)) Deno.removeSync(this.#saved, { recursive: true });
    await copy(this.#live, this.#saved);
  }

  /** Back to what was saved. */
  async reset(): Promise<void> {
    Deno.removeSync(this.#live, { recursive: true });
    await copy(this.#saved, this.#live);
  }

  /** Keeps a copy of what is there now, of what a run said and of what it did. */
  async keep(folder: string, run: Run): Promise<void> {
    Deno.mkdirSync(folder, { recursive: true });
    await copy(this.#live, join(folder, "files"));
    Deno.writeTextFileSync(join(folder, "stderr.txt"), run.stderr);
    const lines = run.operations.map(({ name, path }, i) => `${i + 1} ${name} ${path}\n`);
    Deno.writeTextFileSync(join(folder, "operations.txt"), lines.join(""));
  }

  /** A text without the folder's own path and without what is drawn by chance. */
  shorten(text: string): string {
    return text.replaceAll(`${this.work}/`, "").replaceAll(`${this.#live}/`, "").replaceAll(/\bwork\//g, "")
      .replaceAll(/(?:\d+-)?[0-9a-f]{8}-[0-9a-f-]{27}|(?<=[.-])[0-9a-f]{12,16}\b/g, "*");
  }

  /** Gives all files one age: a record may hold it. */
  age(): void {
    for (const { path } of list(this.#live, "")) Deno.utimeSync(path, AGE, AGE);
  }

  /** What there is; where a `run` is given, what only its process and chance decide is left out. */
  snapshot(run?: Run): Snapshot {
    const hide = (text: string) =>
      run
        ? text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,16}\b/g, "*").replaceAll(
          String(run.pid),
          "*",
        )
        : text;
    return new Map(list(this.#live, "").map(({ name, path }) => [hide(name), describe(path, hide)]));
  }

  /** Runs the command line with trouble, or undisturbed. */
  async run(args: readonly string[], env: { [name: string]: string }, trouble: Trouble = {}): Promise<Run> {
    Deno.writeFileSync(this.#log, new Uint8Array());
    const plan: Plan = { log: this.#log, ...(trouble.fault && { fault: trouble.fault }) };
    const begun = performance.now();
    const child = cliCommand(args, {
      cwd: this.work,
      env: { ...this.#env, ...env, [PLAN_VARIABLE]: JSON.stringify(plan) },
      deno: [`--preload=${HOOKS}`, ...this.host === null ? [] : [`--allow-net=${this.host}`]],
    }).spawn();
    const signal = trouble.signal ?? { name: "SIGKILL", afterMs: HANGS_AFTER_MS };
    const timers = [signal, { name: "SIGKILL" as const, afterMs: HANGS_AFTER_MS }]
      .map(({ name, afterMs }) => setTimeout(() => send(child, name), afterMs));
    const [{ code }, stderr] = await Promise.all([
      child.status,
      new Response(child.stderr).text(),
      new Response(child.stdout).text(),
    ]);
    timers.forEach(clearTimeout);
    const milliseconds = performance.now() - begun;
    const operations = decodeOperations(Deno.readTextFileSync(this.#log));
    const run = { code, pid: child.pid, stderr, operations, milliseconds };
    return milliseconds < HANGS_AFTER_MS ? run : { ...run, code: -1, stderr: "it does not end" };
  }
}

/** `cp` keeps modes and times. */
async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(`Cannot copy "${from}" to "${to}"`);
}

function send(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It has just ended.
  }
}

function list(folder: string, prefix: string): { name: string; path: string }[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const entry = { name: prefix + name, path: join(folder, name) };
    return isDirectory ? [entry, ...list(entry.path, `${entry.name}/`)] : [entry];
  }).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** What a record alone may have of its own: when its run was finished. */
const FINISHED_AT = /(?<="finished_at": ")[\d:.TZ-]+(?=")/;

function describe(path: string, hide: (text: string) => string): string {
  const { isSymlink, isFile, mode } = Deno.lstatSync(path);
  if (isSymlink) return `link to ${Deno.readLinkSync(path)}`;
  const access = ((mode ?? 0) & 0o777).toString(8);
  if (!isFile) return `folder ${access}`;
  const content = hide(new TextDecoder("latin1").decode(Deno.readFileSync(path))).replace(FINISHED_AT, "*");
  return `${createHash("sha256").update(content).digest("hex")} ${access}`;
}
