/**
 * What is noted of each update of unlearning: a line of a run's log of steps.
 *
 * @module
 */
import type { EpochTerms } from "./unlearn_epoch.ts";

/** A side of an update. */
export interface UnlearnStep {
  /** The optimizer's updates, from 1; of a joint objective both sides have the same. Of edits the epochs. */
  step: number;
  /** The epoch that the update is a part of, from 1. */
  epoch: number;
  /** Whose loss it is. */
  side: "forget" | "retain";
  /** The side's own loss before the update; null of edits, which minimize none. */
  loss: number | null;
  /** Each term's part of the loss, by its name. */
  terms: Readonly<Record<string, number>>;
  /** Mean cross entropy of secret tokens, nats; null where the side has none. */
  ce_secret: number | null;
  /** Mean cross entropy of the other tokens, nats. */
  ce_normal: number | null;
  /** Mean KL(reference || model) where it counts. */
  kl: number | null;
  /** The learning rate; null of edits. */
  rate: number | null;
  /** The gradients' norm; null of the forget side of a joint objective, whose update comes with the retain side. */
  norm: number | null;
}

/**
 * A side of an update by its values.
 *
 * @param values of the side's step @param where it stands, and by what rate
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const values = { loss: 1, crossEntropySecret: 2, crossEntropyNormal: 3, divergence: null, norm: 4 };
 * const { side, ce_secret, norm, terms } = stepOf(values, { step: 1, epoch: 1, side: "forget", rate: 1e-3 });
 * assertEquals([side, ce_secret, norm, terms], ["forget", 2, 4, {}]);
 * ```
 */
export function stepOf(
  { loss, terms = {}, crossEntropySecret, crossEntropyNormal, divergence, norm }:
    & EpochTerms
    & { terms?: Readonly<Record<string, number>> },
  { step, epoch, side, rate }: Pick<UnlearnStep, "step" | "epoch" | "side" | "rate">,
): UnlearnStep {
  return {
    ...{ step, epoch, side, loss, terms },
    ...{ ce_secret: crossEntropySecret, ce_normal: crossEntropyNormal, kl: divergence, rate, norm },
  };
}
