/**
 * Greedy decoding from any position of known texts: the texts run once (that fills the cache and tells which tokens
 * the model predicts), then all wanted continuations run together over copies of their text's cache, each row at a
 * position of its own, one captured step for a position of all rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
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

/** Rows of a decode step are padded to one of these, so that few shapes are captured. */
const ROW_BUCKETS = [8, 32, 128, 256, 512, 1024] as const;

/** Runs texts and their continuations; `using` frees its captured steps. */
export class Decoder implements Disposable {
  readonly #model: Model;
  /** Texts a batch. */
  readonly batch: number;
  /** Continuations a batch, at most. */
  readonly rows: number;
  readonly #fill: CompiledStep<[Tensor], Record<string, Tensor>>;
  readonly #score: CompiledStep<[Tensor], Record<string, Tensor>>;
  readonly #step: CompiledStep<Tensor[], { ids: Tensor; positions: Tensor }>;

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
   * @throws {RangeError} when a text is empty or longer than `length`
   */
  async fill(
    texts: readonly ArrayLike<number>[],
    { length, keepCache }: { length: number; keepCache: boolean },
  ): Promise<FilledTexts> {
    const ids = new Int32Array(this.batch * length);
    texts.forEach((text, row) => {
      if (text.length < 1 || text.length > length) {
        throw new RangeError(`Cannot run text ${row} of ${text.length} tokens: expected 1 to ${length}`);
      }
      ids.set(text, row * length);
    });
    const input = tf.tensor2d(ids, [this.batch, length], "int32");
    const { predictions, losses, ...cache } = await (keepCache ? this.#fill : this.#score).async(input);
    const predicted = predictions!.dataSync() as Int32Array;
    const lost = losses!.dataSync() as Float32Array;
    tf.dispose([input, predictions!, losses!]);
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
    const order = starts.map((_, i) => i).filter((i) => results[i]!.length > 0);
    order.forEach((i) => results[i]![0] = starts[i]!.token);
    order.sort((a, b) => results[b]!.length - results[a]!.length || a - b);
    for (let first = 0; first < order.length; first += this.rows) {
      const chunk = order.slice(first, first + this.rows);
      await this.#continueChunk(filled, chunk.map((i) => ({ start: starts[i]!, result: results[i]! })));
    }
    return results;
  }

  async #continueChunk(
    filled: FilledTexts,
    rows: { start: DecodeStart; result: Int32Array }[],
  ): Promise<void> {
    const steps = Math.max(...rows.map(({ result }) => result.length)) - 1;
    if (steps === 0) return;
    const size = ROW_BUCKETS.find((bucket) => bucket >= rows.length) ?? rows.length;
    const column = (value: (start: DecodeStart) => number) => {
      const values = new Int32Array(size);
      rows.forEach(({ start }, i) => values[i] = value(start));
      return tf.tensor1d(values, "int32");
    };
    const texts = column(({ text }) => text);
    const cache = [...filled.keys, ...filled.values].map((filled_) =>
      newCacheBuffer(filled_, texts, filled.length)
    );
    let ids: Tensor = column(({ token }) => token);
    let positions: Tensor = column(({ position }) => position);
    const generated: Tensor[] = [];
    for (let i = 0; i < steps; i++) {
      const next = await this.#step.async(ids, positions, ...cache);
      positions.dispose();
      positions = next.positions;
      generated.push(ids = next.ids);
    }
    generated.forEach((tensor, i) => {
      const values = tensor.dataSync();
      for (let row = 0; row < rows.length; row++) {
        const { result } = rows[row]!;
        if (i + 1 < result.length) result[i + 1] = values[row]!;
      }
    });
    tf.dispose([texts, positions, ...generated, ...cache]);
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

  /** One token of every row; rows that are through stay at the last position, their results are not used. */
  #decode([ids, positions, ...cache]: Tensor[]): { ids: Tensor; positions: Tensor } {
    const { layers, cacheHeads } = this.#model.config;
    const tensors = { keys: cache.slice(0, layers), values: cache.slice(layers) };
    const length = cache[0]!.shape[0]! / (ids!.shape[0]! * cacheHeads);
    const logits = this.#model.decode(ids!, positions!, tensors);
    return {
      ids: tf.argMax(logits, -1),
      positions: tf.minimum(tf.add(positions!, tf.scalar(1, "int32")), tf.scalar(length - 1, "int32")),
    };
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#fill[Symbol.dispose]();
    this.#score[Symbol.dispose]();
    this.#step[Symbol.dispose]();
  }
}
