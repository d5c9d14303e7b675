/**
 * Generation of new tokens for many prompts at once: the prompts run once and fill the KV cache, then each captured step
 * adds a token to every row, at the row's own position, with the cache written in place. Shapes are buckets (rows are
 * powers of two, cache lengths multiples of 64), rows that are through leave the batch, and a sampled token depends
 * only on the seed, the draw's name and its place: not on the batch that it was in, but for rounding of the logits.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { compilesDecoding, type DecodeWork } from "../engine/xla_policy.ts";
import { powerOfTwo, promptsAtOnce, roundUp } from "./batch_sizes.ts";
import { decodeCached, fillCache, takeBuffers } from "./cached_step.ts";
import {
  chooseTokens,
  finiteOf,
  outcomeOf,
  type SamplingOptions,
  type StepOutcome,
} from "./choose_tokens.ts";
import { checkSampling } from "./filter_logits.ts";
import { GenerateCache } from "./generate_cache.ts";
import type { Model } from "../models/model.ts";
import { checkFinite, checkTokens } from "../models/not_finite.ts";
import { uniformOf } from "./philox.ts";

/** How to generate. */
export interface GenerateOptions {
  /** New tokens of each prompt, at most; the model's last position ends a row as well. */
  maxTokens: number;
  /** Ends a row; it is the row's last token then. */
  endOfText?: number | null;
  /** Temperature and top-p; greedy when absent. */
  sampling?: SamplingOptions;
  /** The seed of the draws. Default 0. */
  seed?: number;
  /** The name of each prompt's draws, such as task and sample: up to three whole numbers. Default: the prompt's number. */
  draws?: readonly (readonly number[])[];
  /** Asked after each token whether a row is through, such as by a stop string. */
  isFinished?: (prompt: number, tokens: readonly number[]) => boolean | Promise<boolean>;
  /** Called with how many more prompts are through; what it throws ends the work. */
  onProgress?: (done: number) => void | Promise<void>;
}

/** A row of a batch. */
interface Row {
  prompt: number;
  /** Where its next token goes. */
  position: number;
  tokens: number[];
  isThrough: boolean;
}

const PROMPT_UNIT = 32;

type DecodeStep = CompiledStep<Tensor[], StepOutcome>;

/**
 * Generates tokens; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using generator = new Generator(loaded.model);
 * const [tokens] = await generator.generate([[3, 20, 49]], { maxTokens: 3 });
 * assertEquals(tokens, new Int32Array([41, 5, 26])); // a text that it has memorized
 * ```
 */
export class Generator implements Disposable {
  readonly #model: Model;
  readonly #rows: number;
  readonly #xla: boolean | undefined;
  readonly #steps = new Map<string, Record<"fill" | "decode" | "xlaDecode", DecodeStep>>();

  /**
   * @param model not owned
   * @param options.rows prompts that run at once, at most; as many as memory allows up to 256
   * @param options.xla whether XLA compiles the steps; where so many tokens are wanted that it pays, if not given
   */
  constructor(model: Model, { rows = 256, xla }: { rows?: number; xla?: boolean } = {}) {
    this.#model = model;
    this.#rows = rows;
    this.#xla = xla;
  }

  /**
   * Continues prompts.
   *
   * @param prompts token ids, at least one each
   * @returns for each prompt its new tokens
   * @throws {RangeError} when a prompt is empty, fills the model's positions or has ids unknown to it, or an option is out of
   * range; {NotFiniteError} when logits are NaN or infinite
   */
  async generate(prompts: readonly ArrayLike<number>[], options: GenerateOptions): Promise<Int32Array[]> {
    this.#check(prompts, options);
    const results: Int32Array[] = new Array(prompts.length);
    const order = prompts.map((_, i) => i).sort((a, b) => prompts[a]!.length - prompts[b]!.length);
    for (let first = 0; first < order.length;) {
      const size = this.#batchSize(
        prompts[order[Math.min(first + this.#rows, order.length) - 1]!]!.length,
        options,
      );
      const batch = order.slice(first, first + size);
      const rows = await this.#runBatch(prompts, batch, options);
      for (const { prompt, tokens } of rows) results[prompt] = Int32Array.from(tokens);
      first += size;
    }
    return results;
  }

  async #runBatch(
    prompts: readonly ArrayLike<number>[],
    batch: readonly number[],
    options: GenerateOptions,
  ): Promise<Row[]> {
    const rows = batch.map((prompt) => ({
      prompt,
      position: prompts[prompt]!.length,
      tokens: [],
      isThrough: false,
    }));
    let { cache, outcome } = await this.#fill(prompts, rows, options);
    using _cache = cache;
    let active: Row[] = rows;
    let step: DecodeStep | undefined;
    try {
      while (true) {
        await this.#addTokens(active, outcome, options);
        tf.dispose(outcome);
        outcome = {};
        const left = active.filter(({ isThrough }) => !isThrough);
        if (left.length < active.length) await options.onProgress?.(active.length - left.length);
        if (left.length === 0) return rows;
        const before = [cache.rows, cache.length].join();
        if (cache.keepRows(left.map((row) => active.indexOf(row)))) active = left;
        const steps = Math.max(...left.map(({ tokens }) => options.maxTokens - tokens.length));
        cache.reserve(Math.max(...left.map(({ position }) => position)), { steps });
        if (!step || before !== [cache.rows, cache.length].join()) {
          step = this.#decodeStepFor({ tokens: cache.rows * steps, steps }, options);
        }
        outcome = await this.#decode(step, active, cache);
      }
    } finally {
      tf.dispose(outcome);
    }
  }

  /** The prompts' one pass: what follows them, and the cache. */
  async #fill(
    prompts: readonly ArrayLike<number>[],
    rows: readonly Row[],
    options: GenerateOptions,
  ): Promise<{ cache: GenerateCache; outcome: StepOutcome }> {
    const { config } = this.#model;
    const longest = Math.max(...rows.map(({ position }) => position));
    const length = roundUp(longest, PROMPT_UNIT, config.maxPositions);
    const size = powerOfTwo(rows.length);
    const ids = new Int32Array(size * length);
    rows.forEach(({ prompt }, row) => ids.set(prompts[prompt]!, row * length));
    const last = Int32Array.from({ length: size }, (_, i) => i * length + (rows[i]?.position ?? 1) - 1);
    const inputs = [tf.tensor2d(ids, [size, length], "int32"), tf.tensor1d(last, "int32")];
    const { fill } = this.#stepsFor(options.sampling);
    const outcome = await fill.async(...inputs).finally(() => tf.dispose(inputs));
    const buffers = takeBuffers(outcome, config.layers);
    return { cache: new GenerateCache(buffers, { rows: size, length }, config), outcome };
  }

