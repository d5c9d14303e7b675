/**
 * A process' share of a sweep's runs, one after the other: what is done is left, what another process is at is left to it,
 * and a run that fails is named in the end.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../files/folders.ts";
import { reasonOf } from "../files/reason.ts";
import { LockedError, takeLock } from "./run_lock.ts";
import { SWEEP_FILES, SWEEP_RUN_FILES } from "./sweep_files.ts";
import { makeRun, tidyRun } from "./sweep_run.ts";
import type { SweepRun } from "./sweep_runs.ts";
import type { SharedWork } from "./sweep_stages.ts";

/** A run that failed. */
export interface FailedRun {
  run: string;
  reason: string;
}

/** What a process did. */
export interface MadeRuns {
  /** Runs that it made. */
  made: number;
  /** Runs that were done before. */
  before: number;
  /** Runs that another process was at. */
  elsewhere: number;
  /** Runs that failed. */
  failed: FailedRun[];
}

/**
 * Makes runs.
 *
 * @param out the sweep's folder
 * @throws the signal's reason, where it was interrupted
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { makeRuns } from "./sweep_process.ts";
 * import type { SharedWork } from "./sweep_stages.ts";
 *
 * const signal = new AbortController().signal;
 * const own = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const config = { model: "embedded", reading: {}, unlearn: {} };
 * const work = { config, texts: { corpus: "/c" }, context: { ...own, force: false, settings: {} } };
 * const run = { name: "ga", studies: [], method: "ga" as const, seed: 1, k: 1, set: 0, settings: {} };
 * const { made, failed } = await makeRuns(await Deno.makeTempDir(), work as unknown as SharedWork, [run]);
 * assertEquals([made, failed.map(({ run }) => run)], [0, ["ga"]]); // its forget set is not there
 * ```
 */
export async function makeRuns(out: string, work: SharedWork, runs: readonly SweepRun[]): Promise<MadeRuns> {
  const { context } = work;
  const result: MadeRuns = { made: 0, before: 0, elsewhere: 0, failed: [] };
  const stage = context.progress.start("Sweeping", runs.length, "runs");
  for (const run of runs) {
    await context.breathe();
    const folder = join(out, SWEEP_FILES.runs, run.name);
    let unlock: (() => void) | undefined;
    try {
      await makeFolder(folder);
      unlock = await takeLock(join(folder, ".lock"), folder);
      if (existsSync(join(folder, SWEEP_RUN_FILES.result))) {
        await tidyRun(folder, work.config);
        result.before++;
        stage.skip(1);
        continue;
      }
      stage.advance(0, run.name);
      await makeRun(out, work, run);
      result.made++;
      stage.advance(1);
    } catch (error) {
      if (!unlock && error instanceof LockedError) {
        result.elsewhere++;
        stage.skip(1);
        continue;
      }
      await context.breathe(); // an interrupt is no failure
      const reason = reasonOf(error);
      result.failed.push({ run: run.name, reason });
      context.log(`Run ${run.name} failed: ${reason}`);
      stage.advance(1);
    } finally {
      unlock?.();
    }
  }
  stage.done("");
  return result;
}
