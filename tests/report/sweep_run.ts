/** A row of the table of runs. */
import { SWEEP_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import type { SweepRunRow } from "../../lib/evaluation/sweep_means.ts";

const NONE = Object.fromEntries(
  Object.keys(SWEEP_COLUMNS).map((name) => [name, null]),
) as unknown as SweepRunRow;
/** A run of GA. */
export const RUN: SweepRunRow = {
  ...{ ...NONE, run: "ga-k32-set0", studies: "methods", method: "ga", seed: 42, k: 32, set: 0 },
  ...{ lr: 2e-4, max_epochs: 60, stop: "group", compat: "sound", gamma: 0.5, lambda: 0.1, alpha: 1 },
  ...{
    status: "reached",
    epochs: 6,
    ma_threshold: 0.3,
    ma_before: 1,
    ma: 0.2,
    retain_ma_before: 1,
    retain_ma: 0.5,
  },
};
