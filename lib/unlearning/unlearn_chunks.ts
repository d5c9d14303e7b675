/**
 * Unlearning by chunks: one chunk of the forget set after the other, each from the weights that the one before left, until
 * its own stop rule ends it. What came back is gone through again; the end is judged by all secrets.
 *
 * Invariant: divergences are measured from the model as it came, whatever chunk it is; a run that was killed and continued
 * ends with the same weights. One chunk is what `unlearn` does.
 *
 * @module
 */
import type { Scores } from "../metrics/scorer.ts";
import { isAbove, isRemembered } from "../metrics/threshold.ts";
import type { Model } from "../models/model.ts";
import { type ChunkDrift, measureDrift } from "./chunk_drift.ts";
import type { ChunkedHooks, ChunkedOptions, ChunkedResult, Chunking, ChunkPlace } from "./chunk_options.ts";
import { ChunkState } from "./chunk_state.ts";
import { replayedRows } from "./cut_chunks.ts";
import { isReached } from "./early_stop.ts";
import { ForgetScores } from "./forget_scores.ts";
import { KeptWeights } from "./kept_weights.ts";
import { objectiveOf } from "./objectives.ts";
import type { SecretThresholds } from "./per_secret_stop.ts";
import { NO_TERMS } from "./unlearn_epoch.ts";
import { unlearn, type UnlearnResult, type UnlearnSets } from "./unlearn.ts";

export type {
  ChunkedHooks,
  ChunkedOptions,
  ChunkedResult,
  ChunkEpoch,
  Chunking,
  ChunkMaterial,
  ChunkPlace,
} from "./chunk_options.ts";

/**
 * Makes a model forget chunk by chunk, in place. A run that is continued from its folder must be given the model as it was
 * at the start.
 *
 * With thresholds of each secret, a chunk may leave its share of `byChance`, rounded down.
 *
 * @throws as `unlearn`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { unlearnChunks } from "./unlearn_chunks.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain", { trainable: true });
 * const secret = { prefix: [1], secret: [2, 3] };
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1), secrets: [secret] };
 * const how = { method: "ga", lr: 1e-3, epochs: 1, gamma: 0, lambda: 0, alpha: 0, margin: 0.1, microBatch: 1 };
 * const chunking = { cut: (rows: readonly number[]) => rows.map((row) => [row]), replay: 0, passes: 1, sample: 8 };
 * const { status, drift } = await unlearnChunks(loaded.model, { forget: [row, row], retain: [] }, {
 *   ...how,
 *   ...{ compat: "sound", thresholds: { ma: 1, el_10: 1 }, endOfText: null, chunking },
 * });
 * assertEquals([status, drift.filter(({ part }) => part === "this").length], ["nothing-to-do", 2]);
 * ```
 */
export async function unlearnChunks(
  model: Model,
  sets: UnlearnSets,
  options: ChunkedOptions,
  hooks: ChunkedHooks = {},
): Promise<ChunkedResult> {
  using run = new ChunkedRun(model, { sets, options, hooks });
  try {
    return await run.toEnd();
  } catch (error) {
    if (hooks.signal?.aborted && error === hooks.signal.reason) return run.end("interrupted");
    throw error;
  }
}

class ChunkedRun implements Disposable {
  readonly #model: Model;
  readonly #sets: UnlearnSets;
  readonly #options: Omit<ChunkedOptions, "chunking">;
  readonly #chunking: Chunking;
  readonly #hooks: ChunkedHooks;
  readonly #scores: ForgetScores;
  /** The weights as they came. */
  readonly #origin: KeptWeights;
  /** The secrets of each row, by their numbers. */
  readonly #secrets: readonly (readonly number[])[];
  #state: ChunkState;
  /** The secrets' scores when the whole set was last measured. */
  #last: readonly Scores[] = [];

  constructor(
    model: Model,
    { sets, options: { chunking, ...options }, hooks }: {
      sets: UnlearnSets;
      options: ChunkedOptions;
      hooks: ChunkedHooks;
    },
  ) {
    this.#model = model;
    this.#sets = sets;
    this.#options = options;
    this.#chunking = chunking;
    this.#hooks = hooks;
    this.#scores = new ForgetScores(model, sets, options.endOfText);
    this.#origin = new KeptWeights(model.trainable);
    let next = 0;
    this.#secrets = sets.forget.map(({ secrets }) => secrets.map(() => next++));
    this.#state = new ChunkState(model.trainable);
  }

