/**
 * The columns of what `unlearn --chunk-rows` writes beside its other tables.
 *
 * @module
 */
import { type Columns, HISTORY_COLUMNS, NORM_COLUMNS } from "./columns.ts";
import { LIKELIHOOD_NAMES, perMetric } from "./metrics.ts";

/** The columns of `chunks.parquet`: a row a turn and part of the sets. */
export const CHUNK_COLUMNS = {
  turn: "int",
  pass: "int",
  chunk: "int?",
  part: "text",
  rows: "int",
  measured: "int",
  secrets: "int?",
  ma: "float?",
  ...perMetric(LIKELIHOOD_NAMES, () => "float?" as const),
  above: "int?",
  replayed: "int?",
  epochs: "int?",
  status: "text?",
  seconds: "float?",
} as const satisfies Columns;

/** The columns of `chunk_epochs.parquet`: a row an epoch of a chunk. */
export const CHUNK_EPOCH_COLUMNS = {
  turn: "int",
  ...HISTORY_COLUMNS,
  ...NORM_COLUMNS,
} as const satisfies Columns;
