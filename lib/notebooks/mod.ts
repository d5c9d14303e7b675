/**
 * What a notebook needs beside the subjects: its parameters, a session with a model and its scorer, the folder that its
 * tables go to, progress that is shown in place, and unlearning with a figure that grows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startNotebook } from "./mod.ts";
 *
 * const { TEXTS } = startNotebook({ TEXTS: 100 });
 * assertEquals(TEXTS, 100);
 * ```
 *
 * @module
 */
export { forgetSecrets } from "../cli/attack_secrets.ts";
export { attackModel, type AttackModelOptions } from "./attack_model.ts";
export { showInPlace } from "../figures/notebook_kernel.ts";
export { type FindOptions, findSecrets, type FoundSecret } from "./find_secrets.ts";
export { type OpenedSets, openSets, type OpenSetsOptions } from "./open_sets.ts";
export { NOTEBOOK_TABLES, type NotebookRow, type NotebookRun, type NotebookTable, openRun } from "./run.ts";
export { type RunEpoch, runsBeside, type RunsBesideOptions } from "./runs_beside.ts";
export {
  embeddedFiles,
  type EmbeddedPart,
  type NotebookSession,
  openCorpus,
  openSession,
} from "./session.ts";
export {
  type Parameter,
  type Parameters,
  startNotebook,
  type StartNotebookOptions,
  type ValuesOf,
} from "./start.ts";
export { type OnWorkProgress, showProgress, type ShowProgressOptions } from "./show_progress.ts";
export { showLeaderboard, type ShowLeaderboardOptions } from "./show_leaderboard.ts";
export { describeMean, type IntervalCell, showIntervals, type ShownInterval } from "./show_intervals.ts";
export { readSweepRuns } from "./sweep_runs.ts";
export { type ShownTable, showTable, type ShowTableOptions } from "./show_table.ts";
export { type LiveResult, type LiveSets, unlearnLive, type UnlearnLiveOptions } from "./unlearn_live.ts";
