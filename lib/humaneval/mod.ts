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
export { generationsOf, mergeSamples, type WholeSamples } from "./merge_samples.ts";
export {
  besidePaperPasses,
  PAPER_PASSES,
  type PassRow,
  passRow,
  type PassShare,
  type RatedPasses,
  ratedRow,
} from "./paper_passes.ts";
export {
  comparePasses,
  mcNemar,
  meanPassAtK,
  passAtK,
  type PassComparison,
  type ProblemCounts,
} from "./pass_at_k.ts";
export {
  completionOf,
  cutAtStop,
  HUMANEVAL_STOPS,
  MBPP_STOPS,
  type Problem,
  programOf,
  readProblems,
} from "./problem.ts";
export { type ProblemFileOptions, readProblemFile } from "./problem_file.ts";
export {
  compareGreedy,
  countPasses,
  type GreedyComparison,
  PASS_KS,
  type ProblemResult,
  problemResults,
  type SampleResult,
} from "./results.ts";
export {
  type CodeSample,
  readSamples,
  SAMPLE_ENDS,
  sampleLine,
  sampleLines,
  type SampleSet,
  settingsOf,
} from "./samples.ts";
export { type MissingSample, SamplesFile, type SamplesFileOptions } from "./samples_file.ts";
export {
  type SampleVerdict,
  type VerdictRow,
  VerdictsFile,
  type VerdictsFileOptions,
} from "./verdicts_file.ts";
