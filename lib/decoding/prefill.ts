/**
 * Known texts through the model, once: what it predicts after their tokens, their losses, and the cache that
 * continuations branch off from. Texts run some at a time, and logits are computed where they are wanted.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { compilesPrefill, outsideXlaOnProcessor } from "../engine/xla_policy.ts";
import { powerOfTwo, powerOfTwoBelow, roundUp, tokensAtOnce } from "./batch_sizes.ts";
import type { Model } from "../models/model.ts";
import { checkFinite, checkTokens } from "../models/not_finite.ts";

/** Texts that have run through the model. */
export interface PrefilledTexts extends Disposable {
  /** Positions of the batch, padding included. */
  length: number;
  /** The predictions of each text: entry t is the model's argmax after tokens 0..t; from `from` on, 0 before. */
  predictions: Int32Array[];
  /** Each text's losses: entry t is the cross entropy of token t + 1, nats; one fewer than the text's tokens; 0 before `from`. */
  losses: Float32Array[];
  /** As `losses`, of the predictions instead of the tokens that follow: how sure each is; empty unless asked for. */
  bestLosses: Float32Array[];
  /** What messages call a text. */
  nameOf: (text: number) => string;
  /** Each layer's keys, [B, H, T, K]; empty unless asked for. */
  keys: Tensor[];
  /** Each layer's values. */
  values: Tensor[];
}

/** How texts run. */
export interface PrefillOptions {
  /** Positions to pad to. */
  length: number;
  /** Whether continuations will be decoded. */
  keepCache: boolean;
  /** The first position of each text whose prediction is wanted; 0 by default. */
  from?: readonly number[];
  /** What messages call a text: "text 0" by default. */
  nameOf?: (text: number) => string;
}

type PassStep = CompiledStep<[Tensor, Tensor], Record<string, Tensor>>;

/** Positions whose logits are wanted come in so many of a text, that few shapes are captured. */
const SCORED_POSITIONS = 32;

/**
 * Runs texts through a model; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using pass = new Prefill(loaded.model);
 * using filled = await pass.run([[3, 20, 49, 41]], { length: 8, keepCache: false });
 * assertEquals([filled.predictions[0]![2], filled.losses[0]!.length], [41, 3]); // a text that it has memorized
 * ```
 */
export class Prefill implements Disposable {
  readonly #model: Model;
  readonly #steps: Readonly<Record<"fill" | "score" | "fillXla" | "scoreXla", PassStep>>;
  readonly #tokensRun = new Map<string, number>();
  readonly #xla: boolean | undefined;
  readonly #wantsBest: boolean;

