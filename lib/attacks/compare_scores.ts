/**
 * A secret's scores beside its controls': thresholds, p-values, exposure.
 *
 * @module
 */
import { quantile } from "../metrics/bootstrap.ts";
import { rankAmong } from "../metrics/rank_test.ts";

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

/**
 * A secret's scores beside its controls'; a score that is not defined, as EL_10 of fewer than ten tokens, is NaN: a control
 * without is left out.
 *
 * @param options.share of the controls that lie under a threshold @param options.tie from 0 to 1, breaks ties
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareScores } from "./compare_scores.ts";
 *
 * const controls = { ma: [0, 0.5, 0.5], el_10: [], nll: [3, 4, 5], log_probability: [-3, -4, -5], runs: [], tokens: [] };
 * const own = { ma: 1, el_10: NaN, nll: 1, log_probability: -1 };
 * const { ma_p_value, nll_p_value, exposure } = compareScores(own, controls, { share: 0.95, tie: 0.5 });
 * assertEquals([ma_p_value, nll_p_value, exposure], [0.25, 0.25, 2]);
 * ```
 */
export function compareScores(
  own: Record<"ma" | "el_10" | "nll" | "log_probability", number>,
  controls: ControlDistribution,
  { share, tie }: { share: number; tie: number },
): Omit<ControlledSecret, "id" | "format" | "controls"> {
  const defined = (value: number) => Number.isNaN(value) ? null : value;
  const among = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value));
  const rank = (score: number, others: readonly number[]) =>
    among(others).length === 0 || Number.isNaN(score) ? null : rankAmong(score, among(others), { tie });
  const threshold = (values: readonly number[], at: number) =>
    among(values).length === 0 ? null : quantile(among(values).sort((a, b) => a - b), at);
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
