/**
 * The columns of `sweep`'s tables, and of the study of erasure.
 *
 * @module
 */
import type { Columns } from "./columns.ts";

/** The parameters of methods, each in the column of its name; null where the method has none or a model decides. */
export const SETTING_COLUMNS = {
  scope: "text?",
  retain_loss: "text?",
  gamma: "float?",
  lambda: "float?",
  alpha: "float?",
  beta: "float?",
  beta1: "float?",
  beta2: "float?",
  delta: "float?",
  first: "int?",
  top_p: "float?",
  temperature: "float?",
  layer: "int?",
  steering: "float?",
  dual_step: "float?",
  epsilon: "float?",
  warmup: "int?",
  tokens: "int?",
  neurons: "int?",
  residual_rank: "float?",
  neuron_rank: "float?",
} as const satisfies Columns;

/** What is measured of a run, each in a column; null where it was not. */
export const SWEEP_MEASURES = {
  epoch: "int",
  epochs: "int",
  seconds: "float?",
  ma_threshold: "float",
  el_10_threshold: "float",
  ma_before: "float?",
  el_3_before: "float?",
  el_5_before: "float?",
  el_10_before: "float?",
  ma: "float?",
  el_3: "float?",
  el_5: "float?",
  el_10: "float?",
  reduction: "float?",
  retain_ma_before: "float?",
  retain_el_10_before: "float?",
  retain_ma: "float?",
  retain_el_10: "float?",
  retention: "float?",
  unseen_ma_before: "float?",
  unseen_nll_before: "float?",
  unseen_ma: "float?",
  unseen_nll: "float?",
  pass_at_1_before: "float?",
  pass_at_1: "float?",
} as const satisfies Columns;

/** What else is measured where a sweep attacks its runs, and what a run took of memory; tables of earlier versions lack them. */
export const SWEEP_LATER_COLUMNS = {
  relearned_ma: "float?",
  recovered: "float?",
  extracted_before: "float?",
  extracted: "float?",
  extracted_controls: "float?",
  exposure_before: "float?",
  exposure: "float?",
  membership_before: "float?",
  membership: "float?",
  memory_bytes: "float?",
} as const satisfies Columns;

/** The columns of `sweep`: a row a run. */
export const SWEEP_COLUMNS = {
  run: "text",
  studies: "text",
  method: "text",
  seed: "int",
  k: "int",
  set: "int",
  settings: "text?",
  lr: "float",
  max_epochs: "int",
  stop: "text",
  compat: "text",
  ...SETTING_COLUMNS,
  status: "text",
  ...SWEEP_MEASURES,
} as const satisfies Columns;

/** The columns of `sweep`'s means: a row a measure of the runs of a study that differ in set and seed alone. */
export const SWEEP_MEAN_COLUMNS = {
  study: "text",
  method: "text",
  k: "int",
  settings: "text?",
  measure: "text",
  runs: "int",
  mean: "float",
  deviation: "float?",
  low: "float",
  high: "float",
} as const satisfies Columns;

/** The columns that the table of means has besides: what a setting changed; an earlier version's table has none. */
export const SWEEP_DIFFERENCE_COLUMNS = {
  difference: "float?",
  difference_low: "float?",
  difference_high: "float?",
} as const satisfies Columns;

/** The columns of `data/erasure/erasure.csv`: what each way of unlearning leaves, by measure, with 95 % intervals. */
export const ERASURE_COLUMNS = {
  method: "text",
  sets: "int",
  measure: "text",
  estimate: "float?",
  low: "float?",
  high: "float?",
} as const satisfies Columns;