  /**
   * @param model not owned
   * @param options.xla whether XLA compiles the pass; by default where it pays
   * @param options.best whether the losses of the predictions are wanted too
   */
  constructor(model: Model, { xla, best = false }: { xla?: boolean | undefined; best?: boolean } = {}) {
    this.#model = model;
    this.#xla = xla;
    this.#wantsBest = best;
    const { products } = model;
    const run = (keepCache: boolean) => (ids: Tensor, rows: Tensor) => this.#run(ids, rows, keepCache);
    this.#steps = {
      fill: compile(run(true), { name: "fill", products }),
      score: compile(run(false), { name: "score", products }),
      fillXla: compile(run(true), { name: "fill", products, xla: true }),
      scoreXla: compile(run(false), { name: "score", products, xla: true }),
    };
  }

  /**
   * Runs texts through the model.
   *
   * @param texts token ids, each of at least 1 and at most `length` tokens
   * @throws {RangeError} when a text is empty, longer than `length`, ends before `from` or has ids unknown to the model;
   * {NotFiniteError} when logits are NaN or infinite
   */
  async run(
    texts: readonly ArrayLike<number>[],
    { length, keepCache, from = texts.map(() => 0), nameOf = (text) => `text ${text}` }: PrefillOptions,
  ): Promise<PrefilledTexts> {
    this.#check(texts, { length, from, nameOf });
    const most = powerOfTwoBelow(tokensAtOnce(this.#model.config, length, memoryBudget()) / length);
    const rows = Math.min(most, powerOfTwo(Math.max(1, texts.length)));
    const width = roundUp(
      Math.max(1, ...texts.map((text, i) => text.length - from[i]!)),
      SCORED_POSITIONS,
      length,
    );
    const caches: Record<string, Tensor>[] = [];
    const all = {
      predictions: texts.map((text) => new Int32Array(text.length)),
      losses: texts.map((text) => new Float32Array(text.length - 1)),
      bestLosses: this.#wantsBest ? texts.map((text) => new Float32Array(text.length - 1)) : [],
    };
    try {
      for (let first = 0; first === 0 || first < texts.length; first += rows) {
        const chunk = texts.slice(first, first + rows);
        const { predictions, losses, bestLosses, ...cache } = await this.#runChunk(chunk, {
          rows,
          length,
          width,
          keepCache,
          from: from.slice(first, first + rows),
        });
        caches.push(cache);
        using held = new DisposableStack();
        held.adopt([predictions!, losses!, ...bestLosses ? [bestLosses] : []], tf.dispose);
        const predicted = predictions!.dataSync() as Int32Array;
        const lost = losses!.dataSync() as Float32Array;
        const sure = bestLosses?.dataSync() as Float32Array | undefined;
        chunk.forEach((text, row) => {
          const [start, at] = [from[first + row]!, row * width];
          const wanted = text.length - start;
          // a cross entropy sums up all logits of its position: it is finite only if they are
          const ofText = lost.subarray(at, at + wanted);
          checkFinite(ofText, `score ${nameOf(first + row)}`, this.#model);
          all.predictions[first + row]!.set(predicted.subarray(at, at + wanted), start);
          all.losses[first + row]!.set(ofText.subarray(0, -1), start);
          if (sure) all.bestLosses[first + row]!.set(sure.subarray(at, at + wanted - 1), start);
        });
      }
      if (caches.length > 1) caches.push(joinCaches(caches.splice(0)));
    } catch (error) {
      tf.dispose(caches);
      throw error;
    }
    const layers = keepCache ? Array.from({ length: this.#model.config.layers }, (_, l) => l) : [];
    const [joined] = caches as [Record<string, Tensor>];
    return {
      length,
      ...all,
      nameOf,
      keys: layers.map((l) => joined[`k${l}`]!),
      values: layers.map((l) => joined[`v${l}`]!),
      [Symbol.dispose]: () => tf.dispose(joined),
    };
  }

  /** Forgets what has run, by which XLA is chosen: the same texts give the same bits then as in a new process. */
  forget(): void {
    this.#tokensRun.clear();
  }

  /** Some of the texts: what is wanted of `width` positions of each, [rows width], and the cache. */
  async #runChunk(
    texts: readonly ArrayLike<number>[],
    { rows, length, width, keepCache, from }: {
      rows: number;
      length: number;
      width: number;
      keepCache: boolean;
      from: readonly number[];
    },
  ): Promise<Record<string, Tensor>> {
    const ids = new Int32Array(rows * length);
    const places = new Int32Array(rows * width);
    texts.forEach((text, row) => {
      ids.set(text, row * length);
      for (let i = 0; i < width; i++) {
        places[row * width + i] = row * length + Math.min(from[row]! + i, length - 1);
      }
    });
    const inputs = [tf.tensor2d(ids, [rows, length], "int32"), tf.tensor1d(places, "int32")] as const;
    const step = this.#stepFor(`${keepCache} ${rows} ${length} ${width}`, {
      tokens: rows * length,
      keepCache,
    });
    return await step.async(...inputs).finally(() => tf.dispose([...inputs]));
  }

  /** The captured pass for a shape: XLA's from when it pays. */
  #stepFor(shape: string, { tokens, keepCache }: { tokens: number; keepCache: boolean }): PassStep {
    const before = this.#tokensRun.get(shape) ?? 0;
    this.#tokensRun.set(shape, before + tokens);
    const isXla = this.#xla ?? compilesPrefill(before, this.#model);
    return this.#steps[`${keepCache ? "fill" : "score"}${isXla ? "Xla" : ""}`];
  }

  /** @throws {RangeError} for what `run` refuses */
  #check(
    texts: readonly ArrayLike<number>[],
    { length, from, nameOf }: Required<Pick<PrefillOptions, "length" | "from" | "nameOf">>,
  ): void {
    const { vocabularySize } = this.#model.config;
    texts.forEach((text, row) => {
      if (text.length < 1 || text.length > length) {
        throw new RangeError(`Cannot run text ${row} of ${text.length} tokens: expected 1 to ${length}`);
      }
      if (!(from[row]! >= 0 && from[row]! < text.length)) {
        throw new RangeError(`Cannot run text ${row} from position ${from[row]}: it has ${text.length}`);
      }
      checkTokens(text, vocabularySize, `score ${nameOf(row)}`);
    });
  }

  /**
   * One pass over whole texts: argmax and cross entropy after some positions, and the cache.
   *
   * @param ids [B, T] @param rows [P] places in [B T]
   */
  #run(ids: Tensor, rows: Tensor, keepCache: boolean): Record<string, Tensor> {
    const [B, T] = ids.shape as [number, number];
    const cache: Record<string, Tensor> = {};
    const hidden = this.#model.hidden(ids, {
      cache: (layer, keys, values) => {
        if (keepCache) Object.assign(cache, { [`k${layer}`]: keys, [`v${layer}`]: values });
      },
    });
    const wanted = rows as tf.Tensor1D;
    const logits = this.#model.project(tf.gather(hidden, wanted)); // [P, V]
    const next = tf.pad(tf.slice(ids, [0, 1], [B, T - 1]) as tf.Tensor2D, [[0, 0], [0, 1]]); // [B, T]
    const labels = tf.gather(tf.reshape(next, [B * T]), wanted);
    const predictions = tf.argMax(logits, -1) as tf.Tensor1D; // [P]
    // on a processor XLA adds up a row in one float32: over a vocabulary of 49,152 small terms get lost, 1e-5 nats
    const lossOf = (tokens: Tensor) => outsideXlaOnProcessor(() => sparseCrossEntropy(logits, tokens)); // [P]
    return {
      predictions,
      losses: lossOf(labels),
      ...this.#wantsBest && { bestLosses: lossOf(predictions) },
      ...cache,
    };
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    for (const step of Object.values(this.#steps)) step[Symbol.dispose]();
  }
}

/** The caches of several chunks as those of all texts; the parts are disposed, each as soon as it is joined. */
function joinCaches(caches: readonly Record<string, Tensor>[]): Record<string, Tensor> {
  const joined: Record<string, Tensor> = {};
  try {
    for (const name of Object.keys(caches[0]!)) {
      const parts = caches.map((cache) => cache[name]!);
      joined[name] = tf.concat(parts, 0); // [B, G, T, K]
      tf.dispose(parts);
    }
    return joined;
  } catch (error) {
    tf.dispose([joined, ...caches]);
    throw error;
  }
}
