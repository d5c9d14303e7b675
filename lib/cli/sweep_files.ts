/**
 * Where a sweep's files lie in its folder: what all runs share by the names of a run's tables, so that `report` shows it.
 *
 * @module
 */
import { join } from "node:path";
import { RUN_FILES } from "../report/run_files.ts";

/** Names that are the sweep's own. */
export const SWEEP_FILES = {
  rows: "rows.parquet",
  sets: RUN_FILES.sets,
  before: "before",
  runs: "runs",
  table: RUN_FILES.sweep,
  tableCsv: "runs.csv",
  means: RUN_FILES.sweepMeans,
  meansCsv: "means.csv",
  tables: "tables.md",
  page: "report.html",
} as const;

/** Names of a run's own, in its folder. */
export const SWEEP_RUN_FILES = {
  model: "model",
  evaluation: RUN_FILES.evaluation,
  humaneval: "humaneval",
  attacks: "attacks",
  history: "history.parquet",
  result: "result.json",
} as const;

/**
 * The name of a forget set, of its file and of what is measured of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setName } from "./sweep_files.ts";
 *
 * assertEquals(setName({ k: 32, set: 0 }), "k32_set0");
 * ```
 */
export function setName({ k, set }: { k: number; set: number }): string {
  return `k${k}_set${set}`;
}

/**
 * The file of a forget set.
 *
 * @param out the sweep's folder
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { forgetFile } from "./sweep_files.ts";
 *
 * assertEquals(forgetFile("out", { k: 32, set: 0 }), "out/sets/k32_set0.parquet");
 * ```
 */
export function forgetFile(out: string, of: { k: number; set: number }): string {
  return join(out, SWEEP_FILES.sets, `${setName(of)}.parquet`);
}

/**
 * The scores of a forget set, the retain set and unseen texts under the model as it came.
 *
 * @param out the sweep's folder
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { beforeFile } from "./sweep_files.ts";
 *
 * assertEquals(beforeFile("out", { k: 32, set: 0 }), "out/before/k32_set0.parquet");
 * ```
 */
export function beforeFile(out: string, of: { k: number; set: number }): string {
  return join(out, SWEEP_FILES.before, `${setName(of)}.parquet`);
}

/**
 * The attacks on the model as it came, with a forget set's secrets: a folder.
 *
 * @param out the sweep's folder
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { attacksBefore } from "./sweep_files.ts";
 *
 * assertEquals(attacksBefore("out", { k: 32, set: 0 }), "out/before/k32_set0_attacks");
 * ```
 */
export function attacksBefore(out: string, of: { k: number; set: number }): string {
  return join(out, SWEEP_FILES.before, `${setName(of)}_${SWEEP_RUN_FILES.attacks}`);
}
