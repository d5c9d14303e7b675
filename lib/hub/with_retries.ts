/**
 * Another try for what may pass: a connection that broke off, a Hub that asks to wait.
 *
 * @module
 */
import { HubError, type HubFailure } from "./hub_error.ts";

/** Options of {@linkcode withRetries}. */
export interface RetryOptions {
  /** Failures worth another try. */
  retried: readonly HubFailure[];
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** How far the task is: getting further gives it all its tries back. */
  position?: () => number;
}

const WAITS_MS = [0, 1000, 2000, 4000] as const;
const LONGEST_WAIT_MS = 60_000;

/**
 * Runs a task again while it fails in a way that may pass.
 *
 * @throws {HubError} the last failure
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HubError } from "./hub_error.ts";
 * import { withRetries } from "./with_retries.ts";
 *
 * let tries = 0;
 * const task = () => ++tries < 2 ? Promise.reject(new HubError("too soon", "busy")) : Promise.resolve("done");
 * assertEquals(await withRetries(task, { retried: ["busy"] }), "done");
 * ```
 */
export async function withRetries<T>(task: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retried, signal, position = () => 0 } = options;
  for (let tries = 0, furthest = position();;) {
    try {
      return await task();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HubError) || !retried.includes(error.failure)) throw error;
      if (position() > furthest) tries = 0;
      furthest = position();
      if (tries === WAITS_MS.length) throw error;
      await wait(Math.min(error.waitMs ?? WAITS_MS[tries]!, LONGEST_WAIT_MS), signal);
      tries++;
    }
  }
}

/**
 * Waits, but not longer than until `signal` aborts.
 *
 * @example
 * ```ts
 * import { wait } from "./with_retries.ts";
 *
 * await wait(3_600_000, AbortSignal.abort()).catch(() => "no hour went by");
 * ```
 */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
