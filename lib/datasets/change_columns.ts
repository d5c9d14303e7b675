/**
 * The columns of `evaluate` that tell how sure a change is.
 *
 * @module
 */
import type { Columns } from "./columns.ts";

/**
 * Beside each mean: the 95 % interval of what it is more than the model before's, on rows drawn for both; of the set
 * `relearned`, more than the same model's on the forget set.
 */
export const CHANGE_COLUMNS = {
  ma_change_low: "float?",
  ma_change_high: "float?",
  el_3_change_low: "float?",
  el_3_change_high: "float?",
  el_5_change_low: "float?",
  el_5_change_high: "float?",
  el_10_change_low: "float?",
  el_10_change_high: "float?",
  nll_change_low: "float?",
  nll_change_high: "float?",
} as const satisfies Columns;
