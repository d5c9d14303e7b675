/**
 * One stage as one process and as a job array of which two tasks are stopped in the middle.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { shardPath } from "../../lib/cli/shard.ts";
import type { Cluster } from "./cluster.ts";
import { type JobState, judgeTasks, readJobStates } from "./jobs.ts";
import { output } from "./output.ts";
import { judgeParts, type Parts, readParts } from "./parts.ts";
import type { Inputs, Stage } from "./stages.ts";
import { waitFor } from "./wait_for.ts";

/** What a check needs. */
export interface Bench {
  cluster: Cluster;
  /** Where outputs go. */
  folder: string;
  inputs: Inputs;
  /** The path of the job script. */
  script: string;
  signal: AbortSignal;
}

/** What came of a stage. */
export interface StageResult {
  /** What was done, in a line. */
  text: string;
  problems: string[];
}

/** An array that was submitted. */
interface Submitted extends Bench {
  /** Its number. */
  job: string;
  /** What it was given as `--out`. */
  table: string;
  /** The path of a log: `%a` is the task. */
  logs: string;
}

const TASKS = 4;
const PARTS_BEFORE = 2;
const TIMEOUT_MS = 900_000;

/** How tasks are stopped: by Slurm, as preemption does it, and by the signal that comes before a time limit. */
const STOPS = [
  { task: 1, what: "requeued", command: ["scontrol", "requeue"] },
  { task: 2, what: "signalled", command: ["scancel", "--batch", "--signal=TERM"] },
] as const;

/**
 * Runs a stage both ways and compares.
 *
 * @throws {Error} If one of them cannot be run to its end.
 */
export async function checkStage(stage: Stage, bench: Bench): Promise<StageResult> {
  const { cluster, folder, inputs, script, signal } = bench;
  for (const name of ["alone", "array"]) await Deno.mkdir(join(folder, name), { recursive: true });
  const [alone, table] = ["alone", "array"].map((name) => join(folder, name, stage.table)) as [
    string,
    string,
  ];
  const startedAt = performance.now();
  await output("bash", [script, ...stage.args(inputs), "--out", alone], { signal });
  const aloneMs = performance.now() - startedAt;

  const logs = join(folder, "array", `${stage.name}-%a.log`);
  const mergeLog = join(folder, "array", `${stage.name}-merge.log`);
  const submit = (options: string[], args: string[]) =>
    cluster.call("sbatch", "--parsable", `--chdir=${folder}`, ...options, script, ...args);
  const job = await submit([`--array=0-${TASKS - 1}`, `--output=${logs}`], [
    ...stage.args(inputs),
    "--out",
    table,
  ]);
  const merge = await submit(
    [`--dependency=afterok:${job}`, "--array=0", `--output=${mergeLog}`],
    ["merge", table],
  );
  const failure = new AbortController();
  const submitted = { ...bench, job, table, logs, signal: AbortSignal.any([signal, failure.signal]) };
  const [tasks, ...stops] = await Promise.all([
    waitForEnd(submitted, failure),
    ...STOPS.map((stop) => stopTask(stop, submitted)),
  ]);
  await waitForEnd({ ...submitted, job: merge, logs: mergeLog }, failure);
  const [merged, expected] = await Promise.all([table, alone].map((path) => Deno.readFile(path)));
  const problems = judgeTasks(tasks, { count: TASKS, stopped: STOPS.map(({ task }) => task) });
  for (const { task, before, after } of stops) {
    problems.push(...judgeParts(before, after).map((problem) => `task ${task}: ${problem}`));
  }
  for (let task = 0; task < TASKS; task++) {
    const log = await Deno.readTextFile(logs.replace("%a", String(task)));
    const expected = STOPS.some((stop) => stop.task === task) ? 1 : 0;
    const told = log.split("Interrupted by SIGTERM").length - 1;
    if (told !== expected) {
      problems.push(`task ${task} was interrupted ${told} times by its log, not ${expected}`);
    }
  }
  const isEqual = merged!.length === expected!.length && merged!.every((byte, i) => byte === expected![i]);
  if (!isEqual) {
    problems.push(`${merged!.length} bytes were merged that differ from one process' ${expected!.length}`);
  }
  const kept = stops.map(({ task, what, before, after }) =>
    `task ${task} ${what} with ${before.size} of ${after.size} parts`
  );
  const seconds = [aloneMs, performance.now() - startedAt - aloneMs].map((ms) => Math.round(ms / 1000));
  return {
    text:
      `${kept.join(", ")}; ${merged!.length} bytes merged, ${
        isEqual ? "equal to" : "unlike"
      } one process'; ` +
      `${seconds[0]} s alone, ${seconds[1]} s as an array`,
    problems,
  };
}

/** Waits until all tasks of a job have ended; a task that fails aborts. */
async function waitForEnd(
  { cluster, job, logs, signal }: Submitted,
  failure: AbortController,
): Promise<JobState[]> {
  return await waitFor(`job ${job}`, async () => {
    const states = readJobStates(await cluster.call("scontrol", "show", "job", "--oneliner", job));
    const failed = states.find(({ state }) =>
      ["FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"].includes(state)
    );
    if (failed) {
      const path = logs.replace("%a", String(failed.task));
      const last = existsSync(path) ? Deno.readTextFileSync(path).trimEnd().split("\n").at(-1) : "no log";
      failure.abort(
        new Error(`Cannot run task ${failed.task}: ${failed.state} with ${failed.exitCode}: ${last}`),
      );
      failure.signal.throwIfAborted();
    }
    return states.every(({ state }) => state === "COMPLETED") ? states : undefined;
  }, { signal, timeoutMs: TIMEOUT_MS, everyMs: 250 });
}

/** Stops a task once it has finished some parts, and watches its parts until the table is whole. */
async function stopTask(
  { task, what, command: [program, ...options] }: typeof STOPS[number],
  { cluster, job, table, signal }: Submitted,
): Promise<{ task: number; what: string; before: Parts; after: Parts }> {
  const own = shardPath(table, { index: task, count: TASKS });
  const id = `${job}_${task}`;
  const waiting = { signal, timeoutMs: TIMEOUT_MS, everyMs: 10 };
  const before = await waitFor(`parts of task ${task}`, () => {
    if (existsSync(own)) {
      throw new Error(`Cannot stop task ${task} in the middle: it has ended: give it more work`);
    }
    const parts = readParts(own);
    return parts.size >= PARTS_BEFORE ? parts : undefined;
  }, waiting);
  await cluster.call(program, ...options, id);
  let after = before;
  await waitFor(`the end of task ${task}`, () => {
    const parts = readParts(own);
    if (parts.size >= after.size) after = parts; // fewer while they are removed at the end
    return existsSync(own) && parts.size === 0 || undefined;
  }, waiting);
  return { task, what, before, after };
}
