/**
 * Greedy decoding from any position of known texts: the texts run once (that fills the cache and tells which tokens
 * the model predicts), then all wanted continuations branch off from the texts' caches together, one captured step for
 * a token of all rows.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import type { AttentionFunction } from "../models/architecture.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { compilesDecoding, outsideXlaOnProcessor } from "../engine/xla_policy.ts";
import { powerOfTwo, roundUp, rowsAtOnce, textsAtOnce } from "./batch_sizes.ts";
import { branchAttention } from "./branch_attention.ts";
import { type Branch, type DecodeBatch, type DecodeStart, toDecodeBatches } from "./decode_batches.ts";
import { checkPositions, growCacheBuffer, newCacheBuffer } from "./kv_cache.ts";
import type { Model } from "../models/model.ts";
import { bestLogits, checkFinite } from "../models/not_finite.ts";
import { Prefill, type PrefilledTexts, type PrefillOptions } from "./prefill.ts";

export type { DecodeStart } from "./decode_batches.ts";
export type { PrefilledTexts } from "./prefill.ts";

/** How much runs at once. */
export interface DecoderOptions {
  /** Texts a batch. Default: up to 64, as many as keep caches and logits of 128 tokens under two gigabytes. */
  batch?: number;
  /** Continuations a batch, at most. Default: up to 256, as many as keep the caches of 128 tokens under a gigabyte. */
  rows?: number;
  /** Whether XLA compiles the steps of continuations. Default: where so many are wanted that it pays. */
  xla?: boolean;
}

type DecodeStep = CompiledStep<Tensor[], { ids: Tensor; best: Tensor }>;

/** Own caches begin with this many positions and grow by as many: attention reads all that are there, and is bound by memory. */
const OWN_POSITIONS = 16;

