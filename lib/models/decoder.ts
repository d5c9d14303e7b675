/**
 * Greedy decoding from any position of known texts: the texts run once (that fills the cache and tells which tokens
 * the model predicts), then all wanted continuations branch off from the texts' caches together, one captured step for
 * a token of all rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import { branchAttention } from "./branch_attention.ts";
import { checkPositions, newCacheBuffer } from "./kv_cache.ts";
import type { Model } from "./model.ts";

/** Texts that have run through the model. */
export interface FilledTexts extends Disposable {
  /** Positions of the batch, padding included. */
  length: number;
  /** For each text: entry t is the model's argmax after tokens 0..t. */
  predictions: Int32Array[];
  /** For each text: entry t is the cross entropy of token t + 1, in nats; one fewer than the text's tokens. */
  losses: Float32Array[];
  /** Each layer's keys, [B, H, T, K]; empty unless asked for. */
  keys: Tensor[];
  /** Each layer's values. */
  values: Tensor[];
}

/** A continuation to decode. */
export interface DecodeStart {
  /** Which text. */
  text: number;
  /** The position of the first decoded token. */
  position: number;
  /** That token. */
  token: number;
  /** Decode up to this position, exclusive. */
  until: number;
}

/** How much runs at once. */
export interface DecoderOptions {
  /** Texts a batch. Default 32. */
  batch?: number;
  /** Continuations a batch, at most. Default 256. */
  rows?: number;
}

/** Runs texts and their continuations; `using` frees its captured steps. */
export class Decoder implements Disposable {
  readonly #model: Model;
  /** Texts a batch. */
  readonly batch: number;
  /** Continuations a batch, at most. */
  readonly rows: number;
  readonly #fill: CompiledStep<[Tensor], Record<string, Tensor>>;
  readonly #score: CompiledStep<[Tensor], Record<string, Tensor>>;
  readonly #step: CompiledStep<Tensor[], { ids: Tensor; steps: Tensor }>;

  /** @param model not owned */
  constructor(model: Model, { batch = 32, rows = 256 }: DecoderOptions = {}) {
    this.#model = model;
    this.batch = batch;
    this.rows = rows;
    this.#fill = compile((ids: Tensor) => this.#run(ids, true), { name: "fill" });
    this.#score = compile((ids: Tensor) => this.#run(ids, false), { name: "score" });
    this.#step = compile((...inputs: Tensor[]) => this.#decode(inputs), { name: "decode" });
  }

