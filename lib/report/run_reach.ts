/**
 * How far a run came: detection finds secrets without a model, a model is measured, and then unlearned. A page says only
 * what was done.
 *
 * @module
 */
import { listMethods, type RunTables } from "./run_tables.ts";

/** In order: each has what those before it have. */
export const REACHES = ["found", "measured", "unlearned"] as const;

/** One of them. */
export type RunReach = typeof REACHES[number];

/**
 * How far a run came, by the tables that it has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reachOf } from "./run_reach.ts";
 *
 * const run = { title: "Run", version: "v" };
 * const documents = [{ doc_id: "a", ma: 1 }];
 * assertEquals([reachOf(run), reachOf({ ...run, documents })], ["found", "measured"]);
 * ```
 */
export function reachOf(run: RunTables): RunReach {
  const { sweep, attacks, passes, utility, thresholds, documents, duplication, twins, secrets = [] } = run;
  if (sweep || attacks || passes || utility || listMethods(run).length > 0) return "unlearned";
  const isMeasured = thresholds || documents || duplication || twins || run.results ||
    secrets.some(({ ma_before }) => ma_before !== null);
  return isMeasured ? "measured" : "found";
}
