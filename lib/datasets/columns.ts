/**
 * The columns of the tables that commands hand to each other (the pipeline's contract), and what every reader checks.
 *
 * @module
 */
import type { Columns } from "./row_table.ts";

/** Of `detect`, as far as others need it. */
export const SECRET_COLUMNS = {
  doc_id: "text",
  tag: "text",
  start: "int",
  end: "int",
} as const satisfies Columns;

/** Of `measure`. */
export const MEASURE_COLUMNS = {
  doc_id: "text",
  tokens: "int",
  ma: "float?",
  el_3: "float?",
  el_5: "float?",
  el_10: "float?",
  nll: "float?",
} as const satisfies Columns;

/** Of `thresholds`. */
export const THRESHOLD_COLUMNS = {
  metric: "text",
  mean: "float?",
  standard_error: "float?",
  texts: "int",
  runs: "int",
} as const satisfies Columns;

/** Of `probe` without EL_n. */
export const PROBE_COLUMNS = {
  doc_id: "text",
  window: "int",
  tag: "text",
  start: "int",
  end: "int",
  secret_tokens: "int",
  mask_tokens: "int",
  ma: "float?",
} as const satisfies Columns;

/** Of `probe --el`. */
export const PROBE_EL_COLUMNS = {
  ...PROBE_COLUMNS,
  el_3: "float?",
  el_5: "float?",
  el_10: "float?",
} as const satisfies Columns;

/** Of a forget set. */
export const FORGET_COLUMNS = {
  doc_id: "text",
  window: "int",
  spans: "text",
  ma: "float",
  mask_tokens: "int",
} as const satisfies Columns;

/** Of a retain set. */
export const RETAIN_COLUMNS = { doc_id: "text", bleu4: "float" } as const satisfies Columns;

/** Of `unlearn`'s history. */
export const HISTORY_COLUMNS = {
  epoch: "int",
  loss: "float?",
  ce_secret: "float?",
  ce_normal: "float?",
  kl_forget: "float?",
  kl_retain: "float?",
  ma: "float?",
  el_3: "float?",
  el_5: "float?",
  el_10: "float?",
  retain_ma: "float?",
  kept: "bool",
} as const satisfies Columns;

/** Of `data/hyperparameters.csv`: histories of many runs, each told apart by its method and weights. */
export const HYPERPARAMETER_COLUMNS = {
  method: "text",
  gamma: "float",
  lambda: "float",
  alpha: "float",
  lr: "float",
  ...HISTORY_COLUMNS,
  unseen_nll: "float?",
  status: "text",
} as const satisfies Columns;

/** Of `demo`: mean MA of planted secrets by their number of copies; 0 copies are the never-trained twins. */
export const DUPLICATION_COLUMNS = {
  copies: "int",
  ma: "float?",
  se: "float?",
  secrets: "int",
} as const satisfies Columns;

/** Of the embedded corpus: where secrets were planted, and their never-trained twins. */
export const PLANTED_COLUMNS = {
  doc_id: "text",
  secret_id: "text",
  tag: "text",
  detector: "text",
  copies: "int",
  start: "int",
  end: "int",
  format: "text",
} as const satisfies Columns;

/** Of `evaluate`: a row a set and model. */
export const EVALUATION_COLUMNS = {
  set: "text",
  model: "text",
  ma: "float?",
  el_3: "float?",
  el_5: "float?",
  el_10: "float?",
  nll: "float?",
  rows: "int",
} as const satisfies Columns;

/** Of `evaluate`: a row a secret and model. */
export const SECRET_SCORE_COLUMNS = {
  doc_id: "text",
  tag: "text",
  start: "int",
  end: "int",
  description: "text",
  model: "text",
  ma: "float?",
  el_3: "float?",
  el_5: "float?",
  el_10: "float?",
} as const satisfies Columns;

/**
 * The table of single secrets beside an evaluation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretScoresPath } from "./columns.ts";
 *
 * assertEquals(secretScoresPath("out/evaluation.parquet"), "out/evaluation.secrets.parquet");
 * ```
 */
export function secretScoresPath(path: string): string {
  return path.replace(/(\.jsonl\.gz|\.[^./]+)$/, ".secrets$1");
}
