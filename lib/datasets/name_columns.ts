/**
 * Names of columns for messages: a table of the wrong kind has cells where names should stand.
 *
 * @module
 */
import {
  ATTACK_COLUMNS,
  CONTROL_COLUMNS,
  DETECT_COLUMNS,
  DISTRIBUTION_COLUMNS,
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  FORGET_COLUMNS,
  HISTORY_COLUMNS,
  HYPERPARAMETER_COLUMNS,
  INTERVAL_COLUMNS,
  MEASURE_COLUMNS,
  NORM_COLUMNS,
  OUTCOME_COLUMNS,
  OUTCOME_LATER_COLUMNS,
  PLANTED_COLUMNS,
  PROBE_EL_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_SCORE_COLUMNS,
  SKIPPED_COLUMNS,
  THRESHOLD_COLUMNS,
} from "./columns.ts";
import { SWEEP_COLUMNS, SWEEP_DIFFERENCE_COLUMNS, SWEEP_MEAN_COLUMNS } from "./sweep_columns.ts";
import { DROPPED_COLUMNS, THRESHOLD_GROUP_COLUMNS, THRESHOLD_INTERVAL_COLUMNS } from "./unseen_columns.ts";

/** All names that our tables use, and those of a corpus. */
const OWN_NAMES: ReadonlySet<string> = new Set(
  [
    SWEEP_COLUMNS,
    SWEEP_MEAN_COLUMNS,
    SWEEP_DIFFERENCE_COLUMNS,
    DETECT_COLUMNS,
    SKIPPED_COLUMNS,
    DISTRIBUTION_COLUMNS,
    MEASURE_COLUMNS,
    THRESHOLD_COLUMNS,
    THRESHOLD_INTERVAL_COLUMNS,
    THRESHOLD_GROUP_COLUMNS,
    DROPPED_COLUMNS,
    PROBE_EL_COLUMNS,
    CONTROL_COLUMNS,
    FORGET_COLUMNS,
    RETAIN_COLUMNS,
    HISTORY_COLUMNS,
    NORM_COLUMNS,
    OUTCOME_COLUMNS,
    OUTCOME_LATER_COLUMNS,
    HYPERPARAMETER_COLUMNS,
    DUPLICATION_COLUMNS,
    PLANTED_COLUMNS,
    EVALUATION_COLUMNS,
    INTERVAL_COLUMNS,
    SECRET_SCORE_COLUMNS,
    ATTACK_COLUMNS,
    { content: "", text: "", value: "", row: "" },
    { code: "", repo_name: "", hash: "", hexsha: "", license: "", size: "", copies: "", id: "" },
  ].flatMap((columns) => Object.keys(columns)),
);

/**
 * Names of columns for a message. A table of the wrong kind has cells where names should stand (a CSV without its
 * header, keys of JSON), so only names that our own tables use are shown, the others as their number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nameColumns } from "./name_columns.ts";
 *
 * assertEquals(nameColumns(["doc_id", "ma"]), '"doc_id", "ma"');
 * assertEquals(nameColumns(["doc_id", "hunter2", "letmein"]), '"doc_id" and 2 others');
 * assertEquals(nameColumns(["hunter2"]), "1 column of another name");
 * ```
 */
export function nameColumns(names: readonly string[]): string {
  const own = names.filter((name) => OWN_NAMES.has(name)).map((name) => `"${name}"`).join(", ");
  const others = names.filter((name) => !OWN_NAMES.has(name)).length;
  if (own === "") return `${others} column${others === 1 ? " of another name" : "s of other names"}`;
  return others === 0 ? own : `${own} and ${others} other${others === 1 ? "" : "s"}`;
}

/**
 * One column for a message, by its name if our own tables use it, else by its place.
 *
 * @param index from 0
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nameColumn } from "./name_columns.ts";
 *
 * assertEquals(nameColumn("ma", 1), 'column "ma"');
 * assertEquals(nameColumn("hunter2", 1), "column 2");
 * ```
 */
export function nameColumn(name: string, index: number): string {
  return OWN_NAMES.has(name) ? `column "${name}"` : `column ${index + 1}`;
}