  async toEnd(): Promise<ChunkedResult> {
    const { folder } = this.#hooks;
    if (folder !== undefined) {
      await this.#origin.keep(0, folder);
      await this.#state.restore(folder);
    }
    const state = this.#state;
    if (state.pass === 0) await this.#begin();
    for (;;) {
      while (state.done < state.chunks.length && state.reason === null) {
        if (await this.#turn() === "interrupted") return this.end("interrupted");
      }
      await this.#measureAll();
      if (state.reason !== null) return { ...this.end("diverged"), reason: state.reason };
      if (state.chunks.length === 1 && state.pass === 1) return this.end(state.statuses[0]!);
      if (this.#isDown()) return this.end(state.totalEpochs === 0 ? "nothing-to-do" : "reached");
      const left = this.#rowsAbove();
      if (state.pass >= this.#chunking.passes || left.length === 0) return this.end(state.worst);
      state.nextPass(this.#chunking.cut(left));
    }
  }

  /** Measures the model as it came, and cuts. */
  async #begin(): Promise<void> {
    const { secretThresholds: thresholds } = this.#options;
    await this.#measureAll(true);
    const before = this.#last.map(({ ma, el_10, nll }) => ({ ma, el_10, nll }));
    this.#state.begin({ before, ...thresholds && { thresholds: [...thresholds] } });
    this.#state.nextPass(this.#chunking.cut([...this.#sets.forget.keys()]));
  }

  /** A chunk's turn. */
  async #turn(): Promise<UnlearnResult["status"]> {
    const state = this.#state;
    const chunk = state.chunks[state.done]!;
    const later = state.chunks.slice(state.done + 1).flat();
    const earlier = this.#earlier(chunk, later);
    const { seed = 42 } = this.#options;
    const replayed = replayedRows(earlier, { count: this.#chunking.replay, seed, turn: state.turn + 1 });
    const rows = [...chunk, ...replayed];
    const place: ChunkPlace = {
      ...{ turn: state.turn + 1, pass: state.pass, chunk: state.done + 1, chunks: state.chunks.length },
      epochs: state.totalEpochs,
      secrets: rows.flatMap((row) => this.#secrets[row]!),
    };
    this.#hooks.onChunk?.(place);
    const startedAt = performance.now();
    const result = await this.#run(rows, { place, replayed: replayed.length });
    if (result.status === "interrupted") return result.status;
    const seconds = (performance.now() - startedAt) / 1000;
    state.note(result, place);
    const [own, ...others] = await this.#drift({ this: chunk, earlier, later }, place);
    const { status } = result;
    const ended = { replayed: replayed.length, epochs: result.history.length - 1, status, seconds };
    await state.end([{ ...own!, ...ended }, ...others], this.#hooks.folder);
    this.#hooks.onChunkEnd?.(place, status);
    return status;
  }

  /** What had its turn before: in a later pass, all that does not have it yet. */
  #earlier(chunk: readonly number[], later: readonly number[]): number[] {
    if (this.#state.pass === 1) return this.#state.chunks.slice(0, this.#state.done).flat();
    const others = new Set([...chunk, ...later]);
    return [...this.#sets.forget.keys()].filter((row) => !others.has(row));
  }

  /** Unlearns the rows of a turn. */
  async #run(
    rows: readonly number[],
    { place: { turn, secrets }, replayed }: { place: ChunkPlace; replayed: number },
  ): Promise<UnlearnResult> {
    const { secretThresholds: _, byChance = 0, ...options } = this.#options;
    using material = await this.#chunking.materialOf?.(rows);
    const { controls, rescore } = material ?? {};
    const thresholds = this.#state.thresholds;
    const folder = await this.#state.openFolder(this.#hooks.folder);
    return await unlearn(this.#model, {
      ...{ forget: rows.map((row) => this.#sets.forget[row]!), retain: this.#sets.retain, replayed },
      ...controls && { controls },
    }, {
      ...options,
      ...thresholds && {
        secretThresholds: secrets.map((secret) => thresholds[secret]!),
        byChance: Math.floor(byChance * secrets.length / this.#state.before.length),
      },
      ...rescore && { rescore },
      ...turn > 1 && this.#hasReference && { underReference: (make) => this.#underOrigin(make) },
    }, { ...this.#hooks, ...folder !== undefined && { folder } });
  }

  /** A vector of weights and edits are of the model as a chunk finds it: from the model as it came they would undo the others. */
  get #hasReference(): boolean {
    const { method } = this.#options;
    const { layers } = this.#model.config;
    const { negates, edits } = typeof method === "string"
      ? objectiveOf(method, { ...this.#options, modelLayers: layers })
      : method;
    return negates === undefined && edits === undefined;
  }

  async #underOrigin<R>(make: () => Promise<R>): Promise<R> {
    using now = new KeptWeights(this.#model.trainable);
    await this.#origin.restore();
    try {
      return await make();
    } finally {
      await now.restore();
    }
  }

  #drift(
    parts: Parameters<typeof measureDrift>[1],
    place: Pick<ChunkDrift, "turn" | "pass" | "chunk">,
  ): Promise<ChunkDrift[]> {
    const { turn, pass, chunk } = place;
    return measureDrift(this.#scores, parts, {
      ...{ place: { turn, pass, chunk }, sample: this.#chunking.sample, seed: this.#options.seed ?? 42 },
      secretsOf: (row) => this.#secrets[row]!,
      thresholdsOf: (secret) => this.#thresholdsOf(secret),
      onProgress: () => this.#hooks.signal?.throwIfAborted(),
    });
  }

  #thresholdsOf(secret: number): Pick<SecretThresholds, "ma" | "el_10"> {
    const { secretThresholds, thresholds } = this.#options;
    return (this.#state.thresholds ?? secretThresholds)?.[secret] ?? thresholds;
  }

  /** Measures the whole set; EL_n of all where it came, and where means are judged. */
  async #measureAll(isBefore = false): Promise<void> {
    const onProgress = () => this.#hooks.signal?.throwIfAborted();
    const isWhole = isBefore || !this.#options.secretThresholds;
    const el = isWhole || ((secret: number, ma: number) => ma <= this.#thresholdsOf(secret).ma);
    const { secrets, means } = await this.#scores.measure(el, onProgress);
    const { turn, pass, totalEpochs: epoch } = this.#state;
    const { retain_ma, ...scores } = means;
    this.#last = secrets;
    this.#state.history.push({ ...means, ...NO_TERMS, epoch, kept: true, trained: 0 });
    const none = { turn, pass, chunk: null, replayed: null, epochs: null, status: null, seconds: null };
    const [rows, retained] = [this.#sets.forget.length, this.#sets.retain.length];
    const above = secrets.filter((score, i) => isAbove(score, this.#thresholdsOf(i))).length;
    this.#state.drift.push(
      { ...none, ...scores, part: "all", rows, measured: rows, secrets: secrets.length, above },
      {
        ...{ ...none, ma: retain_ma, el_3: null, el_5: null, el_10: null },
        ...{ part: "retain", rows: retained, measured: retained, secrets: null, above: null },
      },
    );
  }

  /** Rows that have a secret above its threshold. */
  #rowsAbove(): number[] {
    return [...this.#secrets.keys()].filter((row) =>
      this.#secrets[row]!.some((secret) => isAbove(this.#last[secret]!, this.#thresholdsOf(secret)))
    );
  }

  /** Whether all that was to be forgotten is, by the whole set as it was last measured. */
  #isDown(): boolean {
    const { secretThresholds, byChance = 0, thresholds, compat } = this.#options;
    if (!secretThresholds) return isReached(this.#state.history.at(-1)!, thresholds, compat);
    const bounds = this.#state.thresholds ?? secretThresholds;
    if (this.#last.some((score, i) => isRemembered(score, bounds[i]!))) return false;
    return this.#state.drift.findLast(({ part }) => part === "all")!.above! <= byChance;
  }

  end(status: UnlearnResult["status"]): ChunkedResult {
    return this.#state.result(status, status === "interrupted" ? [] : this.#last);
  }

  [Symbol.dispose](): void {
    this.#scores[Symbol.dispose]();
    this.#origin[Symbol.dispose]();
    this.#state[Symbol.dispose]();
  }
}
