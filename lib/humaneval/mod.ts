/**
 * HumanEval and its like: problems, the programs by which completions are judged, and pass@k with intervals.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { meanPassAtK } from "./mod.ts";
 *
 * const problems = [{ task_id: "a", n: 10, c: 5 }, { task_id: "b", n: 10, c: 0 }];
 * assertEquals(meanPassAtK(problems, 1).estimate, 0.25);
 * ```
 *
 * @module
 */
export {
  comparePasses,
  mcNemar,
  meanPassAtK,
  passAtK,
  type PassComparison,
  type ProblemCounts,
} from "./pass_at_k.ts";
export { cutAtStop, HUMANEVAL_STOPS, type Problem, programOf, readProblems } from "./problem.ts";
