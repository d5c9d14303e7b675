/**
 * MA, each EL_n and the loss of texts and of secrets under a model, with the exact savings: one forward for
 * each text, decodes only from mispredicted positions, all of a batch's decodes together, all n from the same ones.
 *
 * @module
 */
import { LIKELIHOOD_NAMES, METRIC_NAMES, type MetricValues, perMetric } from "../datasets/metrics.ts";
import type { TokenizedSecret } from "../datasets/secret_tokens.ts";
import { paddedLength } from "../decoding/batch_sizes.ts";
import { Decoder, type DecoderOptions, type DecodeStart, type PrefilledTexts } from "../decoding/decoder.ts";
import type { Model } from "../models/model.ts";
import { type ExtractionLikelihoods, extractionLikelihoods } from "./extraction_likelihood.ts";
import { memorizationAccuracy } from "./memorization_accuracy.ts";

/** Scores of one text or secret; null where one is not defined. */
export interface Scores extends MetricValues {
  /** How many tokens were scored over. */
  tokens: number;
}

/** What a model makes of each token of a secret. */
export interface TokenScores {
  /** Whether it is the model's argmax given all before it; their share is MA. */
  hits: boolean[];
  /** Its log-probability, nats; at most 0. */
  logProbabilities: number[];
}

/** How to score. */
export interface ScoreOptions {
  /** Whether EL_n is wanted beside MA. Default true. */
  el?: boolean;
  /** Ends a secret's decode: nothing after it matches. */
  endOfText?: number | null;
  /** What messages call a text or secret: "text 0" or "secret 0" by default. */
  nameOf?: (item: number) => string;
  /** Called with how many texts or secrets are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/** A stretch of a token sequence to score. */
interface Scored {
  ids: Int32Array;
  /** The first scored token. */
  from: number;
  firstPrefix: 0 | 1;
  endOfText: number | null;
}

/** Rows of like lengths that are scored together. */
interface ScoredBatch {
  rows: readonly Scored[];
  /** Positions to pad to. */
  length: number;
  /** What messages call a row. */
  nameOf: (row: number) => string;
  /** Called with the share of the batch that is done. */
  tell: (share: number) => Promise<void>;
}

/**
 * Scores texts and secrets under one model; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using scorer = new Scorer(loaded.model, { batch: 1 });
 * const [memorized] = await scorer.texts([[3, 20, 49, 41, 5, 26, 8]]);
 * assertEquals([memorized!.ma, memorized!.el_3, memorized!.el_10], [1, 1, null]);
 * const [secret] = await scorer.secrets([{ prefix: [3, 20, 49], secret: [41, 5, 26, 9] }]);
 * assertEquals(secret!.ma, 0.75);
 * const [tokens] = await scorer.tokens([{ prefix: [3, 20, 49], secret: [41, 5, 26, 9] }]);
 * assertEquals(tokens!.hits, [true, true, true, false]);
 * ```
 */
export class Scorer implements Disposable {
  readonly #decoder: Decoder;
  readonly #maxPositions: number;

  /** @param model not owned */
  constructor(model: Model, options: DecoderOptions = {}) {
    this.#decoder = new Decoder(model, options);
    this.#maxPositions = model.config.maxPositions;
  }

  /**
   * Scores whole texts: MA over tokens 1..T-1, EL_n over prefixes 1..T-n.
   *
   * @param texts token ids of each, already cut to the wanted length
   * @throws {NotFiniteError} when the model's logits are NaN or infinite; {RangeError} when it has no such token
   */
  async texts(texts: readonly ArrayLike<number>[], options: ScoreOptions = {}): Promise<Scores[]> {
    const rows = texts.map((text) => ({
      ids: Int32Array.from(text),
      from: 1,
      firstPrefix: 1 as const,
      endOfText: null,
    }));
    return await this.#score(rows, { ...options, nameOf: options.nameOf ?? ((i) => `text ${i}`) });
  }

  /**
   * Scores secrets after their prefixes: MA over the secret's tokens, EL_n over i = 0..v-n; a secret of fewer than n
   * tokens has EL_n 1 if it is generated whole, else 0. A secret without tokens has no scores.
   *
   * @throws {RangeError} when a prefix is empty; as `texts`
   */
  async secrets(secrets: readonly TokenizedSecret[], options: ScoreOptions = {}): Promise<Scores[]> {
    const endOfText = options.endOfText ?? null;
    const rows = secrets.map((secret, i) => toScored(secret, i, endOfText));
    const scores = await this.#score(rows, { ...options, nameOf: options.nameOf ?? ((i) => `secret ${i}`) });
    if (options.el === false) return scores;
    return scores.map((score, i) => {
      if (score.ma === null) return score;
      const { ids, from } = rows[i]!;
      const isCut = endOfText !== null && ids.subarray(from, -1).includes(endOfText);
      const whole = score.ma === 1 && !isCut ? 1 : 0;
      return { ...score, ...perMetric(LIKELIHOOD_NAMES, (name) => score[name] ?? whole) };
    });
  }

  /**
   * Scores each token of secrets after their prefixes.
   *
   * @throws {RangeError} when a prefix is empty; as `texts`
   */
  async tokens(
    secrets: readonly TokenizedSecret[],
    { nameOf = (i) => `secret ${i}`, onProgress }: Pick<ScoreOptions, "nameOf" | "onProgress"> = {},
  ): Promise<TokenScores[]> {
    const rows = secrets.map((secret, i) => toScored(secret, i, null));
    return await this.#inBatches(rows, (batch) => this.#tokensOfBatch(batch), { nameOf, onProgress });
  }

