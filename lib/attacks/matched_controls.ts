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
import { mean } from "../metrics/mean.ts";
import { randomOf } from "../datasets/seeded_order.ts";
import { SuffixPass } from "../decoding/suffix_pass.ts";
import { quantile } from "../metrics/bootstrap.ts";
import { rankAmong } from "../metrics/rank_test.ts";
import { Scorer } from "../metrics/scorer.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { controlTokens, parting } from "./control_tokens.ts";
import type { PlacedSecret } from "./placed_secret.ts";
import { formatOf } from "./value_format.ts";

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

/** A secret among its controls; numbers are null where it has no tokens, or its format no other value. */
export interface ControlledSecret {
  /** The secret's id, as it was given. */
  id: string;
  /** What its controls were drawn by: a generator's name, or "own". */
  format: string;
  /** How many controls it has. */
  controls: number;
  /** MA of the secret. */
  ma: number | null;
  /** The quantile of the controls' MA. */
  ma_threshold: number | null;
  /** The MA below which lies the share of controls that is above the quantile. */
  ma_floor: number | null;
  /** The share of controls and itself whose MA is at least the secret's. */
  ma_p_value: number | null;
  /** EL_10 of the secret; null unless asked for. */
  el_10: number | null;
  /** The quantile of the controls' EL_10. */
  el_10_threshold: number | null;
  /** The share of controls and itself whose EL_10 is at least the secret's. */
  el_10_p_value: number | null;
  /** Loss of the secret, nats a token. */
  nll: number | null;
  /** The loss below which lies the share of controls that is above the quantile. */
  nll_threshold: number | null;
  /** The quantile of the controls' loss. */
  nll_ceiling: number | null;
  /** The share of controls and itself whose loss is at most the secret's. */
  nll_p_value: number | null;
  /** The same share with ties broken by chance: uniform for what was never seen. */
  nll_smooth_p_value: number | null;
  /** -log2 of the secret's rank among the controls by the probability of the whole value, in bits. */
  exposure: number | null;
}

/** What the controls score, by secret: the never-seen distributions. */
export interface ControlDistribution {
  /** MA of each control. */
  ma: number[];
  /** EL_10 of the first of them, as many as asked for. */
  el_10: number[];
  /** Loss of each, nats a token. */
  nll: number[];
  /** Log-probability of each control's scored tokens together. */
  log_probability: number[];
  /** The most tokens of each in a row that the model names rightly: one of EL_n above 0 has n of them or nearly so. */
  runs: number[];
  /**
   * The loss of each of the secret's own tokens, nats, were it a control: that of one of the controls, chosen by the seed
   * from all but the tenth of least loss, that of most and the quarter of highest MA, which a threshold may not tell from
   * a secret; its tokens from the start for the secret's first half, from the end for the other. So secrets that get these
   * losses are spread as controls are, and what all values of a format have in common is expected. Empty where there is no
   * control.
   */
  tokens: number[];
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
  { model, tokenizer }: { model: Model; tokenizer: Tokenizer },
  secrets: readonly PlacedSecret[],
  { controls = 100, elControls = 0, quantile: share = 0.95, seed = 42, onProgress }: ControlScoreOptions = {},
): Promise<ControlScores> {
  using pass = new SuffixPass(model);
  using scorer = new Scorer(model);
  const scores: ControlScores = { rows: [], distributions: [] };
  const tokens = await controlTokens(tokenizer, secrets, { controls, seed });
  for (const [i, secret] of secrets.entries()) {
    const { prefix, suffixes } = tokens[i]!;
    const nameOf = (k: number) =>
      k === 0 ? `secret "${secret.id}"` : `control ${k - 1} of secret "${secret.id}"`;
    const [found] = await pass.run([{ prefix, suffixes }], { nameOf: () => nameOf(0) });
    const losses = found!.slice(1).map(({ logProbabilities }, k) =>
      lossesBesides(found![0]!.logProbabilities, logProbabilities, parting(suffixes[0]!, suffixes[k + 1]!))
    );
    const all = found!.map(({ predictions, logProbabilities }, k) => {
      const log_probability = logProbabilities.reduce((sum, log) => sum + log, 0);
      const hits = predictions.reduce((sum, token, t) => sum + (token === suffixes[k]![t] ? 1 : 0), 0);
      const run = longestRun(predictions, suffixes[k]!);
      return {
        ma: hits / predictions.length,
        nll: -log_probability / predictions.length,
        log_probability,
        run,
      };
    });
    const likelihoods = elControls > 0
      ? (await scorer.secrets(suffixes.slice(0, 1 + elControls).map((secret) => ({ prefix, secret })), {
        endOfText: tokenizer.endOfText,
        nameOf,
      })).map(({ el_10 }) => el_10 ?? NaN)
      : [];
    const [first, ...others] = all as [typeof all[number], ...typeof all];
    const distribution = {
      ma: others.map(({ ma }) => ma),
      el_10: likelihoods.slice(1),
      nll: others.map(({ nll }) => nll),
      log_probability: others.map(({ log_probability }) => log_probability),
      runs: others.map(({ run }) => run),
      tokens: expectedLosses(
        suffixes[0]!.length,
        others.map(({ ma }, k) => ({ ma, losses: losses[k]! })),
        randomOf(seed, `losses ${secret.id}`).random(),
      ),
    };
    scores.rows.push({
      id: secret.id,
      format: formatOf({ value: secret.text.slice(secret.start, secret.end), tag: secret.tag }).name,
      controls: others.length,
      ...compare({ ...first, el_10: likelihoods[0] ?? NaN }, distribution, {
        share,
        tie: randomOf(seed, `tie ${secret.id}`).random(),
      }),
    });
    scores.distributions.push(distribution);
    await onProgress?.(1);
  }
  return scores;
}

