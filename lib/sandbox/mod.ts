/**
 * Whether model-written programs pass their tests, found out where they can do no harm.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openJudge } from "./mod.ts";
 *
 * await using judge = await openJudge({ workers: 1, timeoutSeconds: 3 });
 * const program = "def double(x):\n    return x + x\n\nassert double(2) == 4\n";
 * assertEquals(await judge.run({ id: "double/0", program }), { id: "double/0", passed: true, reason: "passed" });
 * ```
 *
 * @module
 */
export type { JudgeLimits } from "./backend.ts";
export {
  type Judge,
  JUDGE_BACKENDS,
  type JudgeBackend,
  type JudgedSample,
  type JudgeOptions,
  openJudge,
} from "./judge.ts";
export type { Outcome, Reason, Verdict } from "./verdict.ts";