  /**
   * Forgets what was scored, by which XLA is chosen: the next call gives the same bits as in a new process, whatever this
   * one has done before.
   */
  forget(): void {
    this.#decoder.forget();
  }

  async #score(
    rows: readonly Scored[],
    { el = true, nameOf, onProgress }: ScoreOptions & Required<Pick<ScoreOptions, "nameOf">>,
  ): Promise<Scores[]> {
    const scores = await this.#inBatches(rows, (batch) => this.#scoreBatch(batch, el), {
      nameOf,
      onProgress,
    });
    const none = { tokens: 0, ...perMetric(METRIC_NAMES, () => null) };
    return Array.from(scores, (score) => score ?? { ...none });
  }

  /** What `score` says of each row, rows of like lengths together; a row without tokens has no result. */
  async #inBatches<T>(
    rows: readonly Scored[],
    score: (batch: ScoredBatch) => Promise<T[]>,
    { nameOf, onProgress }: { nameOf: (i: number) => string; onProgress: ScoreOptions["onProgress"] },
  ): Promise<T[]> {
    const results: T[] = new Array(rows.length);
    const usable = rows.map((_, i) => i).filter((i) => rows[i]!.ids.length > 0);
    if (usable.length < rows.length) await onProgress?.(rows.length - usable.length);
    const { batch } = this.#decoder;
    for (const length of new Set(usable.map((i) => this.#paddedLength(rows[i]!)))) {
      const group = usable.filter((i) => this.#paddedLength(rows[i]!) === length);
      for (let first = 0; first < group.length; first += batch) {
        const chunk = group.slice(first, first + batch);
        let told = 0;
        const tell = async (share: number) => {
          const done = Math.floor(share * chunk.length) - told;
          told += done;
          if (done > 0) await onProgress?.(done);
        };
        const scores = await score({
          rows: chunk.map((i) => rows[i]!),
          nameOf: (k) => nameOf(chunk[k]!),
          length,
          tell,
        });
        chunk.forEach((i, k) => results[i] = scores[k]!);
        await tell(1);
      }
    }
    return results;
  }

  #paddedLength({ ids }: Scored): number {
    return paddedLength(ids.length, this.#maxPositions);
  }

  #fill({ rows, length, nameOf }: ScoredBatch, keepCache: boolean): Promise<PrefilledTexts> {
    const from = rows.map(({ from }) => from - 1);
    return this.#decoder.prefill(rows.map(({ ids }) => ids), { length, keepCache, from, nameOf });
  }

  async #scoreBatch(batch: ScoredBatch, el: boolean): Promise<Scores[]> {
    const { rows, tell } = batch;
    using filled = await this.#fill(batch, el);
    const likelihoods = el ? await this.#likelihoods(rows, filled, tell) : null;
    return rows.map(({ ids, from, firstPrefix }, i) => {
      const losses = filled.losses[i]!.subarray(from - 1, ids.length - 1);
      return {
        tokens: ids.length - from + firstPrefix,
        ma: memorizationAccuracy(
          filled.predictions[i]!.subarray(from - 1, ids.length - 1),
          ids.subarray(from),
        ),
        nll: losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        ...likelihoods?.[i] ?? perMetric(LIKELIHOOD_NAMES, () => null),
      };
    });
  }

  async #tokensOfBatch(batch: ScoredBatch): Promise<TokenScores[]> {
    using filled = await this.#fill(batch, false);
    return batch.rows.map(({ ids, from }, i) => ({
      hits: Array.from(
        ids.subarray(from),
        (token, t) => filled.predictions[i]![from - 1 + t] === token,
      ),
      logProbabilities: Array.from(
        filled.losses[i]!.subarray(from - 1, ids.length - 1),
        (loss) => 0 - Math.max(0, loss),
      ),
    }));
  }

  async #likelihoods(
    rows: readonly Scored[],
    filled: PrefilledTexts,
    tell: (share: number) => Promise<void>,
  ): Promise<ExtractionLikelihoods[]> {
    const starts: DecodeStart[] = [];
    rows.forEach(({ ids, from, endOfText }, text) => {
      for (let position = from; position < ids.length; position++) {
        const token = filled.predictions[text]![position - 1]!;
        // The end of the text ends a secret's decode, predicted rightly or not; it is decoded itself.
        const until = token === endOfText ? position + 1 : ids.length;
        if (token !== ids[position] || token === endOfText) starts.push({ text, position, token, until });
      }
    });
    const decoded = await this.#decoder.continueAll(filled, starts, tell);
    const byText = rows.map(() => new Map<number, ArrayLike<number>>());
    starts.forEach(({ text, position }, i) => {
      const { from, firstPrefix, endOfText } = rows[text]!;
      const end = endOfText === null ? -1 : decoded[i]!.indexOf(endOfText);
      const tokens = end < 0 ? decoded[i]! : decoded[i]!.subarray(0, end + 1);
      byText[text]!.set(position - from + firstPrefix, tokens);
    });
    return rows.map(({ ids, from, firstPrefix }, i) =>
      extractionLikelihoods({
        truth: ids.subarray(from - firstPrefix),
        firstPrefix,
        continuations: byText[i]!,
      })
    );
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}

function toScored({ prefix, secret }: TokenizedSecret, i: number, endOfText: number | null): Scored {
  if (prefix.length < 1) {
    throw new RangeError(`Cannot score secret ${i} without a prefix: give it the end-of-text token`);
  }
  const ids = Int32Array.from([...prefix, ...secret]);
  return { ids, from: prefix.length, firstPrefix: 0, endOfText };
}
