/**
 * What a report is made of: a run's tables as plain rows, whoever read them. Every table may be missing; the report
 * then says so. No secret's value may stand in here unless it is asked for: descriptions are masked (kind, length, first
 * two characters).
 *
 * @module
 */
import type { AttackSummary } from "../attacks/summarize_attacks.ts";
import type { MetricValues, ThresholdMetric } from "../datasets/metrics.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import type { MetricChanges, MetricIntervals } from "../metrics/group_intervals.ts";
import { isBelowThreshold, type OutcomeCounts } from "../metrics/threshold.ts";
import type { ClassAccuracyRow } from "../figures/accuracy_by_class.ts";
import type { DocumentRow } from "../figures/memorization_distribution.ts";
import type { DuplicationRow } from "../figures/ma_by_duplication.ts";
import type { ExposureRow } from "../figures/exposure_distribution.ts";
import type { SweepRunRow } from "../evaluation/sweep_means.ts";
import type { HistoryRow } from "../figures/forgetting_curves.ts";
import type { CertaintyRow } from "../figures/reliability_diagram.ts";
import type { ResultRow } from "../figures/retained_quality.ts";
import type { ReportedSecretRow } from "../figures/secrets_before_after.ts";
import { scoreAfter } from "../figures/score_after.ts";
import { isScore } from "../figures/style.ts";
import type { ReportedPasses } from "./reported_passes.ts";

/** Mean scores on unseen text: what a model that memorized nothing would reach. */
export type Thresholds = Readonly<MetricValues<ThresholdMetric>>;

/** A secret of the report: one place of one value. */
export interface ReportedSecret extends ReportedSecretRow {
  /** Equal for equal values; the short list shows each value once. */
  readonly fingerprint?: string;
  /** Where it stands in its document, in code points: by it two runs tell that they speak of one secret. */
  readonly start?: number;
  readonly end?: number;
}

/** What a report shows of the table that `attack` wrote. */
export interface ReportedAttacks {
  /** Each variant's means. */
  readonly summaries: readonly AttackSummary[];
  /** Each secret's exposure. */
  readonly exposures: readonly ExposureRow[];
  /** The shares of secrets, and of controls where `attacks.json` has them, that any attack extracted. */
  readonly extracted?: readonly ReportedExtraction[];
  /** How well each score of membership tells secrets from made-up ones: the area under the ROC curve. */
  readonly membership?: readonly ReportedMembership[];
  /** The model after, by the name that it has in the other tables, where that is known. */
  readonly method?: string;
}

/** What any attack extracted from a model. */
export interface ReportedExtraction {
  /** "after", or "before". */
  readonly model: string;
  /** The share of secrets; null where no attack could. */
  readonly secrets: Interval | null;
  /** The share of controls. */
  readonly controls: Interval | null;
}

/** A score of membership of a model, as `attacks.json` has it. */
export interface ReportedMembership extends Interval {
  /** Which score. */
  readonly score: string;
  /** "after", or "before". */
  readonly model: string;
}

/** How many secrets ended how, each under bounds of its own; older records do not say how many are remembered. */
export type StopCounts = Omit<OutcomeCounts, "remembered"> & Partial<OutcomeCounts>;

