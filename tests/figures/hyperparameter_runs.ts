/**
 * Runs with one thing changed at a time, for the tests of the hyperparameters' figures.
 *
 * @module
 */
import type { HyperparameterRow, RunSettings } from "../../lib/figures/hyperparameter_runs.ts";

/** From which one thing at a time is changed. */
export const PRESET: RunSettings = { method: "codeeraser", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };

/** A run of as many epochs as there are scores of the forget and the retain set. */
export function makeRun(
  settings: Partial<RunSettings>,
  scores: readonly (readonly [ma: number, retain: number])[],
  status = "reached",
): HyperparameterRow[] {
  return scores.map(([ma, retain_ma], epoch) => ({
    ...PRESET,
    ...settings,
    ...{ epoch, ma, retain_ma, el_10: null, loss: null, kept: true, status },
    unseen_nll: epoch === 0 ? 3 : epoch === scores.length - 1 ? 3.5 : null,
  }));
}
