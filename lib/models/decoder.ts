/**
 * Greedy decoding from any position of known texts: the texts run once (that fills the cache and tells which tokens
 * the model predicts), then all wanted continuations branch off from the texts' caches together, one captured step for
 * a token of all rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { compile, type CompiledStep, outsideXla } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { AttentionFunction } from "./architecture.ts";
import { powerOfTwo, rowsAtOnce, textsAtOnce } from "./batch_sizes.ts";
import { branchAttention } from "./branch_attention.ts";
import { type Branch, type DecodeStart, type Grid, toGrids } from "./branch_grids.ts";
import { checkPositions, growCacheBuffer, newCacheBuffer } from "./kv_cache.ts";
import type { Model } from "./model.ts";

export type { DecodeStart } from "./branch_grids.ts";

/** Texts that have run through the model. */
export interface FilledTexts extends Disposable {
  /** Positions of the batch, padding included. */
  length: number;
  /** For each text: entry t is the model's argmax after tokens 0..t; from `from` on, 0 before. */
  predictions: Int32Array[];
  /** For each text: entry t is the cross entropy of token t + 1, in nats; one fewer than the text's tokens; 0 before `from`. */
  losses: Float32Array[];
  /** Each layer's keys, [B, H, T, K]; empty unless asked for. */
  keys: Tensor[];
  /** Each layer's values. */
  values: Tensor[];
}

/** How much runs at once. */
export interface DecoderOptions {
  /** Texts a batch. Default: up to 64, as many as keep caches and logits of 128 tokens under two gigabytes. */
  batch?: number;
  /** Continuations a batch, at most. Default: up to 256, as many as keep the caches of 128 tokens under a gigabyte. */
  rows?: number;
  /** Whether XLA compiles the steps of continuations. Default: where so many are wanted that it pays. */
  xla?: boolean;
}

type DecodeStep = CompiledStep<Tensor[], { ids: Tensor; steps: Tensor }>;

/** Own caches begin with this many positions and grow by as many: attention reads all that are there, and is bound by memory. */
const OWN_POSITIONS = 16;

/** Positions whose logits are wanted come in so many of a text, that few shapes are captured. */
const SCORED_POSITIONS = 32;

/** Tokens to decode that make up for a second of compiling. */
const TOKENS_FOR_XLA = 2 ** 15;

/**
 * Runs texts and their continuations; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "./load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using decoder = new Decoder(loaded.model, { batch: 1 });
 * using filled = await decoder.fill([[3, 20, 49]], { length: 8, keepCache: true });
 * const start = { text: 0, position: 3, token: filled.predictions[0]![2]!, until: 6 };
 * assertEquals((await decoder.continueAll(filled, [start]))[0], new Int32Array([41, 5, 26])); // a text that it has memorized
 * ```
 */
export class Decoder implements Disposable {
  readonly #model: Model;
  /** Texts a batch. */
  readonly batch: number;
  /** Continuations a batch, at most. */
  readonly rows: number;
  readonly #fill: CompiledStep<[Tensor, Tensor], Record<string, Tensor>>;
  readonly #score: CompiledStep<[Tensor, Tensor], Record<string, Tensor>>;
  readonly #step: DecodeStep;
  readonly #xlaStep: DecodeStep;
  readonly #xla: boolean | undefined;

  /** @param model not owned */
  constructor(
    model: Model,
    { batch = textsAtOnce(model.config), rows = rowsAtOnce(model.config), xla }: DecoderOptions = {},
  ) {
    this.#model = model;
    this.batch = batch;
    this.rows = rows;
    const run = (keepCache: boolean) => (ids: Tensor, rows: Tensor) => this.#run(ids, rows, keepCache);
    this.#fill = compile(run(true), { name: "fill", products: model.products });
    this.#score = compile(run(false), { name: "score", products: model.products });
    this.#xla = xla;
    const decode = (...inputs: Tensor[]) => this.#decode(inputs);
    this.#step = compile(decode, { name: "decode" });
    this.#xlaStep = compile(decode, { name: "decode", xla: true });
  }

