/**
 * Known continuations of known texts through a model, teacher-forced: what it makes of each token given all before it.
 * Each text runs once, whatever the number of its continuations, which attend to its cache: of a hundred made-up secrets
 * after a prefix of 128 tokens a fifth of the tokens run.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { Model } from "../models/model.ts";
import { checkFinite, checkTokens } from "../models/not_finite.ts";
import {
  byPaddedLength,
  powerOfTwo,
  powerOfTwoBelow,
  roundUp,
  textsAtOnce,
  tokensAtOnce,
} from "./batch_sizes.ts";
import { Prefill, type PrefilledTexts } from "./prefill.ts";
import { suffixAttention } from "./suffix_attention.ts";
import { tokenDetails } from "./token_details.ts";

/** A text and what may follow it. */
export interface SuffixInput {
  /** The text's tokens, at least one. */
  prefix: ArrayLike<number>;
  /** Continuations, each of any number of tokens. */
  suffixes: readonly ArrayLike<number>[];
}

/** What a model makes of each token of a continuation. */
export interface SuffixTokens {
  /** Its first choice in the token's place. */
  predictions: Int32Array;
  /** The token's log-probability, nats; at most 0. */
  logProbabilities: Float32Array;
  /** The mean log-probability of a token that is drawn there; only with `details`. */
  means?: Float32Array;
  /** The standard deviation of that; only with `details`. */
  deviations?: Float32Array;
  /** Its log-probability among the `TOP_K` likeliest alone, -Infinity outside; only with `details`. */
  topLogProbabilities?: Float32Array;
  /** All logits in its place, [tokens, V]; only with `logits`. */
  logits?: Float32Array;
}

/** What is wanted beside predictions and log-probabilities. */
export interface SuffixOptions {
  /** Means, deviations and the likeliest tokens. Default false. */
  details?: boolean;
  /** All logits: V numbers a token. Default false. */
  logits?: boolean;
  /** What messages call a text: "text 0" by default. */
  nameOf?: (text: number) => string;
  /** Called with how many more texts are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/** Continuations' lengths and numbers and texts' lengths come in multiples: few shapes are captured. */
const UNITS = { suffix: 8, rows: 8, prefix: 32 };
/** Numbers in the logits of one call. */
const LOGITS = 2 ** 26;

/** Some continuations of one text: a row for each. */
interface Piece {
  text: number;
  /** Which of the text's continuations. */
  rows: number[];
  /** Their tokens, padded. */
  tokens: number;
}

type SuffixStep = CompiledStep<Tensor[], Record<string, Tensor>>;

/**
 * Runs continuations; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { SuffixPass } from "./suffix_pass.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using pass = new SuffixPass(loaded.model);
 * const [tokens] = await pass.run([{ prefix: [3, 20, 49], suffixes: [[41, 5, 26], [41, 9]] }]);
 * assertEquals(tokens!.map(({ predictions }) => [...predictions]), [[41, 5, 26], [41, 5]]); // a text that it has memorized
 * ```
 */
export class SuffixPass implements Disposable {
  readonly #model: Model;
  readonly #texts: Prefill;
  readonly #steps = new Map<string, SuffixStep>();

  /** @param model not owned */
  constructor(model: Model) {
    this.#model = model;
    this.#texts = new Prefill(model, { xla: false });
  }