/**
 * Runs texts and their continuations; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using decoder = new Decoder(loaded.model, { batch: 1 });
 * using filled = await decoder.prefill([[3, 20, 49]], { length: 8, keepCache: true });
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
  readonly #texts: Prefill;
  readonly #step: DecodeStep;
  readonly #xlaStep: DecodeStep;
  readonly #xla: boolean | undefined;

  /** @param model not owned */
  constructor(
    model: Model,
    {
      batch = textsAtOnce(model.config, memoryBudget()),
      rows = rowsAtOnce(model.config, memoryBudget()),
      xla,
    }: DecoderOptions = {},
  ) {
    this.#model = model;
    this.batch = batch;
    this.rows = rows;
    this.#texts = new Prefill(model, { xla });
    this.#xla = xla;
    const decode = (...inputs: Tensor[]) => this.#decode(inputs);
    const { products } = model;
    this.#step = compile(decode, { name: "decode", products });
    this.#xlaStep = compile(decode, { name: "decode", products, xla: true });
  }

  /**
   * Runs texts through the model.
   *
   * @param texts token ids, at most `batch` texts
   * @throws {RangeError} when there are too many texts; as `Prefill.run`
   */
  async prefill(texts: readonly ArrayLike<number>[], options: PrefillOptions): Promise<PrefilledTexts> {
    if (texts.length > this.batch) {
      throw new RangeError(`Cannot run ${texts.length} texts at once: at most ${this.batch}`);
    }
    return await this.#texts.run(texts, options);
  }

  /**
   * Decodes continuations greedily, all that is generated, end-of-text tokens included.
   *
   * @param filled with its cache kept
   * @param onProgress told the share of the work that is done; what it throws ends the work
   * @returns for each start its tokens from `position` to `until`, the given one first
   * @throws {RangeError} when a start lies outside the cache; {NotFiniteError} when logits are NaN or infinite
   */
  async continueAll(
    filled: PrefilledTexts,
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
    const batches = toDecodeBatches(branches, this.rows).map((decodeBatch) => {
      const steps = Math.max(...decodeBatch.branches.map(stepsOf));
      return { ...decodeBatch, steps, tokens: decodeBatch.branches.length * steps };
    });
    const total = {
      tokens: sumOf(batches.map(({ tokens }) => tokens)),
      steps: sumOf(batches.map(({ steps }) => steps)),
    };
    const isXla = this.#xla ?? compilesDecoding(total, this.#model);
    const step = isXla ? this.#xlaStep : this.#step;
    let [next, done] = [0, 0];
    const takeGrids = async () => {
      try {
        while (next < batches.length) {
          const decodeBatch = batches[next++]!;
          await this.#continueBatch(filled, decodeBatch, step);
          done += decodeBatch.tokens;
          await onProgress?.(done / Math.max(1, total.tokens));
        }
      } catch (error) {
        next = batches.length; // the other takes no more
        throw error;
      }
    };
    // A batch's operations are too small to keep all threads busy: two batches at a time do.
    const outcomes = await Promise.allSettled([takeGrids(), takeGrids()]);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure) throw failure.reason;
    return results;
  }

  /** Forgets what has run: the same texts give the same bits then as in a new process. */
  forget(): void {
    this.#texts.forget();
  }

  async #continueBatch(
    filled: PrefilledTexts,
    { texts, rowsPerText, branches, steps }: DecodeBatch & { steps: number },
    step: DecodeStep,
  ): Promise<void> {
    const { cacheHeads: heads, headWidth: width } = this.#model.config;
    if (steps === 0) return;
    const rows = texts.length * rowsPerText;
    using held = new DisposableStack();
    const hold = (...tensors: Tensor[]) => held.adopt(tensors, tf.dispose); // what is put into the list later, too
    const column = (value: (branch: Branch) => number) =>
      tf.tensor1d(Int32Array.from(branches, (branch) => branch ? value(branch) : 0), "int32");
    const usesGpu = gpuMemory() !== null; // there XLA compiles attention too, so few shapes are better than short ones
    const last = Math.max(...branches.map((branch) => branch?.start.position ?? 0));
    const longest = usesGpu ? filled.length : roundUp(Math.max(1, last), 64, filled.length);
    const [ofTexts, own] = [hold(), hold()];
    for (const tensor of [...filled.keys, ...filled.values]) ofTexts.push(pickTexts(tensor, texts, longest));
    let length = usesGpu ? powerOfTwo(Math.max(steps, OWN_POSITIONS)) : OWN_POSITIONS;
    for (const _ of ofTexts) own.push(newCacheBuffer({ rows, heads, length, width }));
    const [starts] = hold(column(({ start }) => start.position)) as [Tensor];
    const generated = hold(tf.tensor1d(branches.map((branch) => branch?.start.token ?? 0)));
    const best = hold();
    for (let i = 0; i < steps; i++) {
      if (i === length) {
        length += OWN_POSITIONS;
        own.forEach((buffer, k) => own[k] = growCacheBuffer(buffer, { rows, heads, length }));
      }
      const count = column(() => i);
      const inputs = [generated.at(-1)!, count, starts, ...ofTexts, ...own];
      const next = await step.async(...inputs).finally(() => count.dispose());
      generated.push(next.ids);
      best.push(next.best);
    }
    const numbers = best.map((tensor) => tensor.dataSync());
    for (let i = 1; i <= steps; i++) {
      const values = generated[i]!.dataSync();
      branches.forEach((branch, row) => {
        if (branch && i < branch.result.length) branch.result[i] = values[row]!;
      });
    }
    branches.forEach((branch, row) => {
      if (!branch) return;
      const used = numbers.slice(0, stepsOf(branch)).map((ofRows) => ofRows[row]!);
      checkFinite(used, `score ${filled.nameOf(branch.start.text)}`, this.#model);
    });
  }

  /**
   * One token of every row; what rows that are through decode is not used.
   *
   * @param inputs ids and results are whole numbers in float32: TensorFlow has the results of int32 fetched to the host,
   * and every step would wait for the GPU
   */
  #decode([ids, steps, starts, ...cache]: Tensor[]): { ids: Tensor; best: Tensor } {
    const { layers, maxPositions, windows } = this.#model.config;
    const [textKeys, textValues, ownKeys, ownValues] = [0, 1, 2, 3].map((part) =>
      cache.slice(part * layers, (part + 1) * layers)
    ) as [Tensor[], Tensor[], Tensor[], Tensor[]];
    const caches = { textKeys, textValues, ownKeys, ownValues };
    // on a processor caches and batches have many shapes, all else has that of the rows alone
    const ofRows = outsideXlaOnProcessor(() =>
      branchAttention(caches, { starts: starts!, steps: steps! }, windows)
    );
    const attention: AttentionFunction = (inputs) => outsideXlaOnProcessor(() => ofRows(inputs));
    const positions = tf.minimum(tf.add(starts!, steps!), tf.scalar(maxPositions - 1, "int32"));
    const logits = this.#model.decode(tf.cast(ids!, "int32"), positions, attention);
    const next = tf.argMax(logits, -1);
    return {
      ids: tf.cast(next, "float32"),
      best: bestLogits(logits, next),
    };
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#texts[Symbol.dispose]();
    this.#step[Symbol.dispose]();
    this.#xlaStep[Symbol.dispose]();
  }
}

/** How many tokens a branch decodes. */
function stepsOf(branch: Branch | null): number {
  return branch ? branch.result.length - 1 : 0;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The first positions of some texts' keys or values: [B, H, T, K] to [N, H, length, K]. */
function pickTexts(filled: Tensor, texts: readonly number[], length: number): Tensor {
  return tf.tidy(() => {
    const [, H, , K] = filled.shape as [number, number, number, number];
    const picked = tf.gather(filled, tf.tensor1d([...texts], "int32")) as tf.Tensor4D;
    return tf.slice(picked, [0, 0, 0, 0], [texts.length, H, length, K]); // [N, H, length, K]
  });
}
