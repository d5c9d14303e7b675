/**
 * A notebook's own runs of unlearning beside those of a table, for figures of both.
 *
 * @module
 */
import type { HYPERPARAMETER_COLUMNS } from "../datasets/columns.ts";
import type { RowOf } from "../datasets/row_table.ts";

/** An epoch of a run, with what the run was set to. */
export type RunEpoch = RowOf<typeof HYPERPARAMETER_COLUMNS>;

/** What own runs stand beside. */
export interface RunsBesideOptions {
  /** What models score on the sets: of unseen texts the loss is taken. */
  results: readonly { readonly set: string; readonly model: string; readonly nll: number | null }[];
  /** Runs of others; those of a setting that an own run has are left out. */
  others: readonly RunEpoch[];
}

/**
 * All epochs of own runs, with the loss on unseen texts where a run's weights were kept last, then those of other runs.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runsBeside } from "./runs_beside.ts";
 *
 * const terms = { loss: null, ce_secret: null, ce_normal: null, kl_forget: null, kl_retain: null };
 * const scores = { ma: 1, el_3: null, el_5: null, el_10: null, retain_ma: 1, unseen_nll: null };
 * const run = { method: "ga", gamma: 1, lambda: 1, alpha: 1, lr: 1e-4, status: "reached", ...terms, ...scores };
 * const own = [0, 1].map((epoch) => ({ ...run, epoch, kept: true }));
 * const others = [{ ...own[0]!, lr: 1e-3 }, { ...own[0]!, status: "diverged" }];
 * const rows = runsBeside(own, { results: [{ set: "unseen", model: "ga", nll: 4.5 }], others });
 * assertEquals(rows.map(({ lr, unseen_nll }) => [lr, unseen_nll]), [[1e-4, null], [1e-4, 4.5], [1e-3, null]]);
 * ```
 */
export function runsBeside(
  runs: readonly RunEpoch[],
  { results, others }: RunsBesideOptions,
): RunEpoch[] {
  const losses = new Map(results.filter(({ set }) => set === "unseen").map(({ model, nll }) => [model, nll]));
  const ends = new Map(runs.filter(({ kept }) => kept).map(({ method, epoch }) => [method, epoch]));
  const settings = new Set(runs.map(settingOf));
  return [
    ...runs.map((row) => {
      const isEnd = row.epoch === ends.get(row.method);
      return { ...row, unseen_nll: isEnd ? losses.get(row.method) ?? null : null };
    }),
    ...others.filter((row) => !settings.has(settingOf(row))),
  ];
}

function settingOf({ method, gamma, lambda, alpha, lr }: RunEpoch): string {
  return [method, gamma, lambda, alpha, lr].join();
}
