/**
 * `deno task faults`: lets every file operation of every command fail, or kills the command at it, runs the same command
 * line again, and compares bytes and leftovers with a run that nothing disturbed, as SQLite tests itself; then the same
 * with signals at random moments. Apart from the tests, as it takes an hour.
 *
 * What is hooked: all that Deno does to files (`hooks.ts`). Polars' own writing of a table counts as one operation, and
 * so does each call of Deno that is more than one of the system's; the half of those is a point of its own. What the
 * tokenizers' library writes while it trains one is not hooked.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../lib/cli/console.ts";
import { type Draw, drawer } from "../fuzz/mutations.ts";
import { type Scenario, SCENARIOS } from "./cases.ts";
import {
  isRefused,
  isWhole,
  judgeFault,
  judgeFiles,
  judgeInputs,
  judgeRerun,
  judgeSignal,
  type Undisturbed,
  wasInterrupted,
} from "./judge.ts";
import { type Mode, MODES, pointsOf } from "./plan.ts";
import { prepare } from "./prepare.ts";
import { type Run, type Signal, Slot, type Trouble } from "./slot.ts";

/** Which faults to try. */
export interface FaultOptions {
  /** Which scenarios, by their names. */
  isChosen: (name: string) => boolean;
  modes: readonly Mode[];
  /** The operations, from and to. */
  points: readonly [number, number];
  /** At most so many faults of a scenario, chosen by the seed. */
  sample: number;
  /** Random signals of a scenario. */
  signals: number;
  seed: number;
  /** Scenarios at once. */
  jobs: number;
  /** A folder for the files of what failed. */
  keep?: string;
  /** Takes a line for each failure and each scenario. */
  log: (line: string) => void;
}

/** What came of a scenario. */
export interface Result {
  name: string;
  operations: number;
  tried: number;
  /** A line for each that failed. */
  failures: string[];
}

/** One try: faults one after the other, then the command line undisturbed. */
interface Try {
  name: string;
  troubles: Trouble[];
}

