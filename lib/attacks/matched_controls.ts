/**
 * Matched controls: made-up secrets of a secret's format in the secret's place, scored by the same model. They are what
 * the model makes of values that it never saw there, so they give each secret a threshold, a rank and a p-value of its
 * own, without a model that was trained anew.
 *
 * A control runs after the same tokens as the secret, so what stands before is computed once. MA and losses come from
 * one pass; EL_n of a control, whose tokens are nearly all mispredicted, is decoded from nearly each of them, so it costs
 * the most and is asked for by number.
 *
 * @module
 */
import { randomOf } from "../datasets/seeded_order.ts";
import { SuffixPass } from "../decoding/suffix_pass.ts";
import { Scorer } from "../metrics/scorer.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { compareScores, type ControlDistribution, type ControlledSecret } from "./compare_scores.ts";
import { type ControlTokens, controlTokens, parting } from "./control_tokens.ts";
import { expectedLosses, lossesBesides } from "./expected_losses.ts";
import type { PlacedSecret } from "./placed_secret.ts";
import { formatOf } from "./value_format.ts";

export type { ControlDistribution, ControlledSecret } from "./compare_scores.ts";

/** How to draw and score controls. */
export interface ControlScoreOptions {
  /** Controls of each secret. Default 100; exposure wants 1,000. */
  controls?: number;
  /** How many of them get an EL_10, and the secret too: each takes as long as some fifteen without. Default 0: none. */
  elControls?: number;
  /** The share of controls that lie under the threshold. Default 0.95. */
  quantile?: number;
  /** The seed of the draws. Default 42. */
  seed?: number;
  /** Called with how many more secrets are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/** What scores them. */
export interface ScoredUnder {
  model: Model;
  tokenizer: Tokenizer;
}

/** Rows and distributions, in the order of the secrets. */
export interface ControlScores {
  /** A row a secret; no value stands in it. */
  rows: ControlledSecret[];
  /** What they were compared with. */
  distributions: ControlDistribution[];
}

/**
 * Scores secrets beside their controls.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { scoreControls } from "./matched_controls.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24 };
 * const { rows: [row] } = await scoreControls({ model: loaded.model, tokenizer }, [secret], { controls: 9 });
 * assert(row!.nll_p_value! >= 0.1); // one of ten
 * ```
 */
export async function scoreControls(
  under: ScoredUnder,
  secrets: readonly PlacedSecret[],
  { controls, seed, ...options }: ControlScoreOptions = {},
): Promise<ControlScores> {
  using scorer = await ControlScorer.create(under, secrets, {
    ...controls !== undefined && { controls },
    ...seed !== undefined && { seed },
  });
  return await scorer.score(options);
}

/**
 * Secrets with their controls, drawn once, to be scored whenever the model has changed; `using` frees the captured steps, not
 * the model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { ControlScorer } from "./matched_controls.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const under = { model: loaded.model, tokenizer: await openTokenizer("data/model") };
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24 };
 * using scorer = await ControlScorer.create(under, [secret], { controls: 9 });
 * assertEquals(await scorer.score(), await scorer.score());
 * assertEquals((await scorer.likelihoods(0, 2)).length, 3); // the secret's own comes first
 * ```
 */
export class ControlScorer implements Disposable {
  readonly #tokenizer: Tokenizer;
  readonly #secrets: readonly PlacedSecret[];
  readonly #tokens: readonly ControlTokens[];
  readonly #seed: number;
  readonly #pass: SuffixPass;
  readonly #scorer: Scorer;

  private constructor(
    { model, tokenizer }: ScoredUnder,
    secrets: readonly PlacedSecret[],
    { tokens, seed }: { tokens: readonly ControlTokens[]; seed: number },
  ) {
    this.#tokenizer = tokenizer;
    this.#secrets = secrets;
    this.#tokens = tokens;
    this.#seed = seed;
    this.#pass = new SuffixPass(model);
    this.#scorer = new Scorer(model);
  }

  /** Draws the controls. */
  static async create(
    under: ScoredUnder,
    secrets: readonly PlacedSecret[],
    { controls = 100, seed = 42 }: Pick<ControlScoreOptions, "controls" | "seed"> = {},
  ): Promise<ControlScorer> {
    const tokens = await controlTokens(under.tokenizer, secrets, { controls, seed });
    return new ControlScorer(under, secrets, { tokens, seed });
  }

  /** How many secrets there are. */
  get count(): number {
    return this.#secrets.length;
  }

