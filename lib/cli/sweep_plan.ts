/**
 * `sweep --plan`: how many runs there are, how long they take at most and how much memory the largest needs. An epoch of each
 * kind of run that fits is timed on random tokens, with as many rows at once as the run will have, for which the model is
 * loaded; runs that are done say better how long those like them take.
 *
 * @module
 */
import { join } from "node:path";
import { existsSync } from "node:fs";
import { FORGET_COLUMNS } from "../datasets/columns.ts";
import { SET_ROWS } from "../datasets/forget_set.ts";
import { readRows } from "../datasets/row_table.ts";
import { CONTROL_SETS } from "../attacks/control_rows.ts";
import { mean } from "../metrics/mean.ts";
import { timeStep } from "../training/time_step.ts";
import { LASTING_WINDOWS } from "../unlearning/lasting.ts";
import type { CommandResult, Context } from "./command.ts";
import { formatTable } from "./console.ts";
import type { GivenDevices } from "./devices_option.ts";
import { gigabytes, memoryLeft } from "./memory.ts";
import { methodParameters } from "./method_options.ts";
import { formatSeconds } from "./progress.ts";
import { judgesEach } from "./stop_rule.ts";
import { openModel } from "./session.ts";
import { type SweepConfig, SWEPT_OPTIONS } from "./sweep_config.ts";
import { SWEEP_FILES } from "./sweep_files.ts";
import { readResult } from "./sweep_run.ts";
import { describeSettings, listRuns, type Settings, type SweepRun, unlearnValues } from "./sweep_runs.ts";
import { fitUnlearning } from "./unlearn_memory.ts";
import { timeEpoch } from "./unlearn_plan.ts";
import { trainedOptions } from "./adapter_options.ts";

/** What else the plan depends on: bytes that a run may take, by default what is free, and devices, by default one. */
type PlanContext = Context & { limit?: number | undefined } & GivenDevices;

/**
 * Says what a sweep takes; writes nothing. TensorFlow must be open.
 *
 * @param out the sweep's folder, which need not be there
 * @throws {Error} as `openModel`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { planSweep } from "./sweep_plan.ts";
 * import { type SweepConfig, SWEPT_OPTIONS } from "./sweep_config.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const study = { methods: ["ga"], k: [1], sets: 2, grid: {}, vary: {} };
 * const config = { model: "/nowhere", unlearn: {}, retain: {}, studies: { a: study } } as unknown as SweepConfig;
 * const own = { progress: createProgress(), breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const context = { ...own, signal: new AbortController().signal, force: false, settings: {} };
 * await assertRejects(() => planSweep(config, "/out", context), Error, 'Cannot find model "/nowhere"');
 * ```
 */
export async function planSweep(
  config: SweepConfig,
  out: string,
  context: PlanContext,
): Promise<CommandResult> {
  const chosen = join(out, SWEEP_FILES.rows);
  const rows = existsSync(chosen) ? (await readRows(chosen, FORGET_COLUMNS)).length : Infinity;
  const runs = listRuns(config, { rows, seed: context.seed });
  const plans = [];
  let bytes = 0;
  for (const own of Map.groupBy(runs, (run) => kindOf(config, run)).values()) {
    const results = await Promise.all(own.map(({ name }) => readResult(join(out, SWEEP_FILES.runs, name))));
    const left = own.filter((_, i) => !results[i]);
    const known = results.flatMap((row) => row?.seconds ? [row.seconds] : []);
    const need = await memoryOfRun(config, own[0]!, context);
    bytes = Math.max(bytes, need.bytes);
    const each = known.length > 0
      ? mean(known)
      : left.length === 0
      ? 0
      : need.fits
      ? await longest(config, left[0]!, { ...context, microBatch: need.microBatch })
      : null;
    const [{ method, k, settings }] = own as [SweepRun];
    const named = describeSettings(paceOf(settings));
    const kind = `${method}, ${k} rows${named && `, ${named}`}`;
    plans.push({ kind, runs: own.length, left: left.length, each, isKnown: known.length > 0 });
  }
  const seconds = plans.reduce((sum, { left, each }) => sum + left * (each ?? 0), 0);
  const isPart = plans.some(({ each }) => each === null);
  const left = plans.reduce((sum, plan) => sum + plan.left, 0);
  const most = rows === Infinity ? ", at most: detection tells how many forget sets there are" : "";
  return {
    text: [
      formatTable(
        ["runs of", "runs", "left", "each"],
        plans.map(({ kind, runs, left, each, isKnown }) => [
          kind,
          runs,
          left,
          each === null
            ? "not measured: it does not fit"
            : `${isKnown ? "about" : "at most"} ${formatSeconds(1000 * each)}`,
        ]),
      ),
      `Runs: ${runs.length}, ${left} of them left${most}`,
      `Time: at most about ${
        formatSeconds(1000 * seconds)
      } of unlearning by one process, and that of evaluating${config.attack ? " and attacking" : ""}${
        isPart ? "; without the runs that do not fit" : ""
      }`,
      `Memory: about ${gigabytes(bytes)} for the largest run`,
    ].join("\n"),
    summary: {
      plan: true,
      ...{ runs: runs.length, done: runs.length - left, seconds: Number(seconds.toPrecision(3)) },
      memory_bytes: bytes,
    },
  };
}