/** Tries the faults of all scenarios. */
export async function findFaults(options: FaultOptions): Promise<Result[]> {
  const waiting = SCENARIOS.filter(({ name }) => options.isChosen(name));
  const results: Result[] = [];
  const root = await Deno.makeTempDir({ prefix: "codescrub-faults-" });
  const stop = () => {
    Deno.removeSync(root, { recursive: true });
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", stop);
  try {
    await Promise.all(Array.from({ length: options.jobs }, async (_, job) => {
      const slot = new Slot(join(root, `slot-${job}`));
      for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
        results.push(await tryScenario(scenario, slot, options));
      }
    }));
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    await Deno.remove(root, { recursive: true });
  }
  const order = SCENARIOS.map(({ name }) => name);
  return results.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

async function tryScenario(scenario: Scenario, slot: Slot, options: FaultOptions): Promise<Result> {
  const { name, env = {} } = scenario;
  await using server = scenario.serve?.();
  slot.host = server ? new URL(server.endpoint).host : null;
  const args = await prepare(scenario, slot, server?.endpoint);
  const run = (trouble?: Trouble) => slot.run(args, env, trouble);
  const before = slot.snapshot();
  const undisturbed: Undisturbed = {
    run: await run(),
    before,
    after: slot.snapshot(),
    times: scenario.times,
  };
  const known = new Map<string, string[]>();
  const draw = drawer(Math.imul(options.seed + SCENARIOS.indexOf(scenario), 0x9E3779B1)); // near seeds draw alike
  const tries = chooseTries(undisturbed.run, options, draw);
  const failures = tries.length > 1 ? await checkUndisturbed(run, slot, undisturbed) : [];
  for (const [i, one] of tries.entries()) {
    const keep = options.keep && join(options.keep, name, one.name.split(" (")[0]!);
    const problems = await tryFault(one, { run, slot, undisturbed, known, keep });
    if (keep && problems.length === 0) Deno.removeSync(keep, { recursive: true });
    if (problems.length > 0) {
      failures.push(slot.shorten(`${name}: ${one.name}: ${problems.join("; ")}`));
      options.log(`FAILED ${failures.at(-1)}`);
    }
    if ((i + 1) % 50 === 0) options.log(`${name}: ${i + 1} of ${tries.length}`);
  }
  const result = { name, operations: undisturbed.run.operations.length, tried: tries.length, failures };
  options.log(`${name}: ${tries.length} tried, ${failures.length} failed`);
  return result;
}

/** A second run has the same operations and bytes: else nothing could be compared. */
async function checkUndisturbed(
  run: () => Promise<Run>,
  slot: Slot,
  undisturbed: Undisturbed,
): Promise<string[]> {
  await slot.reset();
  const again = await run();
  const problems = judgeFiles(slot, undisturbed);
  if (!isWhole(again, undisturbed)) problems.push(`it ends with ${again.code}: ${again.stderr}`);
  const [first, second] = [undisturbed.run, again].map(({ operations }) => operations.length);
  if (first !== second) problems.push(`it has ${first} operations once and ${second} again`);
  return problems.length > 0 ? [`${slot.shorten(problems.join("; "))} without a fault`] : [];
}

/** All faults of a scenario, or a sample of them. */
function chooseTries({ operations, milliseconds }: Run, options: FaultOptions, draw: Draw): Try[] {
  const [from, to] = options.points;
  const faults = options.modes.flatMap((mode) =>
    pointsOf(mode, operations).filter((at) => at >= from && at <= to).map((at): Try => {
      const { name, path } = operations[at - 1]!;
      return { name: `${mode} ${at} (${name} ${path})`, troubles: [{ fault: { mode, at } }] };
    })
  );
  while (faults.length > options.sample) faults.splice(draw(faults.length), 1);
  return [...faults, ...Array.from({ length: options.signals }, () => drawSignals(draw, milliseconds))];
}

/** One signal or two, one run after the other, each at a moment of the undisturbed run's time. */
function drawSignals(draw: Draw, milliseconds: number): Try {
  const signals = Array.from({ length: 1 + draw(2) }, (): Signal => ({
    name: (["SIGINT", "SIGTERM", "SIGKILL"] as const)[draw(3)]!,
    afterMs: draw(Math.ceil(milliseconds)),
  }));
  const name = signals.map(({ name, afterMs }) => `${name} after ${afterMs} ms`).join(", ");
  return { name, troubles: signals.map((signal) => ({ signal })) };
}

interface Bench {
  run: (trouble?: Trouble) => Promise<Run>;
  slot: Slot;
  undisturbed: Undisturbed;
  /** What was found in a state of the files that was met before: the next run does the same again. */
  known: Map<string, string[]>;
  keep: string | undefined;
}

/** What is wrong after a fault. */
async function tryFault(
  { troubles }: Try,
  { run, slot, undisturbed, known, keep }: Bench,
): Promise<string[]> {
  await slot.reset();
  const problems: string[] = [];
  let disturbed: Run | undefined;
  for (const trouble of troubles) {
    const next = await run(trouble);
    if (disturbed && isRefused(next)) break; // the fault before came after the last step: the next run says so too
    disturbed = next;
    problems.push(
      ...trouble.fault
        ? judgeFault(disturbed, trouble.fault.mode, undisturbed)
        : judgeSignal(disturbed, trouble.signal!, undisturbed),
      ...judgeInputs(slot, undisturbed),
    );
    if (isWhole(disturbed, undisturbed)) break;
  }
  if (keep) await slot.keep(join(keep, "after"), disturbed!);
  if (isWhole(disturbed!, undisturbed)) return [...problems, ...judgeFiles(slot, undisturbed)];
  const state = JSON.stringify([wasInterrupted(disturbed!), ...slot.snapshot(disturbed)]);
  let later = known.get(state);
  if (!later) {
    const rerun = await run();
    later = [...judgeRerun(rerun, disturbed!, undisturbed), ...judgeFiles(slot, undisturbed)];
    known.set(state, later);
    if (keep) await slot.keep(join(keep, "rerun"), rerun);
  }
  return [...problems, ...later];
}

/** The counts as a table. */
export function formatResults(results: readonly Result[]): string {
  const rows = results.map((
    { name, operations, tried, failures },
  ) => [name, operations, tried, failures.length]);
  const sums = [1, 2, 3].map((i) => rows.reduce((sum, row) => sum + Number(row[i]), 0));
  return formatTable(["command", "operations", "tried", "failed"], [...rows, ["in all", ...sums]]);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      command: { type: "string", multiple: true, default: [] },
      mode: { type: "string", multiple: true, default: [...MODES] },
      points: { type: "string", default: "1-" },
      sample: { type: "string", default: "1000000" },
      signals: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: "2" },
      keep: { type: "string" },
    },
  });
  const unknown = values.mode.find((mode) => !(MODES as readonly string[]).includes(mode));
  if (unknown !== undefined) throw new RangeError(`Unknown mode "${unknown}": expected ${MODES.join(", ")}`);
  const [from = 1, to = 0] = values.points.split("-").map(Number);
  const results = await findFaults({
    isChosen: (name) => values.command.length === 0 || values.command.some((word) => name.includes(word)),
    modes: values.mode as Mode[],
    points: [from, to || Infinity],
    sample: Number(values.sample),
    signals: Number(values.signals),
    seed: Number(values.seed),
    jobs: Number(values.jobs),
    ...(values.keep !== undefined && { keep: values.keep }),
    log: (line) => console.log(line),
  });
  console.log(formatResults(results));
  Deno.exit(results.some(({ failures }) => failures.length > 0) ? 1 : 0);
}
