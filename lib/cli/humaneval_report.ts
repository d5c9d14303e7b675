/**
 * What `humaneval` says of a run: pass@k with intervals, beside a run on the model before.
 *
 * @module
 */
import type { Interval } from "../metrics/bootstrap.ts";
import { comparePasses, meanPassAtK, type ProblemCounts } from "../humaneval/pass_at_k.ts";
import { compareGreedy, countPasses, PASS_KS, type SampleResult } from "../humaneval/results.ts";
import type { Json } from "./command.ts";

/** What is known beside the counts. */
export interface PassesInput {
  /** All samples. */
  results: readonly SampleResult[];
  /** Samples of each problem. */
  n: number;
  /** Those of the model before. */
  before?: readonly SampleResult[] | undefined;
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
 * const { passed, passes } = summaryOfPasses([{ task_id: "a", n: 1, c: 1 }], { results: [result], n: 1, seed: 42 });
 * assertEquals([passed, passes["pass@1"]], [1, { estimate: 1, low: 1, high: 1, standard_error: 0 }]);
 * ```
 */
export function summaryOfPasses(
  counts: readonly ProblemCounts[],
  { results, n, before, seed }: PassesInput,
): PassesSummary {
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
    ...before && { before: comparison(countPasses(before), counts, { n, seed }) },
  };
}

function comparison(
  before: readonly ProblemCounts[],
  after: readonly ProblemCounts[],
  { n, seed }: Pick<PassesInput, "n" | "seed">,
): { [name: string]: Json } {
  const fewest = Math.min(n, ...before.map(({ n }) => n));
  const ks = PASS_KS.filter((k) => k <= fewest);
  const { differences, retention } = comparePasses(before, after, ks, { seed });
  const greedy = n === 1 && before.every(({ n }) => n === 1) ? compareGreedy(before, after) : undefined;
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
 * The lines that a person reads.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describePasses, summaryOfPasses } from "./humaneval_report.ts";
 *
 * const result = { task_id: "a", sample: 0, passed: true, reason: "passed", detail: null, ended: "stop", tokens: 3 };
 * const summary = summaryOfPasses([{ task_id: "a", n: 1, c: 1 }], { results: [result], n: 1, seed: 42 });
 * assertEquals(describePasses(summary), [
 *   "1 problem of 1 sample each: 1 of 1 passed, 0 cut at their length",
 *   "pass@1 1.0000 (1.0000 to 1.0000)",
 * ]);
 * ```
 */
export function describePasses(summary: PassesSummary): string[] {
  const { problems, samples_a_problem: n, samples, passed, cut_at_length } = summary;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const { retention, p_value, only_before, only_after, ...differences } = summary.before ?? {};
  return [
    `${count(problems, "problem")} of ${count(n, "sample")} each: ${passed} of ${samples} passed, ` +
    `${cut_at_length} cut at their length`,
    ...Object.entries(summary.passes).map(([name, value]) => `${name} ${show(value)}`),
    ...Object.entries(differences).map(([name, value]) => `${name} after less before ${show(value)}`),
    ...retention ? [`kept ${show(retention)}`] : [],
    ...p_value === undefined ? [] : [
      `solved before only ${only_before}, after only ${only_after}: McNemar's p ${
        Number(p_value).toFixed(4)
      }`,
    ],
  ];
}

function show(value: Json): string {
  const { estimate, low, high } = value as unknown as Interval;
  return `${estimate.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}
