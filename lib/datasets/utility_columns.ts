/**
 * The tables of `evaluate --utility` and where they stand.
 *
 * @module
 */
import { besidePath, type Columns } from "./columns.ts";

/** The columns of `evaluate --utility`: a row a set, model, language, class of token and measure. */
export const UTILITY_COLUMNS = {
  set: "text",
  model: "text",
  language: "text",
  class: "text",
  measure: "text",
  documents: "int",
  count: "int",
  value: "float?",
  low: "float?",
  high: "float?",
  change: "float?",
  change_low: "float?",
  change_high: "float?",
} as const satisfies Columns;

/** The columns of `evaluate --utility`: a row a set, model and bin of certainty. */
export const RELIABILITY_COLUMNS = {
  set: "text",
  model: "text",
  bin: "int",
  low: "float",
  high: "float",
  tokens: "int",
  confidence: "float?",
  accuracy: "float?",
} as const satisfies Columns;

/**
 * The tables of `--utility` beside an evaluation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { utilityPaths } from "./utility_columns.ts";
 *
 * const { utility, reliability } = utilityPaths("out/e.csv");
 * assertEquals([utility, reliability], ["out/e.utility.csv", "out/e.reliability.csv"]);
 * ```
 */
export function utilityPaths(path: string): { utility: string; reliability: string } {
  return { utility: besidePath(path, "utility"), reliability: besidePath(path, "reliability") };
}