  /**
   * Runs the continuations of texts.
   *
   * @returns for each text its continuations, in their order
   * @throws {RangeError} when a prefix is empty, a text with a continuation is longer than the model's positions, or it has
   * no such token; {NotFiniteError} when logits are NaN or infinite
   */
  async run(inputs: readonly SuffixInput[], options: SuffixOptions = {}): Promise<SuffixTokens[][]> {
    const { nameOf = (text) => `text ${text}`, onProgress } = options;
    inputs.forEach((input, text) => this.#check(input, nameOf(text)));
    const results = inputs.map(({ suffixes }) =>
      suffixes.map(({ length }) => this.#emptyResult(length, options))
    );
    const { maxPositions } = this.#model.config;
    for (const [length, group] of byPaddedLength(inputs, UNITS.prefix, maxPositions)) {
      const size = textsAtOnce(this.#model.config, memoryBudget());
      for (let first = 0; first < group.length; first += size) {
        const chunk = group.slice(first, first + size);
        const prefixes = chunk.map((i) => inputs[i]!.prefix);
        const from = prefixes.map((prefix) => prefix.length - 1);
        const name = (text: number) => nameOf(chunk[text]!);
        using filled = await this.#texts.run(prefixes, { length, keepCache: true, from, nameOf: name });
        const own = chunk.map((i) => inputs[i]!);
        for (const pieces of this.#grids(own)) {
          await this.#runGrid(filled, own, { pieces, options, results: chunk.map((i) => results[i]!) });
        }
        await onProgress?.(chunk.length);
      }
    }
    return results;
  }

  /** Tokens that run at once. */
  #tokens(length: number): number {
    const { config } = this.#model;
    return Math.min(tokensAtOnce(config, length, memoryBudget()), LOGITS / config.vocabularySize);
  }

  /** Pieces of equal lengths that run together: as many rows of each text as its largest piece has. */
  #grids(inputs: readonly SuffixInput[]): Piece[][] {
    const pieces: Piece[] = [];
    inputs.forEach(({ suffixes }, text) => {
      const padded = (row: number) => roundUp(suffixes[row]!.length, UNITS.suffix);
      const byLength = Map.groupBy(suffixes.keys().filter((row) => suffixes[row]!.length > 0), padded);
      for (const [tokens, rows] of byLength) {
        const most = Math.max(
          UNITS.rows,
          Math.floor(this.#tokens(tokens) / tokens / UNITS.rows) * UNITS.rows,
        );
        const size = paddedRows(Math.ceil(rows.length / Math.ceil(rows.length / most)));
        for (let first = 0; first < rows.length; first += size) {
          pieces.push({ text, rows: rows.slice(first, first + size), tokens });
        }
      }
    });
    const shapeOf = ({ tokens, rows }: Piece) => `${tokens} ${paddedRows(rows.length)}`;
    return [...Map.groupBy(pieces, shapeOf).values()].flatMap((alike) => {
      const { tokens, rows } = alike[0]!;
      const size = powerOfTwoBelow(this.#tokens(tokens) / (tokens * paddedRows(rows.length)));
      return Array.from(
        { length: Math.ceil(alike.length / size) },
        (_, i) => alike.slice(i * size, (i + 1) * size),
      );
    });
  }

  async #runGrid(
    filled: PrefilledTexts,
    inputs: readonly SuffixInput[],
    { pieces, options, results }: {
      pieces: readonly Piece[];
      options: SuffixOptions;
      results: SuffixTokens[][];
    },
  ): Promise<void> {
    const N = powerOfTwo(pieces.length);
    const R = paddedRows(pieces[0]!.rows.length);
    const S = pieces[0]!.tokens;
    const [ids, labels, positions] = [0, 0, 0].map(() => new Int32Array(N * R * S)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    const texts = Int32Array.from({ length: N }, (_, n) => (pieces[n] ?? pieces[0]!).text);
    const last = this.#model.config.maxPositions - 1;
    for (let at = 0; at < N * R * S; at++) {
      const start = inputs[texts[Math.floor(at / (R * S))]!]!.prefix.length - 1;
      positions[at] = Math.min(last, start + at % S);
    }
    pieces.forEach(({ text, rows }, n) =>
      rows.forEach((row, r) => {
        const { prefix, suffixes } = inputs[text]!;
        const [at, suffix] = [(n * R + r) * S, suffixes[row]!];
        labels.set(suffix, at);
        ids[at] = prefix[prefix.length - 1]!; // what it predicts is the first token
        for (let t = 1; t < suffix.length; t++) ids[at + t] = suffix[t - 1]!;
      })
    );
    using held = new DisposableStack();
    const hold = <T extends tf.TensorContainer>(value: T) => held.adopt(value, tf.dispose);
    const column = (values: Int32Array) => hold(tf.tensor1d(values, "int32"));
    const lengths = texts.map((text) => inputs[text]!.prefix.length - 1);
    const picked = column(texts);
    const cache = [...filled.keys, ...filled.values].map((tensor) => hold(tf.gather(tensor, picked)));
    const step = this.#stepFor({ N, R, S }, options);
    const outcome = hold(
      await step.async(column(ids), column(labels), column(positions), column(lengths), ...cache),
    );
    const numbers = Object.entries(outcome).map(([name, tensor]) => [name, tensor.dataSync()] as const);
    const losses = outcome.losses!.dataSync();
    const V = this.#model.config.vocabularySize;
    pieces.forEach(({ text, rows }, n) =>
      rows.forEach((row, r) => {
        const at = (n * R + r) * S;
        const { length } = inputs[text]!.suffixes[row]!;
        const result = results[text]![row]!;
        checkFinite(losses.subarray(at, at + length), `score ${filled.nameOf(text)}`, this.#model);
        for (const [name, values] of numbers) {
          if (name === "losses") {
            for (let t = 0; t < length; t++) result.logProbabilities[t] = 0 - Math.max(0, values[at + t]!);
          } else {
            const width = name === "logits" ? V : 1;
            result[name as "means"]!.set(values.subarray(at * width, (at + length) * width));
          }
        }
      })
    );
  }

  #stepFor(
    { N, R, S }: Record<"N" | "R" | "S", number>,
    { details = false, logits = false }: SuffixOptions,
  ): SuffixStep {
    const key = `${N} ${R} ${S} ${details} ${logits}`;
    let step = this.#steps.get(key);
    if (!step) {
      const run = (...inputs: Tensor[]) => this.#run(inputs, { R, S, details, logits });
      this.#steps.set(key, step = compile(run, { name: "suffixes", products: this.#model.products }));
    }
    return step;
  }

  #run(
    [ids, labels, positions, lengths, ...cache]: Tensor[],
    { R, S, details, logits: all }: { R: number; S: number; details: boolean; logits: boolean },
  ): Record<string, Tensor> {
    const { layers, windows } = this.#model.config;
    const texts = { keys: cache.slice(0, layers), values: cache.slice(layers), lengths: lengths!, windows };
    const attention = suffixAttention({ ...texts, rows: R, tokens: S });
    const logits = this.#model.decode(ids!, positions!, attention); // [M, V]
    const outcome = {
      predictions: tf.argMax(logits, -1), // [M]
      losses: sparseCrossEntropy(logits, labels!), // [M]
      ...all && { logits },
    };
    if (!details) return outcome;
    return { ...outcome, ...tokenDetails(logits, tf.neg(outcome.losses)) };
  }

  #emptyResult(length: number, { details = false, logits = false }: SuffixOptions): SuffixTokens {
    const numbers = () => new Float32Array(length);
    return {
      predictions: new Int32Array(length),
      logProbabilities: numbers(),
      ...details && { means: numbers(), deviations: numbers(), topLogProbabilities: numbers() },
      ...logits && { logits: new Float32Array(length * this.#model.config.vocabularySize) },
    };
  }

  #check({ prefix, suffixes }: SuffixInput, name: string): void {
    const { maxPositions, vocabularySize } = this.#model.config;
    if (prefix.length < 1) {
      throw new RangeError(`Cannot score ${name} without a prefix: give it the end-of-text token`);
    }
    const most = suffixes.reduce((longest, { length }) => Math.max(longest, length), 0);
    if (prefix.length + most > maxPositions + 1) {
      throw new RangeError(
        `Cannot score ${name} of ${prefix.length} and ${most} tokens as the model has ${maxPositions} positions`,
      );
    }
    for (const ids of [prefix, ...suffixes]) checkTokens(ids, vocabularySize, `score ${name}`);
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#texts[Symbol.dispose]();
    for (const step of this.#steps.values()) step[Symbol.dispose]();
  }
}

/** A power of two up to 8, then a multiple of it. */
function paddedRows(rows: number): number {
  return rows <= UNITS.rows ? powerOfTwo(rows) : roundUp(rows, UNITS.rows);
}
