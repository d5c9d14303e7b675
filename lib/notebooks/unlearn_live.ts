/**
 * Unlearning in a notebook: the model as it came, a bar and a figure that change after each epoch, and in the end a
 * folder of the run as the command `unlearn` writes it, so that other notebooks and the report read it.
 *
 * @module
 */
import { openRunFolder } from "../cli/run_folder.ts";
import { HISTORY_COLUMNS, NORM_COLUMNS } from "../datasets/columns.ts";
import { writeRows } from "../datasets/row_table.ts";
import { type Figure, showLive } from "../figures/figure.ts";
import { refuseQueuedCell } from "../figures/notebook_kernel.ts";
import { type OnWorkProgress, showProgress } from "./show_progress.ts";
import { modelStyle, percentText } from "../figures/style.ts";
import type { TrajectoryRow } from "../figures/secret_trajectories.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import type { Scores } from "../metrics/scorer.ts";
import { MODEL_FILES, saveModel } from "../checkpoints/save.ts";
import { describeSecret } from "../secrets/fingerprint.ts";
import { unlearn, type UnlearnOptions, type UnlearnResult, type UnlearnSets } from "../unlearning/unlearn.ts";
import type { UnlearnEpoch } from "../unlearning/unlearn_epoch.ts";
import type { NotebookRun } from "./run.ts";
import { type NotebookSession, openSession } from "./session.ts";

/** The forget set with its secrets' places and values, and the retain set. */
export interface LiveSets extends UnlearnSets {
  /** See `forgetExamples`. */
  forget: readonly ForgetExample[];
}

/** What to unlearn with. */
export interface UnlearnLiveOptions extends
  Omit<
    UnlearnOptions,
    | "endOfText"
    | "xla"
    | "compat"
    | "method"
    | "secretThresholds"
    | "rescore"
    | "lasting"
    | "underReference"
    | "openReference"
  > {
  /** A name of `METHODS`. */
  method: string;
  /** The model's name, as `openSession` takes it. */
  model: string;
  /** Draws the epochs so far; without it there is a bar alone. */
  draw?: (history: readonly UnlearnEpoch[]) => Figure;
}

/** How a run went. */
export interface LiveResult extends UnlearnResult {
  /** Every secret of the forget set after every epoch. */
  secrets: TrajectoryRow[];
}

/**
 * Unlearns by a method and writes checkpoint, history and record into the run's folder of that name, where what an
 * earlier run left is replaced. An interrupt ends it after the batch at hand; such a folder has no history. From its
 * start on, what earlier runs of the method gave can't be used any more: reading it throws.
 *
 * @throws {RangeError} for an unknown method, an empty set or a loss that is not finite; {Error} where the folder cannot
 * be written, when the kernel is interrupted, or as `refuseQueuedCell`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openRun } from "./run.ts";
 * import { unlearnLive } from "./unlearn_live.ts";
 *
 * const run = await openRun(await Deno.makeTempDir());
 * const weights = { gamma: 0.5, lambda: 0.1, alpha: 1, lr: 2e-4 };
 * const options = { model: "embedded", method: "ga", ...weights, epochs: 1, margin: 0.1, microBatch: 4 };
 * const thresholds = { ma: 0.3, el_10: 0 };
 * const empty = () => unlearnLive(run, { forget: [], retain: [] }, { ...options, thresholds });
 * await assertRejects(empty, RangeError, "Cannot unlearn as the forget set is empty");
 * ```
 */
export async function unlearnLive(
  run: NotebookRun,
  sets: LiveSets,
  options: UnlearnLiveOptions,
): Promise<LiveResult> {
  refuseQueuedCell();
  if (sets.forget.length === 0 || sets.retain.length === 0) {
    const name = sets.forget.length === 0 ? "forget" : "retain";
    throw new RangeError(`Cannot unlearn as the ${name} set is empty: run notebook 04_sets with more rows`);
  }
  const attempt = newAttempt(run.path(options.method));
  const result = await showProgress(
    `Unlearning with ${modelStyle(options.method).label}`,
    (onProgress, signal) => unlearnInto(run.path(options.method), { sets, options, onProgress, signal }),
    { total: options.epochs, unit: "epochs", isMost: true },
  );
  return untilReplaced(result, attempt, options.method);
}