/** Settings that change how long a run takes, or how much memory. */
const PACE: readonly string[] = [
  ...["microBatch", "checkpointLayers", "optimizer", "lora", "held", "epochs", "compat", "stop", "scope"],
  ...["lasting", "cycles", "benignSteps"],
];

function paceOf(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => PACE.includes(name)));
}

/** The same text for runs that take as long and as much. */
function kindOf(config: SweepConfig, { method, k, settings }: SweepRun): string {
  return JSON.stringify([method, k, paceOf(unlearnValues(config.unlearn, settings))]);
}

/** What a run works with. */
function workOf(config: SweepConfig, { method, settings }: SweepRun) {
  const values = unlearnValues(config.unlearn, settings);
  const { microBatch, held } = SWEPT_OPTIONS;
  return {
    ...values,
    ...methodParameters({ method, ...values }),
    ...{ model: config.model, method, dtype: (config.dtype ?? "float32") as "float32" },
    microBatch: values.microBatch ?? microBatch.default,
    controlSets: judgesEach(values) ? values.held ?? held.default ?? CONTROL_SETS : 0,
    retainRows: Number(config.retain.k ?? SET_ROWS),
  };
}

/** What a run takes, with how many rows at once, and whether that is there. */
async function memoryOfRun(
  config: SweepConfig,
  run: SweepRun,
  { devices, hosts, ...context }: PlanContext,
): Promise<{ bytes: number; microBatch: number; fits: boolean }> {
  const work = { ...workOf(config, run), devices, hosts };
  const row = { doc_id: "", window: 0, spans: '[["KEY",0,32]]', ma: 1, mask_tokens: 32 };
  const { bytes, microBatch } = await fitUnlearning(work, {
    forgetRows: Array.from({ length: run.k }, () => row),
    retainRows: Array.from({ length: work.retainRows }, () => ({ doc_id: "", bleu4: 1 })),
  }, { ...context, log: () => {} });
  const free = context.limit ?? memoryLeft();
  return { bytes, microBatch, fits: free === null || bytes <= free };
}

/** The seconds of a run that takes all epochs that it may. */
async function longest(
  config: SweepConfig,
  run: SweepRun,
  { microBatch, ...context }: Context & { microBatch: number },
): Promise<number> {
  const { dtype, epochs, retainRows, lasting, ...work } = workOf(config, run);
  const { cycles, benignSteps } = SWEPT_OPTIONS;
  const trainings = (work.cycles ?? cycles.default) * (work.benignSteps ?? benignSteps.default);
  using session = await openModel(config.model, context, {
    ...trainedOptions(work, run.seed),
    products: dtype,
  });
  const { model } = session.loaded;
  const training = lasting ? trainings * await timeStep(model, LASTING_WINDOWS.length) : 0;
  return training + epochs * await timeEpoch(model, { ...work, microBatch, forgetRows: run.k, retainRows });
}