  /** The tokens of a secret and of each of its controls, as they are scored. */
  suffixesOf(secret: number): ControlTokens["suffixes"] {
    return this.#tokens[secret]!.suffixes;
  }

  /** Scores the secrets and their controls by the model as it is now. */
  async score(
    { onProgress, ...options }: Omit<ControlScoreOptions, "controls" | "seed"> = {},
  ): Promise<ControlScores> {
    const scores: ControlScores = { rows: [], distributions: [] };
    for (const i of this.#secrets.keys()) {
      const { row, distribution } = await this.scoreOne(i, options);
      scores.rows.push(row);
      scores.distributions.push(distribution);
      await onProgress?.(1);
    }
    return scores;
  }

  /** Scores one of the secrets, by its number. */
  async scoreOne(
    i: number,
    { elControls = 0, quantile: share = 0.95 }: Pick<ControlScoreOptions, "elControls" | "quantile"> = {},
  ): Promise<{ row: ControlledSecret; distribution: ControlDistribution }> {
    const secret = this.#secrets[i]!;
    const [first, ...others] = await this.#passOf(i) as [PassScores, ...PassScores[]];
    const likelihoods = elControls > 0 ? await this.likelihoods(i, elControls) : [];
    const distribution = {
      ma: others.map(({ ma }) => ma),
      el_10: likelihoods.slice(1),
      nll: others.map(({ nll }) => nll),
      log_probability: others.map(({ log_probability }) => log_probability),
      runs: others.map(({ run }) => run),
      tokens: expectedLosses(
        this.#tokens[i]!.suffixes[0]!.length,
        others,
        randomOf(this.#seed, `losses ${secret.id}`).random(),
      ),
    };
    const row = {
      id: secret.id,
      format: formatOf({ value: secret.text.slice(secret.start, secret.end), tag: secret.tag }).name,
      controls: others.length,
      ...compareScores({ ...first, el_10: likelihoods[0] ?? NaN }, distribution, {
        share,
        tie: randomOf(this.#seed, `tie ${secret.id}`).random(),
      }),
    };
    return { row, distribution };
  }

  /**
   * EL_10 of a secret and of the first of its controls; NaN where it is not defined.
   *
   * @param secret its number @param controls how many of them, at most
   */
  async likelihoods(secret: number, controls: number): Promise<number[]> {
    const { prefix, suffixes } = this.#tokens[secret]!;
    const scores = await this.#scorer.secrets(
      suffixes.slice(0, 1 + controls).map((secret) => ({ prefix, secret })),
      { endOfText: this.#tokenizer.endOfText, nameOf: (k) => this.#nameOf(secret, k) },
    );
    return scores.map(({ el_10 }) => el_10 ?? NaN);
  }

  #nameOf(secret: number, k: number): string {
    const name = `secret "${this.#secrets[secret]!.id}"`;
    return k === 0 ? name : `control ${k - 1} of ${name}`;
  }

  /** What one pass tells of a secret, then of each of its controls. */
  async #passOf(secret: number): Promise<PassScores[]> {
    const { prefix, suffixes } = this.#tokens[secret]!;
    const [found] = await this.#pass.run([{ prefix, suffixes }], { nameOf: () => this.#nameOf(secret, 0) });
    const own = found![0]!.logProbabilities;
    return found!.map(({ predictions, logProbabilities }, k) => {
      const suffix = suffixes[k]!;
      const log_probability = logProbabilities.reduce((sum, log) => sum + log, 0);
      const hits = predictions.reduce((sum, token, t) => sum + (token === suffix[t] ? 1 : 0), 0);
      return {
        ma: hits / predictions.length,
        nll: -log_probability / predictions.length,
        log_probability,
        run: longestRun(predictions, suffix),
        losses: lossesBesides(own, logProbabilities, parting(suffixes[0]!, suffix)),
      };
    });
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#pass[Symbol.dispose]();
    this.#scorer[Symbol.dispose]();
  }
}

/** Of a secret or a control. */
interface PassScores {
  ma: number;
  nll: number;
  log_probability: number;
  run: number;
  losses: number[];
}

/** The most tokens in a row that are named rightly. */
function longestRun(predictions: Int32Array, tokens: ArrayLike<number>): number {
  let [run, longest] = [0, 0];
  predictions.forEach((token, t) => {
    run = token === tokens[t] ? run + 1 : 0;
    longest = Math.max(longest, run);
  });
  return longest;
}
