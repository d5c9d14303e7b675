/**
 * Unlearning in a notebook: the model as it came, a bar and a figure that change after each epoch, and in the end a
 * folder of the run as the command `unlearn` writes it, so that other notebooks and the report read it.
 *
 * @module
 */
import { openRunFolder } from "../cli/run_folder.ts";
import { HISTORY_COLUMNS } from "../datasets/columns.ts";
import { writeRows } from "../datasets/row_table.ts";
import { type Figure, showLive } from "../figures/figure.ts";
import { showProgress } from "../figures/notebook_progress.ts";
import { modelStyle } from "../figures/style.ts";
import type { TrajectoryRow } from "../figures/secret_trajectories.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import type { Scores } from "../metrics/text_scores.ts";
import { MODEL_FILES, saveModel } from "../models/save.ts";
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
export interface UnlearnLiveOptions extends Omit<UnlearnOptions, "endOfText" | "xla" | "compat"> {
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
 * earlier run left is replaced. An interrupt ends it after the epoch at hand; such a folder has no history.
 *
 * @throws {RangeError} for an unknown method, an empty set or a loss that is not finite; {Error} where the folder cannot
 * be written, or when the kernel is interrupted
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
  if (sets.forget.length === 0 || sets.retain.length === 0) {
    const name = sets.forget.length === 0 ? "forget" : "retain";
    throw new RangeError(`Cannot unlearn as the ${name} set is empty: run notebook 04_sets with more rows`);
  }
  const { draw: _, thresholds: { ma, el_10 }, ...settings } = options;
  const session = await openSession(options.model);
  using folder = await openRunFolder(run.path(options.method), {
    command: "unlearn",
    context: {
      settings: { ...settings, compat: "sound", ma, el_10 },
      force: true,
      signal: new AbortController().signal, // an interrupt is thrown by what computes
    },
    outputs: [...MODEL_FILES, "history.parquet"],
    versions: { tensorflow: session.engine.version },
  });
  const result = await watch(session, sets, options);
  const { model, configJson, dtype, folder: tokenizerFolder } = session.loaded;
  await saveModel(model, folder.folder, { configJson, dtype, tokenizerFolder });
  await writeRows(await folder.path("history.parquet"), result.history, HISTORY_COLUMNS);
  await folder.finish({ status: result.status, epoch: result.epoch });
  return result;
}

/** Runs it under a bar, the figure drawn anew after each epoch. */
async function watch(
  { model, tokenizer }: NotebookSession,
  sets: LiveSets,
  { draw, ...options }: UnlearnLiveOptions,
): Promise<LiveResult> {
  const history: UnlearnEpoch[] = [];
  const secrets: TrajectoryRow[] = [];
  let live: { update(figure: Figure): Promise<void> } | undefined;
  const result = await showProgress(
    `Unlearning with ${modelStyle(options.method).label}`,
    (onProgress, signal) =>
      unlearn(model, sets, {
        ...options,
        compat: "sound",
        endOfText: tokenizer.endOfText,
      }, {
        signal,
        onBatch: (done, total) => onProgress(0, `batch ${done} of ${total}`),
        onEpoch: async (epoch, scores) => {
          history.push(epoch);
          secrets.push(...trajectoryRows(sets.forget, scores, epoch.epoch));
          if (draw && live) await live.update(draw(history));
          else if (draw) live = await showLive(draw(history));
          await onProgress(epoch.epoch === 0 ? 0 : 1, "");
        },
      }),
    { unit: "epochs" },
  );
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
