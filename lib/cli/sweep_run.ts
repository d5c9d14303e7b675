/**
 * One run of a sweep: unlearning, what the model knows and can do after it, and a row of all that. The row is the last that
 * is written, so a run with one is done; one without goes on where it was stopped.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EVALUATION_COLUMNS, HUMANEVAL_PROBLEM_COLUMNS } from "../datasets/columns.ts";
import { THRESHOLD_METRICS } from "../datasets/metrics.ts";
import { readRows, type RowOf } from "../datasets/row_table.ts";
import { SETTING_COLUMNS, SWEEP_MEASURES } from "../datasets/sweep_columns.ts";
import { reductionOf } from "../evaluation/paper_results.ts";
import type { SweepRunRow } from "../evaluation/sweep_means.ts";
import { makeFolder, removePath } from "../files/folders.ts";
import { readRegularText } from "../files/read_file.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { mean } from "../metrics/mean.ts";
import { RUN_FILES } from "../report/run_files.ts";
import { type Json, type OptionValues, UsageError } from "./command.ts";
import { command as attack } from "./commands/attack.ts";
import { command as evaluate } from "./commands/evaluate.ts";
import { command as humaneval } from "./commands/humaneval.ts";
import { command as unlearn } from "./commands/unlearn.ts";
import { methodParameters } from "./method_options.ts";
import { writesAdapter } from "./save_trained.ts";
import { Stages } from "./stages.ts";
import { judgesEach } from "./stop_rule.ts";
import { attackFlags, type AttackMeasures, attackMeasures, readAttacks } from "./sweep_attacks.ts";
import { attacksBefore, beforeFile, forgetFile, SWEEP_FILES, SWEEP_RUN_FILES } from "./sweep_files.ts";
import type { SweepConfig, SWEPT_OPTIONS } from "./sweep_config.ts";
import { describeSettings, type SweepRun, unlearnValues } from "./sweep_runs.ts";
import { evaluationFlags, type SharedWork } from "./sweep_stages.ts";
import { MATCHED } from "./unlearn_thresholds.ts";

/** A row of the table of runs, without what the file of the sweep says of it today. */
export type SweepRow = Omit<SweepRunRow, "studies">;

const MAX_RESULT_BYTES = 2 ** 20;

/**
 * The row of a run that is done; undefined where it is not.
 *
 * @param folder the run's
 * @throws {Error} when it cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readResult } from "./sweep_run.ts";
 *
 * assertEquals(await readResult(await Deno.makeTempDir()), undefined);
 * ```
 */
export async function readResult(folder: string): Promise<SweepRow | undefined> {
  const path = join(folder, SWEEP_RUN_FILES.result);
  if (!existsSync(path)) return undefined;
  const text = await readRegularText(path, { what: "the result", maxBytes: MAX_RESULT_BYTES });
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(
      `Cannot read "${path}": it is no result of a run: remove it, and the run is made again`,
    );
  }
}

/**
 * Refuses to go on beside runs that are done and had other parameters than they would have now: those that the file does not
 * name are the methods' defaults, which another version may have otherwise.
 *
 * @param out the sweep's folder
 * @throws {UsageError} naming the first
 *
 * @example
 * ```ts
 * import { checkDone } from "./sweep_run.ts";
 *
 * const run = { name: "ga", studies: [], method: "ga" as const, seed: 1, k: 1, set: 0, settings: {} };
 * await checkDone(await Deno.makeTempDir(), { unlearn: {} }, [run]); // none is done
 * ```
 */
