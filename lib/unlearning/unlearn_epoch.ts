/**
 * What is noted of each epoch of unlearning: a row of the history.
 *
 * @module
 */
import type { MetricValues, ThresholdMetric } from "../datasets/metrics.ts";
import type { TermValues } from "./term_values.ts";

/**
 * One epoch; epoch 0 is the model before. The metrics are means over the forget set's secrets after the update; those that
 * were not measured are null.
 */
export interface UnlearnEpoch extends MetricValues<ThresholdMetric> {
  /** The epoch's number, from 0. */
  epoch: number;
  /** What the forget step minimized, before its update; null where edits take its place. */
  loss: number | null;
  /** Mean cross entropy of secret tokens before the update, nats. */
  ce_secret: number | null;
  /** Mean cross entropy of the other tokens. */
  ce_normal: number | null;
  /** Mean KL(reference || model) of the forget step. */
  kl_forget: number | null;
  /** Mean KL(reference || model) of the retain step. */
  kl_retain: number | null;
  /** The norm of the forget step's gradients; of a method with one step on both sets, of both; null of edits. */
  norm: number | null;
  /** Mean MA of the retain texts. */
  retain_ma: number | null;
  /** Whether the stopping rule kept this epoch's weights. */
  kept: boolean;
  /** Steps of ordinary training that took this epoch's place; 0 of an epoch of unlearning. */
  trained: number;
}

/** The terms of epoch 0, which took no step. */
export const NO_TERMS = {
  ...{ loss: null, ce_secret: null, ce_normal: null, kl_forget: null, kl_retain: null },
  norm: null,
};

/** What an epoch's step says of its terms; null where it has none. */
export type EpochTerms =
  & Pick<TermValues, "crossEntropySecret" | "crossEntropyNormal" | "divergence">
  & { loss: number | null; norm: number | null };

/**
 * An epoch's terms of both steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const forget = { loss: 1, crossEntropySecret: 2, crossEntropyNormal: 3, divergence: 0, norm: 1 };
 * assertEquals(termsOf(forget, undefined).ce_secret, 2);
 * ```
 */
export function termsOf(forget: EpochTerms, retain: EpochTerms | undefined) {
  return {
    loss: forget.loss,
    ce_secret: forget.crossEntropySecret,
    ce_normal: forget.crossEntropyNormal,
    kl_forget: forget.divergence,
    kl_retain: retain?.divergence ?? null,
    norm: forget.norm,
  };
}
