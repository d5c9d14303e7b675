/**
 * `deno task prove:gpu`: all that a card is asked, in one go, for a machine that is lent for minutes: what `doctor` says of
 * it, `check:gpu`, `bench:gpu`, in this order, each with a share of the time; the essential table last, whatever has stopped
 * the run: the time, SIGINT, SIGTERM, a failure.
 *
 *     deno task prove:gpu [--limit SECONDS] [--out DIR] [--device gpu|cpu] [--tiny] [--checks NAME,...] [--rows NAME,...]
 *
 * With `--device cpu --tiny` the same is run on a processor with small models: a test of this script.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchFile, type CheckFile, essentialTable } from "./essential.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The checks' share of the time; they end before it where they are done. */
const CHECK_SHARE = 0.4;
/** For what a stage that is told to end still does, and for the table. */
const REST_SECONDS = 10;

/** One program after the other. */
export interface Stage {
  name: string;
  /** Of `deno`. */
  args: readonly string[];
  /** The most seconds from now on, when it begins. */
  seconds: () => number;
  /** Whether what follows makes no sense where it fails. */
  isNeeded?: boolean;
}

/** How a stage ended: its exit code, or why it was stopped. */
export type Ending = number | "out of time" | "interrupted";

/**
 * Runs stages, their output passed on, until one that is needed fails or the signal comes.
 *
 * @param options.onEnd is told how each ended
 */
export async function runStages(
  stages: readonly Stage[],
  { signal, onEnd }: { signal: AbortSignal; onEnd: (name: string, ending: Ending) => void },
): Promise<void> {
  for (const { name, args, seconds, isNeeded } of stages) {
    if (signal.aborted) return;
    const ending = await runStage(args, seconds(), signal);
    onEnd(name, ending);
    if (isNeeded && ending !== 0) return;
  }
}

async function runStage(args: readonly string[], seconds: number, signal: AbortSignal): Promise<Ending> {
  if (seconds <= 0) return "out of time";
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { INIT_CWD: ROOT, NO_COLOR: "1" },
    stdin: "null",
  }).spawn();
  let why: Ending | null = null;
  let last: ReturnType<typeof setTimeout> | undefined;
  const stop = (reason: Ending) => {
    if (why !== null) return;
    why = reason;
    kill(child, "SIGTERM"); // it writes what it has, and ends those that it started
    last = setTimeout(() => kill(child, "SIGKILL"), 1000 * REST_SECONDS / 2);
  };
  const timer = setTimeout(() => stop("out of time"), 1000 * seconds);
  const onAbort = () => stop("interrupted");
  signal.addEventListener("abort", onAbort);
  const { code } = await child.status;
  clearTimeout(timer);
  clearTimeout(last);
  signal.removeEventListener("abort", onAbort);
  return why ?? code;
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // it has ended already
  }
}

function readArguments(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      limit: { type: "string", default: "100000" },
      out: { type: "string", default: join("out", "prove_gpu") },
      device: { type: "string", default: "gpu" },
      tiny: { type: "boolean", default: false },
      checks: { type: "string" },
      rows: { type: "string" },
    },
  });
  const limit = Number(values.limit);
  if (!(limit > 0)) {
    throw new RangeError(`Cannot read --limit "${values.limit}": expected a number of seconds above 0`);
  }
  const { device } = values;
  if (device !== "cpu" && device !== "gpu") {
    throw new RangeError(`Unknown device "${device}": expected "gpu" or "cpu"`);
  }
  return { ...values, device, limit, out: resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), values.out) };
}

function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return null; // it was not begun
  }
}

async function main({ limit, out, device, tiny, checks, rows }: ReturnType<typeof readArguments>) {
  const start = performance.now();
  const left = () => limit - REST_SECONDS - (performance.now() - start) / 1000;
  await Deno.mkdir(out, { recursive: true });
  const files = { check: join(out, "check_gpu.json"), bench: join(out, "bench_gpu.json") };
  for (const path of Object.values(files)) await Deno.remove(path).catch(() => {}); // of an earlier run
  const run = (
    permissions: string,
    script: string,
  ) => ["run", "-q", "--no-prompt", `-P=${permissions}`, script];
  const doctor = [...run("codescrub", "lib/cli/main.ts"), "doctor", ...device === "gpu" ? ["--gpu"] : []];
  const check = [...run("test", "tests/gpu/check.ts"), "--out", out, "--device", device];
  if (tiny) check.push("--quick");
  if (checks !== undefined) check.push("--only", checks);
  const bench = [...run("test", "tests/gpu/bench.ts"), ...rows?.split(",") ?? []];
  bench.push("--json", files.bench, "--device", device, ...tiny ? ["--tiny"] : []);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupt.abort());
  }
  const endings: string[] = [];
  await runStages([
    { name: "doctor", args: doctor, seconds: left, isNeeded: device === "gpu" },
    { name: "check:gpu", args: check, seconds: () => CHECK_SHARE * left() },
    { name: "bench:gpu", args: bench, seconds: left },
  ], {
    signal: interrupt.signal,
    onEnd: (name, ending) => {
      const how = typeof ending === "number" ? `exit code ${ending}` : ending;
      endings.push(`${name}: ${how} after ${((performance.now() - start) / 1000).toFixed(0)} s`);
    },
  });
  const text = essentialTable(readJson<CheckFile>(files.check), readJson<BenchFile>(files.bench));
  await Deno.writeTextFile(join(out, "essential.txt"), `${text}\n`);
  console.log(`\n${endings.join("\n")}\n\n${text}`);
}

if (import.meta.main) {
  try {
    await main(readArguments(Deno.args));
    Deno.exit(0); // what was found stands in the table, a failure too
  } catch (error) {
    console.error(`prove:gpu: ${(error as Error).message}`);
    Deno.exit(2);
  }
}
