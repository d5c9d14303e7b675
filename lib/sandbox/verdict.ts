/**
 * What is said of a judged program.
 *
 * @module
 */

/** Why a program passed or not. */
export type Reason =
  /** It ran to its end. */
  | "passed"
  /** An exception ended it; `SystemExit` too. */
  | "failed"
  /** It took longer than the limit. */
  | "timed-out"
  /** It asked for more memory than the limit. */
  | "out-of-memory"
  /** It wrote more than the limit, to its output and to files together. */
  | "too-much-output"
  /** It called for what the sandbox has not: a process, a socket, a library, JavaScript. */
  | "forbidden"
  /** It ended the interpreter, or broke it. */
  | "no-verdict";

/** What came of a program. */
export interface Outcome {
  /** Why it passed or not. */
  reason: Reason;
  /** The exception's type, or what was called for; said by the program's side, so it may be made up. */
  detail?: string;
}

/** What came of a sample. */
export interface Verdict extends Outcome {
  /** The sample's. */
  id: string;
  /** Whether it ran to its end without an exception, within the limits. */
  passed: boolean;
}

const REASONS: readonly string[] = [
  "passed",
  "failed",
  "timed-out",
  "out-of-memory",
  "too-much-output",
  "forbidden",
  "no-verdict",
] satisfies Reason[];

const LONGEST_DETAIL = 60;

/**
 * An outcome of what the program's side says of a failure, "failed AssertionError"; never that it passed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readFailure } from "./verdict.ts";
 *
 * assertEquals(readFailure("failed NameError"), { reason: "failed", detail: "NameError" });
 * assertEquals(readFailure("failed MemoryError"), { reason: "out-of-memory", detail: "MemoryError" });
 * assertEquals(readFailure("passed"), { reason: "no-verdict" });
 * ```
 */
export function readFailure(text: string): Outcome {
  const [word = "", ...rest] = text.split(" ");
  if (word === "passed" || !REASONS.includes(word)) return { reason: "no-verdict" };
  const detail = rest.join(" ").replace(/[^\w.]/g, "").slice(0, LONGEST_DETAIL);
  const reason = word === "failed" && detail === "MemoryError" ? "out-of-memory" : word as Reason;
  return detail === "" ? { reason } : { reason, detail };
}