  /** One step of all rows; those that are through decode what is not used. */
  async #decode(step: DecodeStep, active: readonly Row[], cache: GenerateCache): Promise<StepOutcome> {
    const column = (value: (row: Row) => number) =>
      tf.tensor1d(
        Int32Array.from({ length: cache.rows }, (_, i) => active[i] ? value(active[i]!) : 0),
        "int32",
      );
    const inputs = [column(({ tokens }) => tokens.at(-1)!), column(({ position }) => position - 1)];
    return await step.async(...inputs, ...cache.buffers).finally(() => tf.dispose(inputs));
  }

  /** Gives every row that is not through its next token. */
  async #addTokens(active: readonly Row[], outcome: StepOutcome, options: GenerateOptions): Promise<void> {
    const next = chooseTokens(outcome, options.sampling);
    const numbers = finiteOf(outcome);
    const { seed = 0, draws } = options;
    for (const [i, row] of active.entries()) {
      if (row.isThrough) continue;
      checkFinite([numbers[i]!], `continue prompt ${row.prompt}`, this.#model);
      const token = next(
        i,
        () => uniformOf(seed, [row.tokens.length, ...draws?.[row.prompt] ?? [row.prompt]]),
      );
      row.tokens.push(token);
      row.position++;
      row.isThrough = token === options.endOfText || row.tokens.length >= options.maxTokens ||
        row.position >= this.#model.config.maxPositions ||
        await (options.isFinished?.(row.prompt, row.tokens) ?? false);
    }
  }

  /** The captured steps, greedy or for one temperature. */
  #stepsFor(sampling: SamplingOptions | undefined) {
    const key = String(sampling?.temperature);
    let steps = this.#steps.get(key);
    if (!steps) {
      const { products } = this.#model;
      const fill = (...[ids, last]: Tensor[]) => this.#fillStep(ids!, last!, sampling);
      const decode = (...inputs: Tensor[]) => outcomeOf(decodeCached(this.#model, inputs), sampling);
      steps = {
        fill: compile(fill, { name: "prompts", products }),
        decode: compile(decode, { name: "generate", products }),
        xlaDecode: compile(decode, { name: "generate", products, xla: true }),
      };
      this.#steps.set(key, steps);
    }
    return steps;
  }

  /** The captured step for such work in one shape: XLA's where it pays. */
  #decodeStepFor(work: DecodeWork, { sampling }: GenerateOptions): DecodeStep {
    const { decode, xlaDecode } = this.#stepsFor(sampling);
    return this.#xla ?? compilesDecoding(work, this.#model) ? xlaDecode : decode;
  }

  #fillStep(ids: Tensor, last: Tensor, sampling: SamplingOptions | undefined): StepOutcome {
    const { logits, cache } = fillCache(this.#model, ids, last);
    return { ...outcomeOf(logits, sampling), ...cache };
  }

  #batchSize(longest: number, { maxTokens }: GenerateOptions): number {
    const positions = Math.min(this.#model.config.maxPositions, longest + maxTokens);
    return Math.min(this.#rows, promptsAtOnce(this.#model.config, positions, memoryBudget()));
  }

  #check(prompts: readonly ArrayLike<number>[], { maxTokens, sampling, draws }: GenerateOptions): void {
    const { vocabularySize, maxPositions } = this.#model.config;
    prompts.forEach((prompt, i) => {
      if (prompt.length < 1 || prompt.length >= maxPositions) {
        throw new RangeError(
          `Cannot continue prompt ${i} of ${prompt.length} tokens: expected 1 to ${maxPositions - 1}`,
        );
      }
      checkTokens(prompt, vocabularySize, `continue prompt ${i}`);
    });
    if (!(maxTokens >= 1)) throw new RangeError(`Cannot generate ${maxTokens} tokens: expected at least 1`);
    if (sampling) checkSampling(sampling);
    if (draws && draws.length !== prompts.length) {
      throw new RangeError(
        `Cannot name the draws of ${prompts.length} prompts: ${draws.length} names were given`,
      );
    }
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    for (const steps of this.#steps.values()) {
      for (const step of Object.values(steps)) step[Symbol.dispose]();
    }
    this.#steps.clear();
  }
}
