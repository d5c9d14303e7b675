/**
 * How far a run by chunks has come, and its checkpoints: one in the run's folder after each turn, with the weights that it
 * left; the turn at hand has a folder of its own in there, with the checkpoints that any unlearning writes.
 *
 * @module
 */
import { join } from "node:path";
import type * as tf from "../npm/tfjs_core.ts";
import { makeFolder, removePath } from "../files/folders.ts";
import type { Scores } from "../metrics/scorer.ts";
import { isAbove } from "../metrics/threshold.ts";
import { Adam } from "../training/adam.ts";
import { readCheckpoint, writeCheckpoint } from "../training/checkpoint.ts";
import type { ChunkDrift } from "./chunk_drift.ts";
import type { ChunkedResult, ChunkEpoch, ChunkPlace } from "./chunk_options.ts";
import type { SecretOutcome, SecretThresholds } from "./per_secret_stop.ts";
import type { RateNote } from "./rate_notes.ts";
import type { UnlearnEpoch } from "./unlearn_epoch.ts";
import type { UnlearnResult } from "./unlearn_options.ts";

type Status = UnlearnResult["status"];

/** What is noted between turns: plain data. */
interface Notes {
  turn: number;
  pass: number;
  chunks: readonly (readonly number[])[];
  done: number;
  before: SecretOutcome["before"][];
  thresholds: SecretThresholds[] | null;
  secretEpochs: number[];
  statuses: Status[];
  reason: string | null;
  totalEpochs: number;
  drift: ChunkDrift[];
  epochs: ChunkEpoch[];
  history: UnlearnEpoch[];
  rates: RateNote[];
}

/** The folder of a turn, which goes with a run's checkpoints. */
const TURN = /^checkpoint-(\d+)\.turn$/;

/**
 * The state; `using` frees what its checkpoints need, not the weights.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { ChunkState } from "./chunk_state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * const folder = await Deno.makeTempDir();
 * using state = new ChunkState(weights);
 * state.begin({ before: [] });
 * state.nextPass([[0], [1]]);
 * await state.end([], folder);
 * using again = new ChunkState(weights);
 * await again.restore(folder);
 * assertEquals([again.turn, again.done, again.chunks], [1, 1, [[0], [1]]]);
 * ```
 */