export async function checkDone(
  out: string,
  { unlearn }: Pick<SweepConfig, "unlearn">,
  runs: readonly SweepRun[],
) {
  for (const { name, method, settings } of runs) {
    const folder = join(out, SWEEP_FILES.runs, name);
    const done = await readResult(folder);
    if (!done) continue;
    const now = settingCells(method, unlearnValues(unlearn, settings));
    const columns = Object.keys(SETTING_COLUMNS) as (keyof typeof SETTING_COLUMNS)[];
    const column = columns.find((column) => now[column] !== (done[column] ?? null));
    if (column === undefined) continue;
    throw new UsageError(
      `Cannot go on in "${out}": run ${name} had ${column} ${
        done[column]
      }, another version's default, and would ` +
        `have ${now[column]} now: give another --out, or remove "${folder}", and it is made again`,
    );
  }
}

/**
 * Makes a run, or the rest of it.
 *
 * @param out the sweep's folder
 * @returns its row
 * @throws {Error} as the commands
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { makeRun } from "./sweep_run.ts";
 * import type { SharedWork } from "./sweep_stages.ts";
 *
 * const signal = new AbortController().signal;
 * const own = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const config = { model: "embedded", reading: {}, unlearn: {} };
 * const work = { config, texts: { corpus: "/c" }, context: { ...own, force: false, settings: {} } };
 * const run = { name: "ga", studies: [], method: "ga" as const, seed: 1, k: 1, set: 0, settings: {} };
 * const making = async () => makeRun(await Deno.makeTempDir(), work as unknown as SharedWork, run);
 * await assertRejects(making, Error, "k1_set0.parquet");
 * ```
 */
export async function makeRun(out: string, work: SharedWork, run: SweepRun): Promise<SweepRow> {
  const { config, texts, machine, context } = work;
  const folder = join(out, SWEEP_FILES.runs, run.name);
  await makeFolder(folder);
  const unlearning = new Stages({ ...context, seed: run.seed }, folder, { goesOn: true });
  const stages = new Stages(context, folder, { goesOn: true }); // which texts are measured is the sweep's to say
  const values = unlearnValues(config.unlearn, run.settings);
  const after = stages.path(SWEEP_RUN_FILES.model);
  const isContinued = existsSync(after);
  const [forget, retain] = [forgetFile(out, run), join(out, RUN_FILES.retain)];
  const { model, dtype, reading } = config;
  const { summary } = await unlearning.run("unlearning", unlearn, {
    ...{ ...reading, ...values, ...machine, model, dtype, corpus: texts.corpus, forget, retain },
    ...{ method: run.method, benign: values.lasting ? texts.lastingBenign : undefined },
    thresholds: judgesEach(values) ? MATCHED : join(out, RUN_FILES.thresholds),
    out: after,
  });
  const named = writesAdapter(values) ? { model, adapter: after } : { model: after };
  const evaluation = stages.path(SWEEP_RUN_FILES.evaluation);
  const flags = { ...evaluationFlags(work, retain), benign: texts.benign, forget, out: evaluation };
  await stages.run("evaluating", evaluate, { ...flags, ...named, model: [named.model] });
  const attacked = stages.path(SWEEP_RUN_FILES.attacks);
  if (config.attack) {
    await stages.run("attacking", attack, { ...attackFlags(work, forget), ...named, out: attacked });
  }
  const passed = stages.path(SWEEP_RUN_FILES.humaneval);
  if (config.humaneval) {
    await stages.run("humaneval", humaneval, { ...config.humaneval, ...named, dtype, out: passed });
  }
  const { name, method, seed, k, set, settings } = run;
  const row: SweepRow = {
    ...{ run: name, method, seed, k, set, settings: describeSettings(settings) || null },
    ...{ lr: values.lr, max_epochs: values.epochs, stop: values.stop, compat: values.compat },
    ...settingCells(method, values),
    status: String(summary.status),
    ...await measuresOf({ summary, after: evaluation, before: beforeFile(out, run) }),
    seconds: isContinued ? null : unlearning.seconds["unlearning"]!,
    memory_bytes: Number(summary.memory_bytes),
    ...attackMeasures(await readAttacks(attacked), await readAttacks(attacksBefore(out, run))),
    ...config.humaneval && {
      pass_at_1: await passRate(passed),
      pass_at_1_before: await passRate(join(out, SWEEP_FILES.before, SWEEP_RUN_FILES.humaneval)),
    },
  };
  const history = await Deno.readFile(join(after, SWEEP_RUN_FILES.history));
  await writeFileAtomic(stages.path(SWEEP_RUN_FILES.history), history);
  await writeFileAtomic(stages.path(SWEEP_RUN_FILES.result), JSON.stringify(row, null, 2) + "\n");
  await tidyRun(folder, config);
  return row;
}