  /**
   * Runs texts through the model.
   *
   * @param texts token ids, at most `batch` texts of at least 1 and at most `length` tokens
   * @param options.length positions to pad to @param options.keepCache whether continuations will be decoded
   * @throws {RangeError} when there are too many texts, or one is empty, longer than `length` or has ids unknown to the model
   */
  async fill(
    texts: readonly ArrayLike<number>[],
    { length, keepCache }: { length: number; keepCache: boolean },
  ): Promise<FilledTexts> {
    const input = tf.tensor2d(this.#pad(texts, length), [this.batch, length], "int32");
    const run = keepCache ? this.#fill : this.#score;
    const { predictions, losses, ...cache } = await run.async(input).finally(() => input.dispose());
    const predicted = predictions!.dataSync() as Int32Array;
    const lost = losses!.dataSync() as Float32Array;
    tf.dispose([predictions!, losses!]);
    const layers = keepCache ? Array.from({ length: this.#model.config.layers }, (_, l) => l) : [];
    return {
      length,
      predictions: texts.map((text, row) => predicted.slice(row * length, row * length + text.length)),
      losses: texts.map((text, row) => lost.slice(row * (length - 1), row * (length - 1) + text.length - 1)),
      keys: layers.map((l) => cache[`k${l}`]!),
      values: layers.map((l) => cache[`v${l}`]!),
      [Symbol.dispose]: () => tf.dispose(cache),
    };
  }

  /**
   * Decodes continuations greedily, all that is generated, end-of-text tokens included.
   *
   * @param filled with its cache kept
   * @returns for each start its tokens from `position` to `until`, the given one first
   * @throws {RangeError} when a start lies outside the cache
   */
  async continueAll(filled: FilledTexts, starts: readonly DecodeStart[]): Promise<Int32Array[]> {
    checkPositions(starts.map(({ position }) => position), filled.length);
    checkPositions(starts.map(({ until }) => until - 1), filled.length);
    const results = starts.map(({ position, until }) => new Int32Array(until - position));
    const branches = starts.map((start, i) => ({ start, result: results[i]! })).filter(({ result }) =>
      result.length > 0
    );
    for (const { start, result } of branches) result[0] = start.token;
    for (const grid of toGrids(branches, this.rows)) await this.#continueGrid(filled, grid);
    return results;
  }

  async #continueGrid(filled: FilledTexts, { texts, rowsPerText, branches }: Grid): Promise<void> {
    const { cacheHeads: heads, headWidth: width } = this.#model.config;
    const steps = Math.max(...branches.map((branch) => branch ? branch.result.length : 0)) - 1;
    if (steps === 0) return;
    const rows = texts.length * rowsPerText;
    const column = (value: (branch: Branch) => number) =>
      tf.tensor1d(Int32Array.from(branches, (branch) => branch ? value(branch) : 0), "int32");
    const longest = roundUp(
      Math.max(...branches.map((branch) => branch?.start.position ?? 0)),
      64,
      filled.length,
    );
    const cache = [
      ...[...filled.keys, ...filled.values].map((tensor) => pickTexts(tensor, texts, longest)),
      ...[...filled.keys, ...filled.values].map(() =>
        newCacheBuffer({ rows, heads, length: roundUp(steps, 32), width })
      ),
    ];
    const starts = column(({ start }) => start.position);
    const generated: Tensor[] = [column(({ start }) => start.token)];
    let count: Tensor = tf.fill([rows], 0, "int32");
    for (let i = 0; i < steps; i++) {
      const next = await this.#step.async(generated.at(-1)!, count, starts, ...cache);
      count.dispose();
      count = next.steps;
      generated.push(next.ids);
    }
    for (let i = 1; i <= steps; i++) {
      const values = generated[i]!.dataSync();
      branches.forEach((branch, row) => {
        if (branch && i < branch.result.length) branch.result[i] = values[row]!;
      });
    }
    tf.dispose([starts, count, ...generated, ...cache]);
  }

  #pad(texts: readonly ArrayLike<number>[], length: number): Int32Array {
    const { vocabularySize } = this.#model.config;
    if (texts.length > this.batch) {
      throw new RangeError(`Cannot run ${texts.length} texts at once: at most ${this.batch}`);
    }
    const ids = new Int32Array(this.batch * length);
    texts.forEach((text, row) => {
      if (text.length < 1 || text.length > length) {
        throw new RangeError(`Cannot run text ${row} of ${text.length} tokens: expected 1 to ${length}`);
      }
      ids.set(text, row * length);
    });
    const unknown = ids.find((id) => id < 0 || id >= vocabularySize);
    if (unknown !== undefined) {
      throw new RangeError(`Cannot run token ${unknown}: the model's vocabulary has ${vocabularySize}`);
    }
    return ids;
  }

  /** One pass over whole texts: argmax and cross entropy at each position, and the cache. */
  #run(ids: Tensor, keepCache: boolean): Record<string, Tensor> {
    const [B, T] = ids.shape as [number, number];
    const cache: Record<string, Tensor> = {};
    const hidden = this.#model.hidden(ids, (layer, keys, values) => {
      if (keepCache) Object.assign(cache, { [`k${layer}`]: keys, [`v${layer}`]: values });
    });
    const logits = this.#model.project(hidden); // [B T, V]
    const next = tf.pad(tf.slice(ids, [0, 1], [B, T - 1]) as tf.Tensor2D, [[0, 0], [0, 1]]); // [B, T]
    const losses = tf.reshape(sparseCrossEntropy(logits, tf.reshape(next, [B * T])), [B, T]); // [B, T]
    return {
      predictions: tf.reshape(tf.argMax(logits, -1), [B, T]), // [B, T]
      losses: tf.slice(losses, [0, 0], [B, T - 1]),
      ...cache,
    };
  }

  /** One token of every row; what rows that are through decode is not used. */
  #decode([ids, steps, starts, ...cache]: Tensor[]): { ids: Tensor; steps: Tensor } {
    const { layers, maxPositions } = this.#model.config;
    const [textKeys, textValues, ownKeys, ownValues] = [0, 1, 2, 3].map((part) =>
      cache.slice(part * layers, (part + 1) * layers)
    ) as [Tensor[], Tensor[], Tensor[], Tensor[]];
    const attention = branchAttention({ textKeys, textValues, ownKeys, ownValues }, {
      starts: starts!,
      steps: steps!,
    });
    const positions = tf.minimum(tf.add(starts!, steps!), tf.scalar(maxPositions - 1, "int32"));
    return {
      ids: tf.argMax(this.#model.decode(ids!, positions, attention), -1),
      steps: tf.add(steps!, tf.scalar(1, "int32")),
    };
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#fill[Symbol.dispose]();
    this.#score[Symbol.dispose]();
    this.#step[Symbol.dispose]();
  }
}