export class ChunkState implements Disposable {
  readonly #weights: Readonly<Record<string, tf.Tensor>>;
  readonly #optimizer = new Adam({}, { betas: [0, 0] }); // a checkpoint has one; between turns it has no moments
  #notes: Notes = {
    ...{
      turn: 0,
      pass: 0,
      chunks: [],
      done: 0,
      before: [],
      thresholds: null,
      secretEpochs: [],
      statuses: [],
    },
    ...{ reason: null, totalEpochs: 0, drift: [], epochs: [], history: [], rates: [] },
  };

  /** @param weights those that are trained; not owned */
  constructor(weights: Readonly<Record<string, tf.Tensor>>) {
    this.#weights = weights;
  }

  /** Turns that are over. */
  get turn(): number {
    return this.#notes.turn;
  }

  /** The pass at hand, from 1; 0 before the first. */
  get pass(): number {
    return this.#notes.pass;
  }

  /** Its chunks, by the numbers of their rows. */
  get chunks(): readonly (readonly number[])[] {
    return this.#notes.chunks;
  }

  /** How many of them have had their turn. */
  get done(): number {
    return this.#notes.done;
  }

  /** The secrets' scores by the model as it came. */
  get before(): readonly SecretOutcome["before"][] {
    return this.#notes.before;
  }

  /** The secrets' thresholds, as they were last scored; null where means are judged. */
  get thresholds(): readonly SecretThresholds[] | null {
    return this.#notes.thresholds;
  }

  /** How the turns of this pass ended. */
  get statuses(): readonly Status[] {
    return this.#notes.statuses;
  }

  /** The number that was not finite, where a turn diverged; there is none after it. */
  get reason(): string | null {
    return this.#notes.reason;
  }

  /** Epochs of all turns. */
  get totalEpochs(): number {
    return this.#notes.totalEpochs;
  }

  /** The table of drift, to be added to. */
  get drift(): ChunkDrift[] {
    return this.#notes.drift;
  }

  /** The whole set before and after each pass, to be added to. */
  get history(): UnlearnEpoch[] {
    return this.#notes.history;
  }

  /** Why a pass was not enough: a turn had no more epochs, or no more patience; where each was, they came back. */
  get worst(): Status {
    return this.statuses.includes("out-of-patience") && !this.statuses.includes("not-converged")
      ? "out-of-patience"
      : "not-converged";
  }

  /** Begins with the model as it came. */
  begin(
    { before, thresholds }: { before: SecretOutcome["before"][]; thresholds?: SecretThresholds[] },
  ): void {
    Object.assign(this.#notes, { before, thresholds: thresholds ?? null, secretEpochs: before.map(() => 0) });
  }

  /** Begins a pass. */
  nextPass(chunks: readonly (readonly number[])[]): void {
    Object.assign(this.#notes, { pass: this.#notes.pass + 1, chunks, done: 0, statuses: [] });
  }

  /** Notes what a turn came to. */
  note(
    { status, reason, history, outcomes, notes }: UnlearnResult,
    { turn, secrets }: ChunkPlace,
  ): void {
    const own = this.#notes;
    own.reason = reason ?? null;
    own.statuses.push(status);
    own.totalEpochs += history.length - 1;
    own.epochs.push(...history.map((epoch) => ({ turn, ...epoch })));
    own.rates.push(...notes.filter(({ problem }) => !own.rates.some((known) => known.problem === problem)));
    outcomes?.forEach(({ thresholds, epochs }, i) => {
      own.thresholds![secrets[i]!] = thresholds;
      own.secretEpochs[secrets[i]!]! += epochs;
    });
  }

  /** Ends a turn: its rows are in the table, and its weights are safe. */
  async end(drift: readonly ChunkDrift[], folder: string | undefined): Promise<void> {
    this.#notes.drift.push(...drift);
    this.#notes.turn++;
    this.#notes.done++;
    if (folder === undefined) return;
    const state = { weights: this.#weights, optimizer: this.#optimizer };
    await writeCheckpoint(folder, state, this.#notes, this.#notes.turn);
    await this.#removeTurns(folder);
  }

  /** The folder of the turn at hand. */
  async openFolder(folder: string | undefined): Promise<string | undefined> {
    if (folder === undefined) return undefined;
    const own = join(folder, `checkpoint-${this.turn + 1}.turn`);
    await makeFolder(own);
    return own;
  }

  /** Goes on after the last turn that ended in a folder, if any did. */
  async restore(folder: string): Promise<void> {
    const state = { weights: this.#weights, optimizer: this.#optimizer };
    const restored = await readCheckpoint(folder, state);
    if (restored) this.#notes = restored.notes as Notes;
    await this.#removeTurns(folder);
  }

  /** Removes the folders of turns that are over. */
  async #removeTurns(folder: string): Promise<void> {
    for await (const { name } of Deno.readDir(folder)) {
      const turn = Number(TURN.exec(name)?.[1] ?? Infinity);
      if (turn <= this.turn) await removePath(join(folder, name));
    }
  }

  /** What the run comes to. @param scores of all secrets at the end; none where it has not come to it */
  result(status: Status, scores: readonly Scores[]): ChunkedResult {
    const { before, thresholds, secretEpochs, totalEpochs, history, rates, drift, epochs } = this.#notes;
    const isMeasured = scores.length === before.length;
    return {
      ...{ status, epoch: totalEpochs, history, notes: rates, drift, epochs },
      ...thresholds && isMeasured && {
        outcomes: before.map((own, i) => ({
          before: own,
          after: { ma: scores[i]!.ma, el_10: scores[i]!.el_10 },
          isAbove: own.ma === null ? null : isAbove(scores[i]!, thresholds[i]!),
          thresholds: thresholds[i]!,
          epochs: secretEpochs[i]!,
        })),
      },
    };
  }

  [Symbol.dispose](): void {
    this.#optimizer[Symbol.dispose]();
  }
}
