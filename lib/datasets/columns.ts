/**
 * The columns of the tables that commands hand to each other (the pipeline's contract), and what every reader checks.
 *
 * @module
 */
import { LIKELIHOOD_NAMES, METRIC_NAMES, perMetric } from "./metrics.ts";

/** A column's type. */
export type ColumnType = "text" | "int" | "float" | "bool";

/** Columns by name; a "?" type may be null. */
export type Columns = Readonly<Record<string, ColumnType | `${ColumnType}?`>>;

/** The columns of every metric. */
const METRIC_COLUMNS = perMetric(METRIC_NAMES, () => "float?" as const);

/** The columns of the EL_n alone. */
const LIKELIHOOD_COLUMNS = perMetric(LIKELIHOOD_NAMES, () => "float?" as const);

/** The columns of `detect`, as far as others need them. */
export const SECRET_COLUMNS = {
  doc_id: "text",
  tag: "text",
  start: "int",
  end: "int",
} as const satisfies Columns;

/** What was found at a place, and by what: as `detect` writes it, and `probe` passes it on. */
export const PROOF_COLUMNS = { detector: "text?", fingerprint: "text?" } as const satisfies Columns;

/** The names of {@linkcode PROOF_COLUMNS}, which tables of one's own may lack. */
export const PROOF_NAMES = ["detector", "fingerprint"] as const;

/** The columns of `detect` that the report needs: what found each place, and which places hold one value. */
export const FOUND_COLUMNS = {
  ...SECRET_COLUMNS,
  detector: "text",
  fingerprint: "text",
} as const satisfies Columns;

/** The columns of `detect`, all that it always writes. */
export const DETECT_COLUMNS = { ...FOUND_COLUMNS, path: "text?" } as const satisfies Columns;

/** The columns of `detect --skipped`. */
export const SKIPPED_COLUMNS = { path: "text", reason: "text" } as const satisfies Columns;

/** The columns of `analyze`: documents by their mean MA. */
export const DISTRIBUTION_COLUMNS = {
  bin_start: "float",
  bin_end: "float",
  documents: "int",
  share: "float",
} as const satisfies Columns;

/** The columns of `measure`. */
export const MEASURE_COLUMNS = {
  doc_id: "text",
  tokens: "int",
  ...METRIC_COLUMNS,
} as const satisfies Columns;

/** The column that shards have until they are merged: where a row stands in the whole table. */
export const ROW_COLUMN = { row: "int" } as const satisfies Columns;

/** The columns of `thresholds`. */
export const THRESHOLD_COLUMNS = {
  metric: "text",
  mean: "float?",
  standard_error: "float?",
  texts: "int",
  runs: "int",
} as const satisfies Columns;

/** The columns of `probe` without EL_n. */
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

/** The columns of `probe --el`. */
export const PROBE_EL_COLUMNS = {
  ...PROBE_COLUMNS,
  ...LIKELIHOOD_COLUMNS,
} as const satisfies Columns;

/** The columns that `probe --controls` adds: a secret among made-up ones of its format in its place. */
export const CONTROL_COLUMNS = {
  format: "text",
  controls: "int",
  ma_threshold: "float?",
  ma_floor: "float?",
  ma_p_value: "float?",
  el_10_threshold: "float?",
  el_10_p_value: "float?",
  nll: "float?",
  nll_threshold: "float?",
  nll_ceiling: "float?",
  nll_p_value: "float?",
  nll_smooth_p_value: "float?",
  exposure: "float?",
} as const satisfies Columns;

/** The columns of a forget set. */
export const FORGET_COLUMNS = {
  doc_id: "text",
  window: "int",
  spans: "text",
  ma: "float",
  mask_tokens: "int",
} as const satisfies Columns;

/** The columns of a retain set. */
export const RETAIN_COLUMNS = { doc_id: "text", bleu4: "float?" } as const satisfies Columns;

const EPOCH_COLUMNS = {
  epoch: "int",
  loss: "float?",
  ce_secret: "float?",
  ce_normal: "float?",
  kl_forget: "float?",
  kl_retain: "float?",
  ma: "float?",
  ...LIKELIHOOD_COLUMNS,
  retain_ma: "float?",
  kept: "bool",
} as const satisfies Columns;

/** The columns of `unlearn`'s history. */
export const HISTORY_COLUMNS = { ...EPOCH_COLUMNS, trained: "int" } as const satisfies Columns;

