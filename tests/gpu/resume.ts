/**
 * Training and unlearning by the command line on the device, stopped by SIGTERM in the middle and started again: the
 * weights must be those of a run that was not stopped. XLA is told to give equal bits, so that what differs is the stop's.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { oneLine } from "../../lib/files/reason.ts";
import { cliCommand } from "../cli/run_cli.ts";
import { type TinyRun, writeCertainModel, writeTexts, writeTinyRun } from "../cli/tiny_run.ts";
import { readTensors } from "../tensors.ts";
import type { CheckOptions, DeviceName } from "./check_types.ts";
import { compareTensors, type Tensors } from "./compare.ts";
import { kill, RUNNING } from "./run_worker.ts";
import { DETERMINISTIC_XLA } from "./switches.ts";
import type { Row } from "./table.ts";

const BOUND = 1e-3;
const SECONDS = 120;
const [STEPS, EPOCHS] = [400, 20];
/** Exit codes: done, not converged, and stopped by SIGTERM. */
const [DONE, NOT_CONVERGED, STOPPED] = [0, 1, 143];

interface Run {
  name: string;
  args: (out: string) => string[];
  /** How it ends when it is not stopped. */
  code: number;
}

/** A training run and an unlearning run of a second or two. */
async function makeRuns(folder: string): Promise<Run[]> {
  // in a process of its own, as the tokenizers' library writes to standard output
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", "--no-prompt", "-P=test", import.meta.filename!, folder],
    cwd: join(import.meta.dirname!, "..", ".."),
  }).output();
  if (!success) throw new Error(`Cannot write the runs' files: ${oneLine(new TextDecoder().decode(stderr))}`);
  const tiny = JSON.parse(await Deno.readTextFile(join(folder, "tiny.json"))) as TinyRun;
  const sizes = "--vocabulary 260 --layers 1 --width 16 --heads 2 --positions 64 --length 32 --batch 4".split(
    " ",
  );
  const how =
    `--method codeeraser --ma 0 --el10 0 --lr 1e-5 --epochs ${EPOCHS} --stop group --save-dtype float32`
      .split(
        " ",
      );
  const sets = [
    "--model",
    tiny.model,
    "--corpus",
    tiny.corpus,
    "--forget",
    tiny.forget,
    "--retain",
    tiny.retain,
  ];
  const texts = ["--corpus", join(folder, "texts.jsonl")];
  return [{
    name: "train",
    args: (
      out,
    ) => ["train", ...texts, ...sizes, "--steps", `${STEPS}`, "--save-dtype", "float32", "--out", out],
    code: DONE,
  }, { name: "unlearn", args: (out) => ["unlearn", ...sets, ...how, "--out", out], code: NOT_CONVERGED }];
}

/** Writes what both commands read. */
async function writeFiles(folder: string): Promise<void> {
  const texts = Array.from({ length: 8 }, (_, i) => [`t${i}`, `x = ${i}\ny = x + ${i}\n`.repeat(20)]);
  await writeTexts(join(folder, "texts.jsonl"), Object.fromEntries(texts));
  const tiny = await writeTinyRun(join(folder, "tiny"));
  await writeCertainModel(tiny.model, "n"); // with which each secret begins
  await Deno.writeTextFile(join(folder, "tiny.json"), JSON.stringify(tiny));
}

/** Runs a command, to the end or until it has written a checkpoint; its exit code and what it said last. */
async function runCommand(
  args: readonly string[],
  { device, stopIn }: { device: DeviceName; stopIn?: string },
): Promise<{ code: number; said: string }> {
  const flags = `${Deno.env.get("XLA_FLAGS") ?? ""} ${DETERMINISTIC_XLA}`.trim();
  const child = cliCommand(args, { env: { CODESCRUB_DEVICE: device, XLA_FLAGS: flags } }).spawn();
  RUNNING.add(child);
  const timer = setTimeout(() => kill(child), 1000 * SECONDS);
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  let isOver = false;
  const ended = child.status.finally(() => isOver = true);
  while (stopIn !== undefined && !isOver && !hasCheckpoint(stopIn)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (stopIn !== undefined && !isOver) child.kill("SIGTERM");
  const { code } = await ended;
  clearTimeout(timer);
  RUNNING.delete(child);
  const said = (await output)[1]!.trim().split("\n").at(-1)!;
  return { code, said };
}

function hasCheckpoint(folder: string): boolean {
  return existsSync(folder) &&
    [...Deno.readDirSync(folder)].some(({ name }) => /^checkpoint-\d+$/.test(name));
}

function expectCode(what: string, { code, said }: { code: number; said: string }, expected: number): void {
  if (code !== expected) throw new Error(`${what} ended with ${code}, expected ${expected}: ${said}`);
}

async function resumeRow(run: Run, { folder, device }: { folder: string; device: DeviceName }): Promise<Row> {
  const [whole, stopped] = ["whole", "stopped"].map((name) => join(folder, `${run.name}_${name}`)) as [
    string,
    string,
  ];
  const base = {
    check: "resume",
    row: `${run.name}, killed and continued`,
    what: "final weights, one not stopped",
  };
  try {
    const both = [
      runCommand(run.args(whole), { device }),
      runCommand(run.args(stopped), { device, stopIn: stopped }),
    ];
    const [first, second] = await Promise.all(both);
    expectCode("the whole run", first!, run.code);
    expectCode("the stopped run", second!, STOPPED);
    expectCode("the continued run", await runCommand(run.args(stopped), { device }), run.code);
    const [a, b] = await Promise.all(
      [stopped, whole].map((out) => readTensors(join(out, "model.safetensors"))),
    );
    const difference = { ...compareTensors(a!, b!, "magnitude"), part: run.name };
    const start = await readStart(run, folder);
    if (start && compareTensors(b!, start, "exact").value === 0) throw new Error("the run changed no weight");
    const result = { ...base, difference, rule: "magnitude" as const, bound: BOUND };
    if (compareTensors(a!, b!, "exact").value === 0) {
      return { ...result, verdict: "pass", reason: "bit for bit" };
    }
    const spread = await spreadOf(run, { folder, device, whole: b! });
    const reason = `not bit for bit; two runs that were not stopped differ by ${spread.toExponential(1)}`;
    const isWithin = difference.value <= Math.max(BOUND, 2 * spread);
    return { ...result, verdict: isWithin ? "pass" : "fail", reason };
  } catch (error) {
    return { ...base, verdict: "fail", reason: oneLine(error) };
  }
}

/** How far another whole run is from the first: as far as a stopped one may be. */
async function spreadOf(
  run: Run,
  { folder, device, whole }: { folder: string; device: DeviceName; whole: Tensors },
): Promise<number> {
  const out = join(folder, `${run.name}_again`);
  expectCode("another whole run", await runCommand(run.args(out), { device }), run.code);
  return compareTensors(await readTensors(join(out, "model.safetensors")), whole, "magnitude").value;
}

/** The weights that unlearning begins with: a run that changes nothing would prove nothing. */
async function readStart(run: Run, folder: string) {
  return run.name === "unlearn"
    ? await readTensors(join(folder, "tiny", "model", "model.safetensors"))
    : null;
}

/** The rows of both commands. */
export async function resumeRows(
  { folder: parent, device }: CheckOptions & { folder: string; device: DeviceName },
): Promise<Row[]> {
  const folder = join(parent, "resume");
  await Deno.mkdir(join(folder, "tiny"), { recursive: true });
  const rows: Row[] = [];
  for (const run of await makeRuns(folder)) rows.push(await resumeRow(run, { folder, device }));
  return rows;
}

if (import.meta.main) await writeFiles(Deno.args[0]!);