/** How the run of a method ended, as its record tells. */
export interface UnlearnedModel {
  /** The model's name, as in the other tables. */
  readonly method: string;
  /** Whether it was to be under all thresholds, as the paper asks, not under those of MA and EL_10. */
  readonly isPaper: boolean;
  /** Whether it diverged, or training brings its secrets back. */
  readonly hasFailed: boolean;
  /** How long it took: the epochs, the seconds, and the most bytes of memory. */
  readonly epochs?: number;
  readonly seconds?: number;
  readonly memoryBytes?: number;
  /** The MA that it was to fall below: where secrets have thresholds of their own, their mean. */
  readonly threshold?: number;
  /** What became of the secrets, where each was judged. */
  readonly secrets?: StopCounts;
  /** How it was set, but for the paths of what it read, whose content is told elsewhere. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Means of a set and model, with the ends of their 95 % intervals, and of their changes', where the table has them. */
export type ReportedResult = ResultRow & Readonly<Partial<MetricIntervals & MetricChanges>>;

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

/** A bin of certainty, as `evaluate --utility` writes it. */
export interface ReportedBin extends CertaintyRow {
  /** unseen, retain, hosts or other_secrets. */
  readonly set: string;
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
  readonly results?: readonly ReportedResult[];
  /** The probe: mean secret MA of every document. */
  readonly documents?: readonly DocumentRow[];
  /** Secrets that the model never trained on: the baseline of their kinds. */
  readonly twins?: readonly { readonly tag: string; readonly ma: number | null }[];
  /** The planted truth: mean secret MA per number of copies. */
  readonly duplication?: readonly DuplicationRow[];
  /** Scores after every epoch of every method. */
  readonly history?: readonly HistoryRow[];
  /** Steps of the ordinary training behind the results of the set `relearned`. */
  readonly relearningSteps?: number;
  /** The secrets, masked: as they were found, with scores where they were probed; those of the forget set have scores after. */
  readonly secrets?: readonly ReportedSecret[];
  /** How well code is predicted, by class of token. */
  readonly utility?: readonly ReportedMeasure[];
  /** How far the models' certainty can be trusted. */
  readonly reliability?: readonly ReportedBin[];
  /** What attacks on the model after found. */
  readonly attacks?: ReportedAttacks;
  /** How the runs of the methods ended. */
  readonly unlearned?: readonly UnlearnedModel[];
  /** Whether the models still write code. */
  readonly passes?: ReportedPasses;
  /** The runs of a sweep, where that is what is reported. */
  readonly sweep?: readonly SweepRunRow[];
  /** Whether the descriptions are the secrets themselves, as `--reveal` asked for. */
  readonly revealed?: boolean;
  /** When, on what and of what it was made, by the label that the report gives each. */
  readonly origin?: Readonly<Record<string, string>>;
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
export function findResult(
  run: RunTables,
  set: ResultRow["set"],
  model: string,
): ReportedResult | undefined {
  return run.results?.find((row) => row.set === set && row.model === model);
}

/**
 * How many of the forget set's secrets are above the threshold of the set's mean; undefined where none was scored.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countAbove } from "./run_tables.ts";
 *
 * const place = { doc_id: "a.py", tag: "KEY", detector: "Npm", description: "KEY, 40 characters", copies: 1, ma_before: 1 };
 * const secrets = [{ ...place, ma_after: { ga: 0.6 } }, { ...place, ma_after: { ga: 0.1 } }];
 * const thresholds = { ma: 0.3, el_3: null, el_5: null, el_10: null };
 * assertEquals(countAbove({ title: "t", version: "v", thresholds, secrets }, "ga"), { above: 1, scored: 2 });
 * ```
 */
export function countAbove(
  { secrets = [], thresholds }: RunTables,
  method: string,
): { above: number; scored: number } | undefined {
  const threshold = thresholds?.ma;
  const scores = secrets.map((row) => scoreAfter(row, method)).filter((score) => score !== null);
  if (!isScore(threshold) || scores.length === 0) return undefined;
  return { above: scores.filter((ma) => ma > threshold).length, scored: scores.length };
}

/**
 * What the training behind the set `relearned` was.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeRelearning } from "./run_tables.ts";
 *
 * const run = { title: "t", version: "v", relearningSteps: 20 };
 * assertEquals(describeRelearning(run), "20 steps of ordinary training on other code");
 * ```
 */
export function describeRelearning({ relearningSteps: steps }: Pick<RunTables, "relearningSteps">): string {
  const count = steps === undefined ? "some steps" : `${steps} step${steps === 1 ? "" : "s"}`;
  return `${count} of ordinary training on other code`;
}

/**
 * The seconds that a method's run took: by its record, else by the stage of its name, or that of `unlearn` where it is
 * the only one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secondsOf } from "./run_tables.ts";
 *
 * assertEquals(secondsOf({ title: "t", version: "v", seconds: { ga: 83 } }, "ga"), 83);
 * ```
 */
export function secondsOf(run: RunTables, method: string): number | undefined {
  const { seconds = {}, unlearned = [] } = run;
  const stage = unlearned.length === 1 && unlearned[0]!.method === method ? "unlearn" : method;
  const own = [method, stage].find((name) => Object.hasOwn(seconds, name));
  return unlearned.find((row) => row.method === method)?.seconds ??
    (own === undefined ? undefined : seconds[own]);
}
