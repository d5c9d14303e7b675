/**
 * What a report shows of the problems that `humaneval` wrote.
 *
 * @module
 */
import type { PassRateRow } from "../figures/pass_rates.ts";
import type { ProblemPassRow } from "../figures/problem_passes.ts";
import type { PassComparison } from "../humaneval/pass_at_k.ts";
import type { GreedyComparison } from "../humaneval/results.ts";

/** pass@k of a model. */
export interface ReportedPassRate extends PassRateRow {
  /** The standard error over problems, where it is known. */
  readonly standard_error?: number;
}

/** How the samples were drawn and judged, as the record of their run tells. */
export interface PassesOrigin {
  /** What the programs were run in: "pyodide", "bubblewrap" or "none". */
  readonly sandbox?: string;
  /** The temperature; 0 is greedy. */
  readonly temperature?: number;
}

/** Problems and what became of them. */
export interface ReportedPasses extends PassesOrigin {
  /** Problem by problem. */
  readonly problems: readonly ProblemPassRow[];
  /** pass@k of both models, the one before first. */
  readonly rates: readonly ReportedPassRate[];
  /** What changed, where both models tried all problems. */
  readonly comparison?: PassComparison;
  /** McNemar's test, where both were greedy. */
  readonly greedy?: GreedyComparison;
  /** The model after, by the name that it has in the other tables, where that is known. */
  readonly method?: string;
}
