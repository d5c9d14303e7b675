/**
 * Memorization thresholds: the mean MA and EL_n over texts that the model cannot have seen (the paper's section 3.1).
 *
 * @module
 */
import { THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import type { Scores } from "../metrics/scorer.ts";

/** A mean over texts. */
export interface Threshold {
  /** Which metric. */
  metric: ThresholdMetric;
  /** The mean over the texts where it is defined; null where it is defined for none. */
  mean: number | null;
  /** Its standard error, sample deviation / sqrt(texts); null for fewer than two texts. */
  standard_error: number | null;
  /** How many texts the metric is defined for. */
  texts: number;
}

/**
 * Means and standard errors of scores.
 *
 * @throws {RangeError} when a score is NaN or infinite: a threshold of such scores would call a broken model forgetful
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const scores = [0.2, 0.4].map((ma) => ({ tokens: 9, ma, el_3: null, el_5: null, el_10: null, nll: 1 }));
 * const [ma, el3] = memorizationThresholds(scores);
 * assertEquals([ma!.mean!.toFixed(2), ma!.standard_error!.toFixed(2), el3!.mean], ["0.30", "0.10", null]);
 * ```
 */
export function memorizationThresholds(scores: readonly Scores[]): Threshold[] {
  return THRESHOLD_METRICS.map((metric) => {
    const values = scores.flatMap((score) => score[metric] === null ? [] : [score[metric]]);
    const bad = scores.findIndex((score) => score[metric] !== null && !Number.isFinite(score[metric]));
    if (bad >= 0) {
      throw new RangeError(
        `Cannot take thresholds of scores: ${metric} of text ${bad} is ${scores[bad]![metric]}`,
      );
    }
    return { metric, ...meanAndError(values), texts: values.length };
  });
}

/**
 * Mean and its standard error.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(meanAndError([1, 3]), { mean: 2, standard_error: 1 });
 * assertEquals(meanAndError([1]), { mean: 1, standard_error: null });
 * ```
 */
export function meanAndError(
  values: readonly number[],
): { mean: number | null; standard_error: number | null } {
  const n = values.length;
  if (n === 0) return { mean: null, standard_error: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, standard_error: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, standard_error: Math.sqrt(variance / n) };
}
