/**
 * The checks that need processes of their own: two at once on one device, a run that is stopped and goes on, and
 * TensorFlow's switch for equal bits, which is the whole process's.
 *
 * @module
 */
import { join } from "node:path";
import { oneLine } from "../../lib/files/reason.ts";
import type { CheckOptions, Comparison, DeviceName } from "./check_types.ts";
import { CHECKS } from "./checks.ts";
import { judgeComparison } from "./judge.ts";
import { resumeRows } from "./resume.ts";
import { WorkerRun } from "./run_worker.ts";
import { DETERMINISTIC_XLA } from "./switches.ts";
import type { Row } from "./table.ts";

/** What such a check has. */
export interface ProcessContext extends CheckOptions {
  device: DeviceName;
  /** Where it may write. */
  folder: string;
}

/** A check in processes of its own. */
export interface ProcessCheck {
  name: string;
  what: string;
  isLong?: boolean;
  run(context: ProcessContext): Promise<Row[]>;
}

/** A process that does one check. */
function startWorker(
  check: string,
  name: string,
  { device, folder, quick, ...more }: ProcessContext & {
    isReference?: boolean;
    deterministic?: boolean;
    env?: Record<string, string>;
  },
): WorkerRun {
  const sub = join(folder, name);
  Deno.mkdirSync(sub);
  return new WorkerRun({
    ...{ device, quick, folder: sub, checks: [check], isReference: false, ...more },
    secondsOf: (check) => CHECKS.find(({ name }) => name === check)!.seconds,
  });
}

async function twoProcesses(context: ProcessContext): Promise<Row[]> {
  const small = { ...context, quick: true };
  const [first, second] = [1, 2].map((i) => startWorker("scores", `two_processes_${i}`, small)) as [
    WorkerRun,
    WorkerRun,
  ];
  // on the CPU it would be the same a third time
  const reference = { ...small, device: "cpu" as const, isReference: true };
  const cpu = context.device === "gpu" ? startWorker("scores", "two_processes_cpu", reference) : null;
  await Promise.all([first.ended, second.ended, cpu?.ended]);
  const rows = CHECKS.find(({ name }) => name === "scores")!.rows({ quick: true, device: context.device });
  const comparisons = rows.filter((row): row is Comparison => "pairs" in row);
  const judged = (side: { cpu: WorkerRun; device: WorkerRun }, item: Comparison) =>
    judgeComparison("scores", item, side);
  const result: Row[] = [];
  const base = { check: "two_processes", row: "two processes at once" };
  for (
    const item of comparisons.filter(({ pairs }) => pairs.every(({ part }) => part.startsWith("float32.")))
  ) {
    result.push({
      ...base,
      what: `${short(item)}: one and the other`,
      ...await judged({ cpu: first, device: second }, item),
    });
    if (!cpu) continue;
    result.push({
      ...base,
      what: `${short(item)}: one and the CPU`,
      ...await judged({ cpu, device: first }, item),
    });
  }
  return result;
}

/** What a row compares, in fewer words. */
const short = ({ what }: Comparison) => what.split(/,? (of|positions)/)[0]!;

async function deterministic(context: ProcessContext): Promise<Row[]> {
  const env = { XLA_FLAGS: `${Deno.env.get("XLA_FLAGS") ?? ""} ${DETERMINISTIC_XLA}`.trim() };
  const run = startWorker("repeats", "deterministic", { ...context, deterministic: true, env });
  await run.ended;
  const text = run.notes.get("repeats.repeats");
  const base = { check: "deterministic", row: "deterministic switch", what: DETERMINISTIC_WHAT };
  return [{
    ...base,
    verdict: "information",
    reason: text ?? `it fails: ${run.reasonFor("repeats", "repeats")}`,
  }];
}

const DETERMINISTIC_WHAT = "bits of a repeated gradient step";

/** All of them; what a check throws is its row. */
export const PROCESS_CHECKS: readonly ProcessCheck[] = [
  { name: "two_processes", what: "scores of both", run: twoProcesses },
  { name: "resume", what: "stopped and continued", isLong: true, run: resumeRows },
  { name: "deterministic", what: DETERMINISTIC_WHAT, isLong: true, run: deterministic },
].map((check) => ({
  ...check,
  run: (context) =>
    check.run(context).catch((error): Row[] => [
      { check: check.name, row: check.name, what: check.what, verdict: "fail", reason: oneLine(error) },
    ]),
}));
