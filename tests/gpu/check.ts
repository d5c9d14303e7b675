/**
 * `deno task check:gpu`: what the engine computes on a GPU beside what it computes on the CPU, check by check, in processes
 * of their own. Needs no network and no Python.
 *
 *     deno task check:gpu [--out DIR] [--only NAME,...] [--device gpu|cpu] [--quick] [--lanes N]
 *
 * With `--device cpu` both sides are the CPU: a test of the command itself, and its table says so. The exit code is 1 when
 * a check fails. DIR/check_gpu.json holds the table.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CheckOptions, DeviceName } from "./check_types.ts";
import { CHECKS } from "./checks.ts";
import { judgeCheck } from "./judge.ts";
import { PROCESS_CHECKS } from "./process_checks.ts";
import { kill, RUNNING, WorkerRun } from "./run_worker.ts";
import { Table } from "./table.ts";

const NAMES = [...CHECKS, ...PROCESS_CHECKS].map(({ name }) => name);
/** On fewer cores processes would take each other's time; on so many a card's checks run in some at once. */
const CORES_FOR_ALL_AT_ONCE = 8;
const LANES = 4;

interface Arguments extends CheckOptions {
  device: DeviceName;
  out: string;
  names: string[];
  /** Processes that do the device's checks at once. */
  lanes: number;
}

const hasCores = () => navigator.hardwareConcurrency >= CORES_FOR_ALL_AT_ONCE;

/** @throws {RangeError} for what it does not know */
function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string", default: join("out", "check_gpu") },
      only: { type: "string" },
      device: { type: "string", default: "gpu" },
      lanes: { type: "string", default: String(hasCores() ? LANES : 1) },
      quick: { type: "boolean", default: false },
    },
  });
  const names = values.only?.split(",") ?? NAMES;
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new RangeError(`Unknown check "${unknown}": expected ${NAMES.join(", ")}`);
  const { device, quick } = values;
  if (device !== "cpu" && device !== "gpu") {
    throw new RangeError(`Unknown device "${device}": expected "gpu" or "cpu"`);
  }
  const lanes = Number(values.lanes);
  if (!(Number.isInteger(lanes) && lanes >= 1)) {
    throw new RangeError(`Cannot use "${values.lanes}" processes`);
  }
  const out = resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), values.out);
  return { device, quick, names, out, lanes };
}

/** Does the checks; whether all are well. */
async function main({ device, quick, names, out, lanes }: Arguments, folder: string): Promise<boolean> {
  const options = { device, quick };
  await Deno.mkdir(out, { recursive: true });
  console.log(
    device === "gpu"
      ? "The GPU beside the CPU"
      : "The CPU beside itself: a test of this command, which says nothing about a GPU",
  );
  const table = new Table(out, { device, card: null, tensorflow: null, quick, secondsOf: {} });
  const asked = CHECKS.filter(({ name }) => names.includes(name));
  const checks = asked.filter(({ isLong }) => !(quick && isLong));
  const start = (device: DeviceName, isReference: boolean, name: string) => {
    const sub = join(folder, name);
    Deno.mkdirSync(sub);
    return new WorkerRun({
      ...{ device, quick, isReference, folder: sub, checks: checks.map(({ name }) => name) },
      lanes: isReference ? 1 : lanes,
      secondsOf: (check) => CHECKS.find(({ name }) => name === check)!.seconds,
    });
  };
  const sides = { cpu: start("cpu", true, "cpu"), device: start(device, false, "device") };
  for (const [name, side] of Object.entries(sides)) {
    const problem = checks.length > 0 ? await side.problemOfOpening() : null;
    if (problem === null) continue;
    table.add({
      check: "open",
      row: `${name}'s process`,
      what: "opening TensorFlow",
      verdict: "fail",
      reason: problem,
    });
    return table.close();
  }
  table.describe({
    card: sides.device.opened?.card ?? null,
    tensorflow: sides.device.opened?.version ?? null,
  });
  await Promise.all(checks.map(async (check) => {
    await Promise.all([sides.cpu.done(check.name), sides.device.done(check.name)]);
    const rows = await judgeCheck(check, sides, options);
    table.describe({ secondsOf: Object.fromEntries(sides.device.seconds) });
    for (const row of rows) table.add(row);
  }));
  for (const { name } of asked.filter((check) => !checks.includes(check))) {
    table.add({ check: name, row: name, what: "-", verdict: "skipped", reason: "--quick" });
  }
  for (const [name, side] of Object.entries(sides)) {
    const problem = await side.ended;
    const row = { check: "end", row: `end of ${name}'s process`, what: "after its last check" };
    if (problem) table.add({ ...row, verdict: "fail", reason: problem });
    if (side.stderr.trim() !== "") Deno.writeTextFileSync(join(out, `${name}_errors.txt`), side.stderr);
  }
  await runProcessChecks({ ...options, folder, names, table });
  table.add({
    ...{ check: "float16", row: "float16", what: "products", verdict: "not offered" },
    reason: "the engine has no products in float16",
  });
  return table.close();
}

/** The checks that need processes of their own, all at once where there are cores for it. */
async function runProcessChecks(
  { names, table, ...options }: CheckOptions & {
    device: DeviceName;
    folder: string;
    names: readonly string[];
    table: Table;
  },
): Promise<void> {
  const running: Promise<void>[] = [];
  for (const check of PROCESS_CHECKS.filter(({ name }) => names.includes(name))) {
    const base = { check: check.name, row: check.name, what: check.what };
    if (options.quick && check.isLong) {
      table.add({ ...base, verdict: "skipped", reason: "--quick" });
      continue;
    }
    const work = check.run(options).then((rows) => rows.forEach((row) => table.add(row)));
    running.push(work);
    if (!hasCores()) await work;
  }
  await Promise.all(running);
}

if (import.meta.main) {
  let args: Arguments;
  try {
    args = readArguments(Deno.args);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
  const folder = await Deno.makeTempDir({ prefix: "codescrub-" });
  const end = (code: number): never => {
    for (const child of RUNNING) kill(child);
    Deno.removeSync(folder, { recursive: true });
    Deno.exit(code);
  };
  Deno.addSignalListener("SIGINT", () => end(130));
  Deno.addSignalListener("SIGTERM", () => end(143));
  end(await main(args, folder) ? 0 : 1);
}
