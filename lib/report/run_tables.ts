/**
 * What a report is made of: a run's tables as plain rows, whoever read them. Every table may be missing; the report
 * then says so. No secret's value may stand in here unless it is asked for: descriptions are masked (kind, length, first
 * two characters).
 *
 * @module
 */
import type { AttackSummary } from "../attacks/summarize_attacks.ts";
import type { MetricValues, ThresholdMetric } from "../datasets/metrics.ts";
import { isBelowThreshold } from "../metrics/threshold.ts";
import type { ClassAccuracyRow } from "../figures/accuracy_by_class.ts";
import type { DocumentRow } from "../figures/memorization_distribution.ts";
import type { DuplicationRow } from "../figures/ma_by_duplication.ts";
import type { ExposureRow } from "../figures/exposure_distribution.ts";
import type { PassRateRow } from "../figures/pass_rates.ts";
import type { ProblemPassRow } from "../figures/problem_passes.ts";
import type { PassComparison } from "../humaneval/pass_at_k.ts";
import type { HistoryRow } from "../figures/forgetting_curves.ts";
import type { ResultRow } from "../figures/retained_quality.ts";
import type { ReportedSecretRow } from "../figures/secrets_before_after.ts";
import { isScore } from "../figures/style.ts";

/** Mean scores on unseen text: what a model that memorized nothing would reach. */
export type Thresholds = Readonly<MetricValues<ThresholdMetric>>;

/** A secret of the report: one place of one value. */
export interface ReportedSecret extends ReportedSecretRow {
  /** Equal for equal values; the short list shows each value once. */
  readonly fingerprint?: string;
}

/** What a report shows of the table that `attack` wrote. */
export interface ReportedAttacks {
  /** Each variant's means. */
  readonly summaries: readonly AttackSummary[];
  /** Each secret's exposure. */
  readonly exposures: readonly ExposureRow[];
}

/** A measure, as `evaluate --utility` writes it. */
export interface ReportedMeasure extends ClassAccuracyRow {
  /** unseen, retain, hosts or other_secrets. */
  readonly set: string;
  /** "all", or one. */
  readonly language: string;
  /** accuracy, nll, line_accuracy or ece. */
  readonly measure: string;
  /** What it is more than before, and the ends of its interval; null of the model before. */
  readonly change: number | null;
  readonly change_low: number | null;
  readonly change_high: number | null;
}

/** What a report shows of the problems that `humaneval` wrote. */
export interface ReportedPasses {
  /** Problem by problem. */
  readonly problems: readonly ProblemPassRow[];
  /** pass@k of both models, the one before first. */
  readonly rates: readonly PassRateRow[];
  /** What changed, where both models tried all problems. */
  readonly comparison?: PassComparison;
}

/** A run's tables and what made them. */
export interface RunTables {
  /** The page's heading. */
  readonly title: string;
  /** The program and its version, such as "CodeScrub 0.1.0". */
  readonly version: string;
  /** What detection found in the corpus. */
  readonly found?: { readonly places: number; readonly values: number; readonly documents: number };
  /** What unseen text scores on the model before. */
  readonly thresholds?: Thresholds | null;
  /** Means per set and model; "before" is the model as it came. */
  readonly results?: readonly ResultRow[];
  /** The probe: mean secret MA of every document. */
  readonly documents?: readonly DocumentRow[];
  /** Secrets that the model never trained on: the baseline of their kinds. */
  readonly twins?: readonly { readonly tag: string; readonly ma: number | null }[];
  /** The planted truth: mean secret MA per number of copies. */
  readonly duplication?: readonly DuplicationRow[];
  /** Scores after every epoch of every method. */
  readonly history?: readonly HistoryRow[];
  /** The secrets, masked: as they were found, with scores where they were probed; those of the forget set have scores after. */
  readonly secrets?: readonly ReportedSecret[];
  /** How well code is predicted, by class of token. */
  readonly utility?: readonly ReportedMeasure[];
  /** What attacks on the model after found. */
  readonly attacks?: ReportedAttacks;
  /** Whether the models still write code. */
  readonly passes?: ReportedPasses;
  /** Whether the descriptions are the secrets themselves, as `--reveal` asked for. */
  readonly revealed?: boolean;
  /** run.json's resolved configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Versions of what took part, by name. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Seconds each stage took, in order. */
  readonly seconds?: Readonly<Record<string, number>>;
}

/**
 * Where a score stands to its threshold; undefined where one of them was not measured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { standingOf } from "./run_tables.ts";
 *
 * assertEquals([standingOf(0, 0), standingOf(0.2, 0.2), standingOf(0.3, 0.2), standingOf(null, 0.2)], [
 *   "below",
 *   "at",
 *   "above",
 *   undefined,
 * ]);
 * ```
 */
export function standingOf(
  score: number | null | undefined,
  threshold: number | null | undefined,
): "below" | "at" | "above" | undefined {
  if (!isScore(score) || !isScore(threshold)) return undefined;
  return isBelowThreshold(score, threshold) ? "below" : score === threshold ? "at" : "above";
}

/** Methods in the order in which one of them is chosen to be the run's main one. */
const MAIN_METHODS = ["codeeraser", "pecu", "cu", "ssga", "ga"];

/**
 * The methods of a run, the main one first: CodeEraser where it ran, then the others as the tables name them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listMethods } from "./run_tables.ts";
 *
 * const row = { set: "forget", ma: 1, el_3: 1, el_5: 1, el_10: 1, nll: 0, rows: 1 } as const;
 * const results = ["before", "ga", "codeeraser"].map((model) => ({ ...row, model }));
 * assertEquals(listMethods({ title: "t", version: "v", results }), ["codeeraser", "ga"]);
 * ```
 */
export function listMethods(run: RunTables): string[] {
  const found = new Set([
    ...(run.results ?? []).map((row) => row.model).filter((model) => model !== "before"),
    ...(run.secrets ?? []).flatMap((row) => Object.keys(row.ma_after)),
    ...(run.history ?? []).map((row) => row.method),
  ]);
  const main = MAIN_METHODS.find((method) => found.has(method));
  return main === undefined ? [...found] : [main, ...[...found].filter((method) => method !== main)];
}

/**
 * The row of one set and model, undefined where the run has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findResult } from "./run_tables.ts";
 *
 * assertEquals(findResult({ title: "t", version: "v" }, "forget", "before"), undefined);
 * ```
 */
export function findResult(run: RunTables, set: ResultRow["set"], model: string): ResultRow | undefined {
  return run.results?.find((row) => row.set === set && row.model === model);
}