  /**
   * Runs texts through the model.
   *
   * @param texts token ids, at most `batch` texts of at least 1 and at most `length` tokens
   * @param options.length positions to pad to @param options.keepCache whether continuations will be decoded
   * @param options.from the first position of each text whose prediction is wanted, 0 by default: logits are computed from
   * there on only
   * @throws {RangeError} when there are too many texts, or one is empty, longer than `length`, ends before `from` or has ids
   * unknown to the model
   */
  async fill(
    texts: readonly ArrayLike<number>[],
    { length, keepCache, from = texts.map(() => 0) }: {
      length: number;
      keepCache: boolean;
      from?: readonly number[];
    },
  ): Promise<FilledTexts> {
    const padded = this.#pad(texts, { length, from });
    const wanted = Math.max(1, ...texts.map((text, row) => text.length - from[row]!));
    const width = roundUp(wanted, SCORED_POSITIONS, length);
    const rows = new Int32Array(padded.length / length * width);
    texts.forEach((_, row) => {
      for (let i = 0; i < width; i++) {
        rows[row * width + i] = row * length + Math.min(from[row]! + i, length - 1);
      }
    });
    const inputs = [
      tf.tensor2d(padded, [padded.length / length, length], "int32"),
      tf.tensor1d(rows, "int32"),
    ] as const;
    const run = keepCache ? this.#fill : this.#score;
    const { predictions, losses, ...cache } = await run.async(...inputs).finally(() =>
      tf.dispose([...inputs])
    );
    const predicted = predictions!.dataSync() as Int32Array;
    const lost = losses!.dataSync() as Float32Array;
    tf.dispose([predictions!, losses!]);
    const layers = keepCache ? Array.from({ length: this.#model.config.layers }, (_, l) => l) : [];
    /** A text's values, at their positions. */
    const placed = <A extends Int32Array | Float32Array>(values: A, row: number, target: A): A => {
      const first = from[row]!;
      target.set(values.subarray(row * width, row * width + target.length - first), first);
      return target;
    };
    return {
      length,
      predictions: texts.map((text, row) => placed(predicted, row, new Int32Array(text.length))),
      losses: texts.map(({ length }, row) => placed(lost, row, new Float32Array(length - 1))),
      keys: layers.map((l) => cache[`k${l}`]!),
      values: layers.map((l) => cache[`v${l}`]!),
      [Symbol.dispose]: () => tf.dispose(cache),
    };
  }

  /**
   * Decodes continuations greedily, all that is generated, end-of-text tokens included.
   *
   * @param filled with its cache kept
   * @param onProgress told the share of the work that is done; what it throws ends the work
   * @returns for each start its tokens from `position` to `until`, the given one first
   * @throws {RangeError} when a start lies outside the cache
   */
  async continueAll(
    filled: FilledTexts,
    starts: readonly DecodeStart[],
    onProgress?: (share: number) => void | Promise<void>,
  ): Promise<Int32Array[]> {
    checkPositions(starts.map(({ position }) => position), filled.length);
    checkPositions(starts.map(({ until }) => until - 1), filled.length);
    const results = starts.map(({ position, until }) => new Int32Array(until - position));
    const branches = starts.map((start, i) => ({ start, result: results[i]! })).filter(({ result }) =>
      result.length > 0
    );
    for (const { start, result } of branches) result[0] = start.token;
    const grids = toGrids(branches, this.rows);
    const work = grids.map(({ branches }) => branches.length * Math.max(...branches.map(stepsOf)));
    const total = work.reduce((sum, steps) => sum + steps, 0);
    const step = this.#xla ?? total >= TOKENS_FOR_XLA ? this.#xlaStep : this.#step;
    let [next, done] = [0, 0];
    const takeGrids = async () => {
      try {
        while (next < grids.length) {
          const i = next++;
          await this.#continueGrid(filled, grids[i]!, step);
          done += work[i]!;
          await onProgress?.(done / Math.max(1, total));
        }
      } catch (error) {
        next = grids.length; // the other takes no more
        throw error;
      }
    };
    // A grid's operations are too small to keep all threads busy: two grids at a time do.
    const outcomes = await Promise.allSettled([takeGrids(), takeGrids()]);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure) throw failure.reason;
    return results;
  }

  async #continueGrid(
    filled: FilledTexts,
    { texts, rowsPerText, branches }: Grid,
    step: DecodeStep,
  ): Promise<void> {
    const { cacheHeads: heads, headWidth: width } = this.#model.config;
    const steps = Math.max(...branches.map(stepsOf));
    if (steps === 0) return;
    const rows = texts.length * rowsPerText;
    const column = (value: (branch: Branch) => number) =>
      tf.tensor1d(Int32Array.from(branches, (branch) => branch ? value(branch) : 0), "int32");
    const longest = roundUp(
      Math.max(...branches.map((branch) => branch?.start.position ?? 0)),
      64,
      filled.length,
    );
    const ofTexts = [...filled.keys, ...filled.values].map((tensor) => pickTexts(tensor, texts, longest));
    let length = OWN_POSITIONS;
    let own = ofTexts.map(() => newCacheBuffer({ rows, heads, length, width }));
    const starts = column(({ start }) => start.position);
    const generated: Tensor[] = [column(({ start }) => start.token)];
    let count: Tensor = tf.fill([rows], 0, "int32");
    for (let i = 0; i < steps; i++) {
      if (i === length) {
        length += OWN_POSITIONS;
        own = own.map((buffer) => growCacheBuffer(buffer, { rows, heads, length }));
      }
      const next = await step.async(generated.at(-1)!, count, starts, ...ofTexts, ...own);
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
    tf.dispose([starts, count, ...generated, ...ofTexts, ...own]);
  }

  /** Texts of one length; a power of two of them, so that few shapes are captured. */
  #pad(
    texts: readonly ArrayLike<number>[],
    { length, from }: { length: number; from: readonly number[] },
  ): Int32Array {
    const { vocabularySize } = this.#model.config;
    if (texts.length > this.batch) {
      throw new RangeError(`Cannot run ${texts.length} texts at once: at most ${this.batch}`);
    }
    const rows = Math.min(this.batch, powerOfTwo(Math.max(1, texts.length)));
    const ids = new Int32Array(rows * length);
    texts.forEach((text, row) => {
      if (text.length < 1 || text.length > length) {
        throw new RangeError(`Cannot run text ${row} of ${text.length} tokens: expected 1 to ${length}`);
      }
      if (!(from[row]! >= 0 && from[row]! < text.length)) {
        throw new RangeError(`Cannot run text ${row} from position ${from[row]}: it has ${text.length}`);
      }
      ids.set(text, row * length);
    });
    const unknown = ids.find((id) => id < 0 || id >= vocabularySize);
    if (unknown !== undefined) {
      throw new RangeError(`Cannot run token ${unknown}: the model's vocabulary has ${vocabularySize}`);
    }
    return ids;
  }

