/**
 * What `deno task study:erasure` found, over all forget sets that are done: a row a method and measure. Intervals of 95 % are
 * over the sets and in each over its secrets, those of one value drawn together also where it stands in several sets, or over
 * the sets alone where a set has one number.
 *
 * @module
 */
import { join } from "node:path";
import type { AttackRow } from "../../lib/attacks/summarize_attacks.ts";
import type { AttackReport } from "../../lib/cli/attack_report.ts";
import { ATTACK_COLUMNS, EVALUATION_COLUMNS, PROBE_COLUMNS } from "../../lib/datasets/columns.ts";
import type { ERASURE_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import { placeKey } from "../../lib/datasets/place.ts";
import { readRows, type RowOf } from "../../lib/datasets/row_table.ts";
import {
  bootstrapMean,
  exactShare,
  type Interval,
  quantile,
  type Sample,
} from "../../lib/metrics/bootstrap.ts";
import { bootstrapRuns, type BootstrapRunsOptions } from "../../lib/metrics/bootstrap_runs.ts";
import { formatInterval } from "../../lib/report/format.ts";
import { RUN_FILES } from "../../lib/report/run_files.ts";

type Row = RowOf<typeof ERASURE_COLUMNS>;
/** Of a single set there is no interval over sets. */
type Measure = Pick<Row, "estimate" | "low" | "high">;

/** What was found of a method on one set. */
interface Trial {
  attacks: AttackRow[];
  report: AttackReport;
  evaluation: RowOf<typeof EVALUATION_COLUMNS>[];
  twins: RowOf<typeof PROBE_COLUMNS>[];
}

/** Sums up a folder of trials, methods by their names. */
export async function sumUpErasure(folder: string): Promise<Row[]> {
  const trials: { method: string; trial: Trial }[] = [];
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  for (const name of names) {
    const [, method] = /^(.+)_(\d+)$/.exec(name) ?? [];
    const path = join(folder, name);
    const isDone = method !== undefined && await Deno.stat(join(path, RUN_FILES.twins)).catch(() => null);
    if (isDone) trials.push({ method: method.replaceAll("_", " "), trial: await readTrial(path) });
  }
  const methods = Map.groupBy(trials, ({ method }) => method);
  return [...methods].flatMap(([method, own]) =>
    Object.entries(measuresOf(own.map(({ trial }) => trial))).map(([measure, found]) => ({
      ...{ method, sets: own.length, measure },
      ...{ estimate: round(found?.estimate), low: round(found?.low), high: round(found?.high) },
    }))
  );
}

function round(value: number | null | undefined): number | null {
  return value == null ? null : Number(value.toPrecision(6));
}

/** A row a measure, a column a method. */
export function erasureTable(rows: readonly Row[]): { header: string[]; cells: string[][] } {
  const methods = [...new Map(rows.map(({ method, sets }) => [method, sets]))];
  const measures = [...new Set(rows.map(({ measure }) => measure))];
  const cell = (method: string, measure: string) => {
    const row = rows.find((row) => row.method === method && row.measure === measure);
    if (row?.estimate == null) return "-";
    return row.low === null ? row.estimate.toFixed(3) : formatInterval(row as Interval);
  };
  return {
    header: ["", ...methods.map(([method, sets]) => `${method} (${sets})`)],
    cells: measures.map((measure) => [measure, ...methods.map(([method]) => cell(method, measure))]),
  };
}

async function readTrial(path: string): Promise<Trial> {
  const attacks = await readRows(join(path, "attacks/attacks.parquet"), ATTACK_COLUMNS);
  return {
    attacks: (attacks as AttackRow[]).filter(({ model }) => model === "after"),
    report: JSON.parse(await Deno.readTextFile(join(path, "attacks/attacks.json"))),
    evaluation: await readRows(join(path, RUN_FILES.evaluation), EVALUATION_COLUMNS),
    twins: await readRows(join(path, RUN_FILES.twins), PROBE_COLUMNS),
  };
}

type Value = (row: AttackRow) => number | null;

interface MeasureOptions extends BootstrapRunsOptions {
  /** Whether the values are 1 for what is so and 0 for what is not. */
  isShare?: boolean;
}

function measuresOf(trials: readonly Trial[]): Record<string, Measure | null> {
  const ofRows = (attack: string, variant: string, value: Value, options: MeasureOptions = {}) =>
    overRuns(trials.map((trial) => sampleOf(trial, { attack, variant, value })), options);
  const relearned = (name: string) => ofRows("relearn", `${name} steps at 0.0003`, difference);
  const perSet = (value: (trial: Trial) => number | null | undefined): Measure | null => {
    const values = trials.flatMap((trial) => value(trial) ?? []);
    if (values.length === 0) return null;
    return values.length === 1 ? { estimate: values[0]!, low: null, high: null } : bootstrapMean({ values });
  };
  const evaluated = (set: string, metric: "ma" | "nll") => (trial: Trial) =>
    trial.evaluation.find((row) => row.set === set)?.[metric];
  return {
    "above their own thresholds, share": ofRows(
      "exposure",
      "ma",
      ({ score, threshold }) => score! > threshold! ? 1 : 0,
      { isShare: true },
    ),
    "MA above controls after 20 steps": relearned("20"),
    "after 100 steps": relearned("100"),
    "after 20 steps on half of the forget set": relearned("half, 20"),
    "after 100 such steps": relearned("half, 100"),
    "extracted by any attack, share": overRuns(trials.map(extractedOf), { isShare: true }),
    "of controls": perSet(({ report }) =>
      report.extracted_by_any.find(({ model }) => model === "after")?.controls?.estimate
    ),
    "exposure, median, bits": ofRows("exposure", "rank", ({ score }) => score, { statistic: median }),
    "membership by loss, area": perSet(({ report }) =>
      report.membership.find(({ model, score }) => model === "after" && score === "loss")?.estimate
    ),
    "MA of never-seen twins": overRuns(trials.map(twinsOf)),
    "MA of the retain set": perSet(evaluated("retain", "ma")),
    "loss on unseen texts, nats": perSet(evaluated("unseen", "nll")),
  };
}

const difference: Value = ({ score, controls_score }) =>
  score === null || controls_score === null ? null : score - controls_score;

const median = (values: readonly number[]) => quantile(values.toSorted((a, b) => a - b), 0.5);

/** An attack's variant on one set; places of one value are a cluster. */
function sampleOf(
  { attacks }: Trial,
  { value, ...wanted }: Pick<AttackRow, "attack" | "variant"> & { value: Value },
): Sample {
  const own = attacks.flatMap((row) => {
    const found = row.attack === wanted.attack && row.variant === wanted.variant ? value(row) : null;
    return found === null ? [] : [{ found, fingerprint: row.fingerprint }];
  });
  return { values: own.map(({ found }) => found), clusters: own.map(({ fingerprint }) => fingerprint) };
}

function extractedOf({ attacks }: Trial): Sample {
  const places = [...Map.groupBy(attacks, placeKey).values()];
  return {
    values: places.map((rows) => rows.some(({ extracted }) => extracted) ? 1 : 0),
    clusters: places.map(([row]) => row!.fingerprint),
  };
}

/** The same twins are measured on every model. */
function twinsOf({ twins }: Trial): Sample {
  const scored = twins.filter(({ ma }) => ma !== null);
  return {
    values: scored.map(({ ma }) => ma!),
    clusters: scored.map(({ doc_id, start }) => `${doc_id} ${start}`),
  };
}

function overRuns(
  runs: readonly Sample[],
  { isShare = false, ...options }: MeasureOptions = {},
): Interval | null {
  if (runs.every(({ values }) => values.length === 0)) return null;
  const interval = bootstrapRuns(runs, options);
  return isShare ? exactShare(interval, new Set(runs.flatMap(({ clusters }) => clusters!)).size) : interval;
}