/** An unlearning into a folder; one that was begun later replaces it. */
interface Attempt {
  isReplaced: boolean;
}

/** The newest attempt of each folder. */
const attempts = new Map<string, Attempt>();

function newAttempt(folder: string): Attempt {
  const earlier = attempts.get(folder);
  if (earlier) earlier.isReplaced = true;
  const attempt = { isReplaced: false };
  attempts.set(folder, attempt);
  return attempt;
}

/** A notebook's variable keeps its old value where its cell, run again, was interrupted: then it must not be read. */
function untilReplaced(result: LiveResult, attempt: Attempt, method: string): LiveResult {
  return new Proxy(result, {
    get(target, key) {
      if (!attempt.isReplaced) return Reflect.get(target, key);
      throw new Error(
        `Cannot use the result of ${
          modelStyle(method).label
        }: a later run of it was begun and did not end: ` +
          "run the cell again that makes it",
      );
    },
  });
}

interface LiveRun {
  sets: LiveSets;
  options: UnlearnLiveOptions;
  onProgress: OnWorkProgress;
  signal: AbortSignal;
}

/** The whole run, from opening the model to the finished folder: an interrupt finds it at work all the time. */
async function unlearnInto(path: string, live: LiveRun): Promise<LiveResult> {
  const { draw: _, thresholds: { ma, el_10 }, ...settings } = live.options;
  const session = await openSession(live.options.model);
  using folder = await openRunFolder(path, {
    command: "unlearn",
    context: {
      settings: { ...settings, compat: "sound", ma, el_10 },
      force: true,
      signal: new AbortController().signal, // an interrupt is thrown by what computes
    },
    outputs: [...MODEL_FILES, "history.parquet"],
    versions: { tensorflow: session.engine.version },
  });
  const result = await watch(session, live);
  const { model, configJson, dtype, folder: tokenizerFolder } = session.loaded;
  await saveModel(model, folder.folder, { configJson, dtype, tokenizerFolder });
  await writeRows(await folder.path("history.parquet"), result.history, {
    ...HISTORY_COLUMNS,
    ...NORM_COLUMNS,
  });
  await folder.finish({ status: result.status, epoch: result.epoch });
  return result;
}

/** Unlearns; the figure is drawn anew after each epoch. */
async function watch(
  { model, tokenizer }: NotebookSession,
  { sets, options: { draw, ...options }, onProgress, signal }: LiveRun,
): Promise<LiveResult> {
  const history: UnlearnEpoch[] = [];
  const secrets: TrajectoryRow[] = [];
  let live: { update(figure: Figure): Promise<void> } | undefined;
  let [note, startedAt] = ["", performance.now()];
  const result = await unlearn(model, sets, {
    ...options,
    compat: "sound",
    endOfText: tokenizer.endOfText,
  }, {
    signal,
    onBatch: (done, total) => onProgress(0, [note, `batch ${done} of ${total}`].filter(Boolean).join(", ")),
    onEpoch: async (epoch, scores) => {
      history.push(epoch);
      const seconds = (performance.now() - startedAt) / 1000;
      startedAt = performance.now();
      note = `MA ${percentText(epoch.ma)}, EL_10 ${percentText(epoch.el_10)}` +
        (epoch.norm === null
          ? ""
          : `, gradient norm ${epoch.norm.toPrecision(3)}, ${seconds.toFixed(1)} s an epoch`);
      secrets.push(...trajectoryRows(sets.forget, scores, epoch.epoch));
      if (draw && live) await live.update(draw(history));
      else if (draw) live = await showLive(draw(history));
      await onProgress(epoch.epoch === 0 ? 0 : 1, "");
    },
  });
  signal.throwIfAborted(); // before an unfinished run is written as if it had ended
  return { ...result, secrets };
}

function trajectoryRows(
  forget: readonly ForgetExample[],
  scores: readonly Scores[],
  epoch: number,
): TrajectoryRow[] {
  return forget.flatMap(({ secrets }) => secrets).map(({ tag, value }, secret) => ({
    ...{ secret, tag, description: describeSecret(tag, value), epoch },
    ma: scores[secret]?.ma ?? null,
  }));
}
