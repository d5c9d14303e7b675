/**
 * What became of samples: rows of the results table, counted by problem, and two models' greedy samples compared.
 *
 * @module
 */
import type { HUMANEVAL_PROBLEM_COLUMNS, HUMANEVAL_SAMPLE_COLUMNS } from "../datasets/columns.ts";
import type { RowOf } from "../datasets/row_table.ts";
import { mcNemar, passAtK, type ProblemCounts } from "./pass_at_k.ts";

/** The paper's numbers of draws. */
export const PASS_KS = [1, 5, 10] as const;

/** A judged sample. */
export type SampleResult = RowOf<typeof HUMANEVAL_SAMPLE_COLUMNS>;

/** A problem's samples, counted. */
export type ProblemResult = RowOf<typeof HUMANEVAL_PROBLEM_COLUMNS>;

/**
 * Counts samples by problem, in the order in which problems come first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countPasses } from "./results.ts";
 *
 * const results = [{ task_id: "a", passed: true }, { task_id: "b", passed: false }, { task_id: "a", passed: false }];
 * assertEquals(countPasses(results), [{ task_id: "a", n: 2, c: 1 }, { task_id: "b", n: 1, c: 0 }]);
 * ```
 */
export function countPasses(results: readonly Pick<SampleResult, "task_id" | "passed">[]): ProblemCounts[] {
  return [...Map.groupBy(results, ({ task_id }) => task_id)].map(([task_id, own]) => ({
    task_id,
    n: own.length,
    c: own.filter(({ passed }) => passed).length,
  }));
}

/**
 * The table of problems.
 *
 * @param before of the model before, where there is one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { problemResults } from "./results.ts";
 *
 * const row = { task_id: "a", samples: 5, passed: 5, pass_at_1: 1, pass_at_5: 1, pass_at_10: null };
 * const before = { samples_before: 2, passed_before: 1 };
 * const counts = { task_id: "a", n: 5, c: 5 };
 * assertEquals(problemResults([counts], [{ task_id: "a", n: 2, c: 1 }]), [{ ...row, ...before }]);
 * ```
 */
export function problemResults(
  counts: readonly ProblemCounts[],
  before: readonly ProblemCounts[] = [],
): ProblemResult[] {
  const known = new Map(before.map((problem) => [problem.task_id, problem]));
  return counts.map(({ task_id, n, c }) => ({
    ...{ task_id, samples: n, passed: c, pass_at_1: passAtK({ n, c }, 1) },
    pass_at_5: n < 5 ? null : passAtK({ n, c }, 5),
    pass_at_10: n < 10 ? null : passAtK({ n, c }, 10),
    samples_before: known.get(task_id)?.n ?? null,
    passed_before: known.get(task_id)?.c ?? null,
  }));
}

/** Two models that tried each problem once. */
export interface GreedyComparison {
  /** Problems that the first alone solved. */
  onlyBefore: number;
  /** Problems that the second alone solved. */
  onlyAfter: number;
  /** McNemar's exact two-sided p-value. */
  pValue: number;
}

/**
 * Compares greedy samples, one of each problem, by McNemar's exact test.
 *
 * @throws {RangeError} when a problem has not one sample in both
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareGreedy } from "./results.ts";
 *
 * const [before, after] = [[1, 1, 0], [0, 1, 0]].map((cs) => cs.map((c, i) => ({ task_id: `${i}`, n: 1, c })));
 * assertEquals(compareGreedy(before!, after!), { onlyBefore: 1, onlyAfter: 0, pValue: 1 });
 * ```
 */
export function compareGreedy(
  before: readonly ProblemCounts[],
  after: readonly ProblemCounts[],
): GreedyComparison {
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot compare greedy samples: ${what}`);
  };
  const known = new Map(after.map((problem) => [problem.task_id, problem]));
  if (known.size !== before.length) refuse(`there are ${before.length} problems before, ${known.size} after`);
  let [onlyBefore, onlyAfter] = [0, 0];
  for (const { task_id, n, c } of before) {
    const other = known.get(task_id) ?? refuse(`"${task_id}" has none after`);
    if (n !== 1 || other.n !== 1) {
      refuse(`"${task_id}" has ${n} before and ${other.n} after, one each is needed`);
    }
    if (c > other.c) onlyBefore++;
    if (other.c > c) onlyAfter++;
  }
  return { onlyBefore, onlyAfter, pValue: mcNemar(onlyBefore, onlyAfter) };
}