interface Branch {
  start: DecodeStart;
  result: Int32Array;
}

/** Branches that are decoded together: `rowsPerText` of each text, text by text; null where a text has fewer. */
interface Grid {
  texts: number[];
  rowsPerText: number;
  branches: (Branch | null)[];
}

/** Deals branches into grids of at most `rows` rows, those with the most to decode together. */
function toGrids(branches: readonly Branch[], rows: number): Grid[] {
  const queues = new Map<number, Branch[]>();
  for (const branch of branches) {
    queues.set(branch.start.text, [...queues.get(branch.start.text) ?? [], branch]);
  }
  for (const queue of queues.values()) queue.sort((a, b) => a.result.length - b.result.length);
  const grids: Grid[] = [];
  while (queues.size > 0) {
    const active = [...queues].slice(0, rows);
    const size = powerOfTwo(active.length);
    const rowsPerText = Math.max(
      1,
      Math.min(powerOfTwo(Math.max(...active.map(([, queue]) => queue.length))), Math.floor(rows / size)),
    );
    const grid: Grid = { texts: [], rowsPerText, branches: [] };
    for (const [text, queue] of active) {
      const taken = queue.splice(-rowsPerText);
      grid.texts.push(text);
      for (let row = 0; row < rowsPerText; row++) grid.branches.push(taken[row] ?? null);
      if (queue.length === 0) queues.delete(text);
    }
    while (grid.texts.length < size) {
      grid.texts.push(grid.texts[0]!);
      for (let row = 0; row < rowsPerText; row++) grid.branches.push(null);
    }
    grids.push(grid);
  }
  return grids;
}

/** The first positions of some texts' keys or values: [B, H, T, K] to [N, H, length, K]. */
function pickTexts(filled: Tensor, texts: readonly number[], length: number): Tensor {
  return tf.tidy(() => {
    const [, H, , K] = filled.shape as [number, number, number, number];
    const picked = tf.gather(filled, tf.tensor1d([...texts], "int32")) as tf.Tensor4D;
    return tf.slice(picked, [0, 0, 0, 0], [texts.length, H, length, K]); // [N, H, length, K]
  });
}

function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}

function roundUp(count: number, unit: number, most = Infinity): number {
  return Math.min(most, Math.max(unit, Math.ceil(count / unit) * unit));
}
