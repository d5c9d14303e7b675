/**
 * What a way of judging gives to the pool above it.
 *
 * @module
 */
import type { Outcome } from "./verdict.ts";

/** A program's limits. */
export interface JudgeLimits {
  /** How long a program may take, in seconds of the clock (default 3, as HumanEval's). */
  timeoutSeconds: number;
  /** How much memory it may have (default 512 MiB). */
  memoryBytes: number;
  /** How much it may write, to its output and to files (default 10 MiB). */
  outputBytes: number;
}

/** Judges one program at a time. */
export interface JudgeWorker extends AsyncDisposable {
  /** Runs a program to its end or to a limit. */
  run(program: string): Promise<Outcome>;
}

/** How long past its limit a program is waited for before its process is killed. */
export const GRACE_MS = 500;