/** What `unlearn`'s history has besides; histories of earlier versions lack it. */
export const NORM_COLUMNS = { norm: "float?" } as const satisfies Columns;

/** And what was measured of its file, in the row of the epoch whose weights that holds; earlier versions lack them. */
export const WRITTEN_COLUMNS = {
  ...{ ma_written: "float?", el_3_written: "float?", el_5_written: "float?" },
  ...{ el_10_written: "float?", retain_ma_written: "float?" },
} as const satisfies Columns;

/** The columns of `unlearn`'s secrets: what became of each. */
export const OUTCOME_COLUMNS = {
  ...SECRET_COLUMNS,
  description: "text",
  status: "text?",
  epochs: "int",
  ma_before: "float?",
  ma: "float?",
  ma_threshold: "float",
  ma_floor: "float?",
  el_10_before: "float?",
  el_10: "float?",
  el_10_threshold: "float",
  nll_before: "float?",
  nll: "float?",
  nll_ceiling: "float?",
  controls: "int?",
} as const satisfies Columns;

/** The column of {@linkcode OUTCOME_COLUMNS} that tables of earlier versions lack. */
export const OUTCOME_LATER_COLUMNS = { nll_floor: "float?" } as const satisfies Columns;

/** The columns of `data/hyperparameters.csv`: histories of many runs, each told apart by its method and weights. */
export const HYPERPARAMETER_COLUMNS = {
  method: "text",
  gamma: "float",
  lambda: "float",
  alpha: "float",
  lr: "float",
  ...EPOCH_COLUMNS,
  unseen_nll: "float?",
  status: "text",
} as const satisfies Columns;

/** The columns of `demo`: mean MA of planted secrets by their number of copies; 0 copies are the never-trained twins. */
export const DUPLICATION_COLUMNS = {
  copies: "int",
  ma: "float?",
  se: "float?",
  secrets: "int",
} as const satisfies Columns;

/** The columns of the embedded corpus: where secrets were planted, and their never-trained twins. */
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

/** The columns of `evaluate`: a row a set and model. */
export const EVALUATION_COLUMNS = {
  set: "text",
  model: "text",
  ...METRIC_COLUMNS,
  rows: "int",
} as const satisfies Columns;

/** The columns of `evaluate` beside each mean: its 95 % interval. */
export const INTERVAL_COLUMNS = {
  ma_low: "float?",
  ma_high: "float?",
  el_3_low: "float?",
  el_3_high: "float?",
  el_5_low: "float?",
  el_5_high: "float?",
  el_10_low: "float?",
  el_10_high: "float?",
  nll_low: "float?",
  nll_high: "float?",
} as const satisfies Columns;

/** The columns of `evaluate`: a row a secret and model. */
export const SECRET_SCORE_COLUMNS = {
  ...SECRET_COLUMNS,
  description: "text",
  model: "text",
  ma: "float?",
  ...LIKELIHOOD_COLUMNS,
} as const satisfies Columns;

/** The columns of `attack`: a row a secret, model, attack and variant. */
export const ATTACK_COLUMNS = {
  ...SECRET_COLUMNS,
  fingerprint: "text",
  model: "text",
  attack: "text",
  variant: "text",
  score: "float?",
  extracted: "bool?",
  p_value: "float?",
  threshold: "float?",
  controls: "int",
  controls_score: "float?",
  controls_extracted: "float?",
} as const satisfies Columns;

/** The columns of `humaneval`: a row a judged sample. */
export const HUMANEVAL_SAMPLE_COLUMNS = {
  task_id: "text",
  sample: "int",
  passed: "bool",
  reason: "text",
  detail: "text?",
  ended: "text",
  tokens: "int",
} as const satisfies Columns;

/** The columns of `humaneval`: a row a problem. */
export const HUMANEVAL_PROBLEM_COLUMNS = {
  task_id: "text",
  samples: "int",
  passed: "int",
  pass_at_1: "float",
  pass_at_5: "float?",
  pass_at_10: "float?",
  samples_before: "int?",
  passed_before: "int?",
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
  return besidePath(path, "secrets");
}

/**
 * The path of a table that stands beside another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { besidePath } from "./columns.ts";
 *
 * assertEquals(besidePath("out/e.jsonl.gz", "utility"), "out/e.utility.jsonl.gz");
 * ```
 */
export function besidePath(path: string, name: string): string {
  return path.replace(/(\.jsonl\.gz|\.[^./]+)$/, `.${name}$1`);
}
