/**
 * What `humaneval` says of a run: pass@k with intervals and standard errors, beside a run on the model before and beside
 * the paper's.
 *
 * @module
 */
import type { Interval } from "../metrics/bootstrap.ts";
import {
  besidePaperPasses,
  type PassRow,
  passRow,
  type PassShare,
  ratedRow,
} from "../humaneval/paper_passes.ts";
import { comparePasses, meanPassAtK, type ProblemCounts } from "../humaneval/pass_at_k.ts";
import { compareGreedy, countPasses, PASS_KS, type SampleResult } from "../humaneval/results.ts";
import type { Json } from "./command.ts";
import { formatTable } from "./console.ts";
import type { PassesBefore } from "./humaneval_before.ts";

/** What is known of a run. */
export interface PassesInput {
  /** All samples. */
  results: readonly SampleResult[];
  /** Samples of each problem. */
  n: number;
  /** The model before. */
  before?: PassesBefore | undefined;
  /** Whether the samples are the likeliest of both models: McNemar's test is of such, one of each problem. */
  isGreedy: boolean;
  /** Of the bootstrap. */
  seed: number;
}

/** The summary of a run; intervals are of 95 %. */
export type PassesSummary = {
  problems: number;
  samples_a_problem: number;
  samples: number;
  passed: number;
  cut_at_length: number;
  reasons: { [reason: string]: number };
  passes: { [name: string]: Json };
  before?: { [name: string]: Json };
};

/**
 * A run's summary; without problems, as a shard may be, without pass@k.
 *
 * @throws {RangeError} when the run before is on other problems
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { summaryOfPasses } from "./humaneval_report.ts";
 *
 * const result = { task_id: "a", sample: 0, passed: true, reason: "passed", detail: null, ended: "stop", tokens: 3 };
 * const { passed, passes } = summaryOfPasses({ results: [result], n: 1, isGreedy: false, seed: 42 });
 * const { estimate, low, high } = passes["pass@1"]!;
 * assertEquals([passed, estimate, low.toFixed(3), high], [1, 1, "0.025", 1]); // one problem tells little
 * ```
 */
export function summaryOfPasses({ results, n, before, isGreedy, seed }: PassesInput): PassesSummary {
  const counts = countPasses(results);
  const ks = counts.length === 0 ? [] : PASS_KS.filter((k) => k <= n);
  return {
    problems: counts.length,
    samples_a_problem: n,
    samples: results.length,
    passed: results.filter(({ passed }) => passed).length,
    cut_at_length: results.filter(({ ended }) => ended === "length").length,
    reasons: Object.fromEntries(
      [...Map.groupBy(results, ({ reason }) => reason)].map(([reason, own]) => [reason, own.length]),
    ),
    passes: Object.fromEntries(ks.map((k) => [`pass@${k}`, { ...meanPassAtK(counts, k, { seed }) }])),
    ...before && {
      before: {
        results: before.results,
        ...counts.length > 0 && comparison(before.counts, counts, { n, isGreedy, seed }),
      },
    },
  };
}

function comparison(
  before: readonly ProblemCounts[],
  after: readonly ProblemCounts[],
  { n, isGreedy, seed }: Pick<PassesInput, "n" | "isGreedy" | "seed">,
): { [name: string]: Json } {
  const fewest = Math.min(n, ...before.map(({ n }) => n));
  const ks = PASS_KS.filter((k) => k <= fewest);
  const { differences, retention } = comparePasses(before, after, ks, { seed });
  const isOne = isGreedy && n === 1 && before.every(({ n }) => n === 1);
  const greedy = isOne ? compareGreedy(before, after) : undefined;
  return {
    ...Object.fromEntries(differences.map(({ k, difference }) => [`pass@${k}`, { ...difference }])),
    retention: retention && { ...retention },
    ...greedy && {
      only_before: greedy.onlyBefore,
      only_after: greedy.onlyAfter,
      p_value: greedy.pValue,
    },
  };
}

/**
 * The lines that a person reads; the last of them are a table of ours beside the paper's where the problems are
 * HumanEval's.
 *
 * @param input what the summary is of; without it there is no table
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describePasses, summaryOfPasses } from "./humaneval_report.ts";
 *
 * const result = { task_id: "a", sample: 0, passed: true, reason: "passed", detail: null, ended: "stop", tokens: 3 };
 * const summary = summaryOfPasses({ results: [result], n: 1, isGreedy: false, seed: 42 });
 * assertEquals(describePasses(summary), [
 *   "1 problem of 1 sample each: 1 of 1 passed, 0 cut at their length",
 *   "pass@1 1.0000 (0.0250 to 1.0000), standard error 0.0000",
 * ]);
 * ```
 */
export function describePasses(summary: PassesSummary, input?: PassesInput): string[] {
  const { problems, samples_a_problem: n, samples, passed, cut_at_length } = summary;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const { results: _, retention, p_value, only_before, only_after, ...differences } = summary.before ?? {};
  return [
    `${count(problems, "problem")} of ${count(n, "sample")} each: ${passed} of ${samples} passed, ` +
    `${cut_at_length} cut at their length`,
    ...Object.entries(summary.passes).map(([name, value]) => `${name} ${show(value)}${showError(value)}`),
    ...Object.entries(differences).map(([name, value]) => `${name} after less before ${show(value)}`),
    ...retention ? [`kept ${show(retention)}`] : [],
    ...p_value === undefined ? [] : [
      `solved before only ${only_before}, after only ${only_after}: McNemar's p ${
        Number(p_value).toFixed(4)
      }`,
    ],
    ...input ? besidePaper(summary, input) : [],
  ];
}

function show(value: Json): string {
  const { estimate, low, high } = value as unknown as Interval;
  return `${estimate.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

function showError(value: Json): string {
  const { standard_error } = value as unknown as { standard_error: number };
  return `, standard error ${standard_error.toFixed(4)}`;
}

/** Of the paper's rows the models as they came and after CodeEraser: all of them are in the report. */
function besidePaper(
  { passes, before: compared }: PassesSummary,
  { results, before, seed }: PassesInput,
): string[] {
  const rates = Object.entries(passes).map(([name, value]) => ({
    ...value as unknown as Interval,
    k: Number(name.slice("pass@".length)),
  }));
  const retention = compared?.retention as unknown as Interval | null | undefined;
  const isCompared = before !== undefined && before.counts.length > 0;
  const rows = besidePaperPasses([
    ...isCompared ? [passRow({ model: "the run before", method: "original" }, before.counts, { seed })] : [],
    ratedRow({ model: "this run", method: isCompared ? "after" : "-" }, { rates, retention }),
  ], countPasses(results)).filter(({ method }) => method !== "GA" && method !== "CU");
  if (rows.length === 0) return [];
  const header = ["percent", "method", ...PASS_KS.map((k) => `pass@${k}`), "kept"];
  return ["", formatTable(header, rows.map(cellsOf)), ""];
}

function cellsOf({ model, method, passes, retention }: PassRow): string[] {
  return [model, method, ...[...passes.map(({ share }) => share), retention].map(showShare)];
}

function showShare(share: PassShare | null): string {
  const { estimate, low, high } = share ?? { estimate: null, low: null, high: null };
  if (estimate === null) return "-";
  return low === null || high === null
    ? estimate.toFixed(2)
    : `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
