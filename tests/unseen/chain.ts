/**
 * The task `thresholds` as a process group of its own, run to its end or killed with all that it started, and what it
 * leaves in its folder.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cliCommand } from "../cli/run_cli.ts";

/** Outputs in their order, and the stages that write them. */
const OUTPUTS = {
  "repos.parquet": "crawl",
  "collected/sources.csv": "collect",
  "unseen": "dedupe",
  "unseen.parquet": "sample",
  "thresholds.parquet": "thresholds",
} as const;

/** All stages in their order. */
export const STAGES: readonly string[] = Object.values(OUTPUTS);

/** How a chain is run. */
export interface ChainOptions {
  args: readonly string[];
  env: { [name: string]: string };
  /** What else it may connect to: "127.0.0.1:8000". */
  host: string;
  /** The folder that it writes. */
  out: string;
  /** Called with each stage that begins, and the milliseconds since the start. */
  onStage?: (stage: string, ms: number) => void;
  /** It is killed so many milliseconds after a stage has begun, or a later one where that is done already. */
  kill?: { stage: string; delayMs: number };
}

/** What became of it. */
export interface ChainRun {
  isKilled: boolean;
  stdout: string;
  ms: number;
}

/**
 * Runs it.
 *
 * @throws {Error} where it fails by itself
 */
export async function runChain(options: ChainOptions): Promise<ChainRun> {
  const { args, env, host, out, onStage, kill } = options;
  const startedAt = performance.now();
  const child = cliCommand([...args, "--out", out], {
    ...{ env, script: "data/make_thresholds.ts", deno: [`--allow-net=${host}`], isDetached: true },
  }).spawn();
  let last = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    const stage = stageOf(out);
    if (stage === last) return;
    last = stage;
    onStage?.(stage, performance.now() - startedAt);
    if (!kill || timer !== undefined || isBefore(stage, kill.stage)) return;
    timer = setTimeout(() => killGroup(child.pid), kill.delayMs);
  };
  look();
  const looking = setInterval(look, 10);
  const { code, signal, stdout, stderr } = await child.output();
  clearInterval(looking);
  clearTimeout(timer);
  const isKilled = signal === "SIGKILL";
  if (code !== 0 && !isKilled) {
    throw new Error(new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1));
  }
  return { isKilled, stdout: new TextDecoder().decode(stdout), ms: performance.now() - startedAt };
}

function isBefore(stage: string, other: string): boolean {
  return STAGES.includes(stage) && STAGES.indexOf(stage) < STAGES.indexOf(other);
}

/** A group is its first process's number, negative. */
function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}

/** The first stage whose output is not there. */
export function stageOf(out: string): string {
  const next = Object.entries(OUTPUTS).find(([name]) => !existsSync(join(out, name)));
  return next ? next[1] : "its end";
}

/** The SHA-256 of each file of a folder, by its path. */
export function digests(folder: string, inside = ""): { [path: string]: string } {
  const found: { [path: string]: string } = {};
  for (const { name, isDirectory } of Deno.readDirSync(join(folder, inside))) {
    const path = join(inside, name);
    if (isDirectory) Object.assign(found, digests(folder, path));
    else found[path] = createHash("sha256").update(Deno.readFileSync(join(folder, path))).digest("hex");
  }
  return found;
}
