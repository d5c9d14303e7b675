/**
 * Means of a sweep's runs over forget sets and seeds, with their spread: each study's runs by method, size and settings.
 *
 * @module
 */
import type { RowOf } from "../datasets/row_table.ts";
import {
  type SWEEP_COLUMNS,
  type SWEEP_DIFFERENCE_COLUMNS,
  SWEEP_LATER_COLUMNS,
  type SWEEP_MEAN_COLUMNS,
  SWEEP_MEASURES,
} from "../datasets/sweep_columns.ts";
import { bootstrapDifference, bootstrapMean, type Sample } from "../metrics/bootstrap.ts";
import { mean } from "../metrics/mean.ts";

/** A row of the table of runs. */
export type SweepRunRow = RowOf<typeof SWEEP_COLUMNS> & Partial<RowOf<typeof SWEEP_LATER_COLUMNS>>;

/** A column of what is measured. */
export type SweepMeasure = keyof typeof SWEEP_MEASURES | keyof typeof SWEEP_LATER_COLUMNS;

/** A row of the table of means. */
export type SweepMeanRow = RowOf<typeof SWEEP_MEAN_COLUMNS> & Partial<RowOf<typeof SWEEP_DIFFERENCE_COLUMNS>>;

/**
 * What runs have in common that differ in set and seed alone, as a key.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepGroup } from "./sweep_means.ts";
 *
 * assertEquals(sweepGroup({ method: "ga", k: 8, settings: null }), '["ga",8,null]');
 * ```
 */
export function sweepGroup({ method, k, settings }: Pick<SweepMeanRow, "method" | "k" | "settings">): string {
  return JSON.stringify([method, k, settings]);
}

/** The names of what is measured. */
const MEASURES = [
  ...Object.keys(SWEEP_MEASURES),
  ...Object.keys(SWEEP_LATER_COLUMNS),
] as SweepMeasure[];

/**
 * The means, a row a measure; a run that was not measured counts in none. The interval is the bootstrap's over runs, those
 * of one forget set drawn together: of five sets it is narrower than the truth, as small samples' are. What a setting
 * changed is the mean, and likewise the interval, of each run's value less that of the run of the same study, method, size,
 * set and seed that has no settings of its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type SweepRunRow, sweepMeans } from "./sweep_means.ts";
 *
 * const run = { studies: "methods", method: "ga", k: 8, settings: null } as SweepRunRow;
 * const rows = sweepMeans([{ ...run, set: 0, ma: 0.25 }, { ...run, set: 1, ma: 0.75 }]);
 * const [{ measure, runs, mean, low, high } = rows[0]!] = rows;
 * assertEquals([rows.length, measure, runs, mean, low, high], [1, "ma", 2, 0.5, 0.25, 0.75]);
 * ```
 */
export function sweepMeans(rows: readonly SweepRunRow[]): Required<SweepMeanRow>[] {
  const studies = [...new Set(rows.flatMap(({ studies }) => studies.split(",")))];
  return studies.flatMap((study) => {
    const own = rows.filter(({ studies }) => studies.split(",").includes(study));
    const groups = Map.groupBy(own, sweepGroup);
    return [...groups.values()].flatMap((runs) => {
      const { method, k, settings } = runs[0]!;
      const usual = settings === null ? [] : groups.get(sweepGroup({ method, k, settings: null })) ?? [];
      return MEASURES.flatMap((measure) => meanOf(study, { measure, runs, usual }));
    });
  });
}

function meanOf(
  study: string,
  { measure, runs, usual }: {
    measure: SweepMeasure;
    runs: readonly SweepRunRow[];
    usual: readonly SweepRunRow[];
  },
): Required<SweepMeanRow>[] {
  const isMeasured = (run: SweepRunRow) => typeof run[measure] === "number";
  const sampleOf = (own: readonly SweepRunRow[]): Sample => ({
    values: own.map((run) => run[measure]!),
    clusters: own.map(({ set }) => `${set}`),
  });
  const measured = runs.filter(isMeasured);
  if (measured.length === 0) return [];
  const { method, k, settings } = measured[0]!;
  const sample = sampleOf(measured);
  const { estimate, low, high } = bootstrapMean(sample);
  const pairs = measured.flatMap((run) => {
    const other = usual.find(({ set, seed }) => set === run.set && seed === run.seed);
    return other && isMeasured(other) ? [{ run, other }] : [];
  });
  const change = pairs.length === 0 ? undefined : bootstrapDifference(
    sampleOf(pairs.map(({ run }) => run)),
    sampleOf(pairs.map(({ other }) => other)),
  );
  return [{
    ...{ study, method, k, settings, measure, runs: measured.length },
    ...{ mean: estimate, deviation: deviationOf(sample.values), low, high },
    difference: change?.estimate ?? null,
    ...{ difference_low: change?.low ?? null, difference_high: change?.high ?? null },
  }];
}

/** The sample's standard deviation; null of one value. */
function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}
