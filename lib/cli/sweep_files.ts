/**
 * Where a sweep's files lie in its folder: what all runs share by the names of a run's tables, so that `report` shows it.
 *
 * @module
 */
import { join } from "node:path";
import { RUN_FILES, SWEEP_RUN_FILES } from "../report/run_files.ts";
import { setName } from "../report/sweep_run_folder.ts";

/** Names that are the sweep's own. */
export const SWEEP_FILES = {
  rows: "rows.parquet",
  sets: RUN_FILES.sets,
  before: SWEEP_RUN_FILES.before,
  runs: "runs",
  table: RUN_FILES.sweep,
  tableCsv: "runs.csv",
  means: RUN_FILES.sweepMeans,
  meansCsv: "means.csv",
  tables: "tables.md",
  page: "report.html",
} as const;

export { setName, SWEEP_RUN_FILES };

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