/**
 * Removes the model of a run that is done, unless models are kept.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tidyRun } from "./sweep_run.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/model`);
 * await tidyRun(folder, { keepModels: false });
 * assertEquals([...Deno.readDirSync(folder)], []);
 * ```
 */
export async function tidyRun(folder: string, { keepModels }: { keepModels: boolean }): Promise<void> {
  const model = join(folder, SWEEP_RUN_FILES.model);
  if (!keepModels && existsSync(model)) await removePath(model);
}

/** A method's parameters by their columns. */
function settingCells(
  method: string,
  values: OptionValues<typeof SWEPT_OPTIONS>,
): RowOf<typeof SETTING_COLUMNS> {
  const parameters: { [name: string]: unknown } = { ...methodParameters({ method, ...values }) };
  const camel = (column: string) => column.replace(/_[a-z]/g, (part) => part[1]!.toUpperCase());
  return Object.fromEntries(
    Object.keys(SETTING_COLUMNS).map((column) => [column, parameters[camel(column)] ?? null]),
  ) as RowOf<typeof SETTING_COLUMNS>;
}

/** All that was measured, by column. */
async function measuresOf(
  { summary, after: path, before: pathBefore }: {
    summary: { [key: string]: Json };
    after: string;
    before: string;
  },
): Promise<RowOf<typeof SWEEP_MEASURES> & Pick<AttackMeasures, "relearned_ma">> {
  const [after, before] = await Promise.all(
    [path, pathBefore].map((file) => readRows(file, EVALUATION_COLUMNS)),
  );
  const find = (rows: typeof after, set: string) => rows!.find((row) => row.set === set);
  const [forget, forgetBefore] = [find(after, "forget"), find(before, "forget")];
  const measures: { [column: string]: number | null } = Object.fromEntries(
    Object.keys(SWEEP_MEASURES).map((column) => [column, null]),
  );
  for (const metric of THRESHOLD_METRICS) {
    measures[metric] = forget?.[metric] ?? null;
    measures[`${metric}_before`] = forgetBefore?.[metric] ?? null;
  }
  for (const [set, metrics] of [["retain", ["ma", "el_10"]], ["unseen", ["ma", "nll"]]] as const) {
    for (const metric of metrics) {
      measures[`${set}_${metric}`] = find(after, set)?.[metric] ?? null;
      measures[`${set}_${metric}_before`] = find(before, set)?.[metric] ?? null;
    }
  }
  const { ma, el_10 } = summary.thresholds as { ma: number; el_10: number };
  const { retain_ma: kept, retain_ma_before: whole } = measures;
  return {
    ...measures as RowOf<typeof SWEEP_MEASURES>,
    ...{
      epoch: Number(summary.epoch),
      epochs: Number(summary.epochs),
      ma_threshold: ma,
      el_10_threshold: el_10,
    },
    relearned_ma: find(after, "relearned")?.ma ?? null,
    reduction: forget && forgetBefore ? reductionOf(forgetBefore, forget) : null,
    retention: kept === null || !whole ? null : kept! / whole,
  };
}

/** pass@1 over all problems. */
async function passRate(folder: string): Promise<number> {
  const rows = await readRows(join(folder, "problems.parquet"), HUMANEVAL_PROBLEM_COLUMNS);
  return mean(rows.map((row) => row.pass_at_1));
}