  /**
   * One pass over whole texts: argmax and cross entropy after some positions, and the cache.
   *
   * @param ids [B, T] @param rows [P] places in [B T]
   */
  #run(ids: Tensor, rows: Tensor, keepCache: boolean): Record<string, Tensor> {
    const [B, T] = ids.shape as [number, number];
    const cache: Record<string, Tensor> = {};
    const hidden = this.#model.hidden(ids, (layer, keys, values) => {
      if (keepCache) Object.assign(cache, { [`k${layer}`]: keys, [`v${layer}`]: values });
    });
    const wanted = rows as tf.Tensor1D;
    const logits = this.#model.project(tf.gather(hidden, wanted)); // [P, V]
    const next = tf.pad(tf.slice(ids, [0, 1], [B, T - 1]) as tf.Tensor2D, [[0, 0], [0, 1]]); // [B, T]
    return {
      predictions: tf.argMax(logits, -1), // [P]
      losses: sparseCrossEntropy(logits, tf.gather(tf.reshape(next, [B * T]), wanted)), // [P]
      ...cache,
    };
  }

  /** One token of every row; what rows that are through decode is not used. */
  #decode([ids, steps, starts, ...cache]: Tensor[]): { ids: Tensor; steps: Tensor } {
    const { layers, maxPositions } = this.#model.config;
    const [textKeys, textValues, ownKeys, ownValues] = [0, 1, 2, 3].map((part) =>
      cache.slice(part * layers, (part + 1) * layers)
    ) as [Tensor[], Tensor[], Tensor[], Tensor[]];
    // caches and grids have many shapes, all else has that of the rows alone
    const ofRows = outsideXla(() =>
      branchAttention({ textKeys, textValues, ownKeys, ownValues }, { starts: starts!, steps: steps! })
    );
    const attention: AttentionFunction = (inputs) => outsideXla(() => ofRows(inputs));
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
    this.#xlaStep[Symbol.dispose]();
  }
}

/** How many tokens a branch decodes. */
function stepsOf(branch: Branch | null): number {
  return branch ? branch.result.length - 1 : 0;
}

/** The first positions of some texts' keys or values: [B, H, T, K] to [N, H, length, K]. */
function pickTexts(filled: Tensor, texts: readonly number[], length: number): Tensor {
  return tf.tidy(() => {
    const [, H, , K] = filled.shape as [number, number, number, number];
    const picked = tf.gather(filled, tf.tensor1d([...texts], "int32")) as tf.Tensor4D;
    return tf.slice(picked, [0, 0, 0, 0], [texts.length, H, length, K]); // [N, H, length, K]
  });
}

function roundUp(count: number, unit: number, most = Infinity): number {
  return Math.min(most, Math.max(unit, Math.ceil(count / unit) * unit));
}
