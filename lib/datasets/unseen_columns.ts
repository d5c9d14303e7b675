/**
 * The columns of the tables about unseen texts: what `dedupe` drops, what `sample` takes, and what `thresholds` writes
 * beside the thresholds.
 *
 * @module
 */
import type { Columns } from "./columns.ts";

/** The columns of `dedupe --dropped`: texts that went, and what each is the same as. */
export const DROPPED_COLUMNS = {
  doc_id: "text",
  reason: "text",
  of: "text",
  similarity: "float?",
} as const satisfies Columns;

/** The columns of `sample`. */
export const UNSEEN_COLUMNS = { doc_id: "text", corpus: "text", text: "text" } as const satisfies Columns;

/** The columns of `thresholds` beside each mean: its 95 % interval, and how many texts would be enough. */
export const THRESHOLD_INTERVAL_COLUMNS = {
  low: "float?",
  high: "float?",
  deviation: "float?",
  texts_needed: "int?",
} as const satisfies Columns;

/** The columns of `thresholds --groups`: the same of the texts of each language and length. */
export const THRESHOLD_GROUP_COLUMNS = {
  by: "text",
  group: "text",
  metric: "text",
  mean: "float?",
  standard_error: "float?",
  low: "float?",
  high: "float?",
  texts: "int",
} as const satisfies Columns;