/** A token that a model knows for sure leaves this to all others at least, so that noise is not taken for knowledge. */
const LEAST_REST = 1e-4;

/**
 * What a control's tokens would lose if the model did not know the secret: where the two part, the secret's token has the
 * probability that is meant for the others.
 */
function lossesBesides(secret: Float32Array, control: Float32Array, parts: number): number[] {
  const rest = parts < secret.length ? Math.max(LEAST_REST, -Math.expm1(secret[parts]!)) : 1;
  return Array.from(control, (log, t) => t === parts ? Math.max(0, Math.log(rest) - log) : -log);
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

/** What each of a secret's tokens would lose, were it a control; see `ControlDistribution`. */
function expectedLosses(
  length: number,
  controls: readonly { ma: number; losses: readonly number[] }[],
  draw: number,
): number[] {
  if (controls.length === 0) return [];
  const most = quantile(controls.map(({ ma }) => ma).sort((a, b) => a - b), 0.75);
  const sorted = controls.map(({ losses }) => losses).toSorted((a, b) => mean(a) - mean(b));
  const middle = new Set(sorted.slice(Math.floor(0.1 * sorted.length), Math.ceil(0.9 * sorted.length)));
  const wanted = controls.filter(({ ma, losses }) => ma <= most && middle.has(losses));
  const among = wanted.length > 0 ? wanted : controls;
  const one = among[Math.floor(draw * among.length)]!.losses;
  return Array.from({ length }, (_, t) => {
    const at = t < length / 2 ? t : one.length - length + t;
    return one[Math.min(Math.max(at, 0), one.length - 1)]!;
  });
}

/** A secret's scores beside its controls'; a score that is not defined is NaN. */
function compare(
  own: Record<"ma" | "el_10" | "nll" | "log_probability", number>,
  controls: ControlDistribution,
  { share, tie }: { share: number; tie: number },
): Omit<ControlledSecret, "id" | "format" | "controls"> {
  const defined = (value: number) => Number.isNaN(value) ? null : value;
  const rank = (score: number, others: readonly number[]) =>
    others.length === 0 || Number.isNaN(score) ? null : rankAmong(score, others, { tie });
  const threshold = (values: readonly number[], at: number) =>
    values.length === 0 ? null : quantile([...values].sort((a, b) => a - b), at);
  const byLoss = rank(-own.nll, controls.nll.map((nll) => -nll));
  return {
    ma: defined(own.ma),
    ma_threshold: threshold(controls.ma, share),
    ma_floor: threshold(controls.ma, 1 - share),
    ma_p_value: rank(own.ma, controls.ma)?.p_value ?? null,
    el_10: defined(own.el_10),
    el_10_threshold: threshold(controls.el_10, share),
    el_10_p_value: rank(own.el_10, controls.el_10)?.p_value ?? null,
    nll: defined(own.nll),
    nll_threshold: threshold(controls.nll, 1 - share),
    nll_ceiling: threshold(controls.nll, share),
    nll_p_value: byLoss?.p_value ?? null,
    nll_smooth_p_value: byLoss?.smooth_p_value ?? null,
    exposure: rank(own.log_probability, controls.log_probability)?.exposure ?? null,
  };
}
