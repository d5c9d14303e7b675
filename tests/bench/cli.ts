/**
 * The command line as a user waits for it: `codescrub --help`, beside an empty program, and the whole demo with its
 * peak of resident memory.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchContext } from "./models.ts";
import { type BenchRow, interleave, seconds } from "./bench_table.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "lib/cli/main.ts");
const HELP_RUNS = 10;
const POLL_MS = 250;

/** Wall time of `--help`. */
export async function benchHelp({ folder, log }: BenchContext): Promise<BenchRow[]> {
  log("codescrub --help");
  const empty = join(folder, "empty.ts");
  await Deno.writeTextFile(empty, "");
  const run = (...args: string[]) => () =>
    seconds(async () => {
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", ...args],
        cwd: ROOT,
        stdout: "null",
      });
      if (!(await command.output()).success) throw new Error(`Cannot run deno ${args.join(" ")}`);
    });
  const times = await interleave(HELP_RUNS, {
    help: run("-P=codescrub", MAIN, "--help"),
    empty: run(empty),
  });
  return [{
    name: "codescrub --help",
    unit: "s",
    ours: { name: "deno run, a process each", values: times.help! },
    peer: { name: "an empty program", values: times.empty! },
    goal: { below: 0.3 },
    notes: [],
  }];
}

/** Wall time and peak memory of the demo, set-up done. */
export async function benchDemo({ folder, log }: BenchContext): Promise<BenchRow[]> {
  log("the demo, minutes");
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=codescrub", MAIN, "demo", "--out", join(folder, "demo")],
    cwd: ROOT,
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let peak = 0;
  const timer = setInterval(async () => peak = Math.max(peak, await peakBytes(child.pid)), POLL_MS);
  const { success, stderr } = await child.output();
  clearInterval(timer);
  const wall = (performance.now() - start) / 1000;
  if (!success) {
    throw new Error(`Cannot run the demo: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`);
  }
  const row = { peer: null, notes: [] };
  return [
    {
      ...row,
      name: "demo, wall time",
      unit: "s",
      ours: { name: "set-up done", values: [wall] },
      goal: { below: 300 },
    },
    {
      ...row,
      name: "demo, peak resident memory",
      unit: "GB",
      ours: { name: "VmHWM", values: [peak / 1e9] },
      goal: { below: 3 },
    },
  ];
}

/** The kernel's high-water mark of a process; 0 when it is gone. */
export async function peakBytes(pid: number): Promise<number> {
  return Number(/VmHWM:\s*(\d+) kB/.exec(await readProc(`${pid}/status`))?.[1] ?? 0) * 1024;
}

/** A file of /proc, by `cat`: Deno itself opens few of them without all permissions. Empty when it is not there. */
export async function readProc(name: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${name}`], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
