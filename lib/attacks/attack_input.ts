/**
 * What all attacks are given, and what they give.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import type { FurtherTrainer } from "../training/after_training.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { AttackOutcome, AttackScore } from "./attack_scores.ts";
import type { MembershipAuc } from "./membership.ts";
import type { PlacedSecret } from "./placed_secret.ts";
import type { RoundingName } from "./round_weights.ts";

/** A secret to attack. */
export interface AttackedSecret extends PlacedSecret {
  /** Equal for equal values. */
  fingerprint: string;
}

/** What `relearn` trains on, and whom it measures. */
export interface RelearnTraining {
  /** Stands before the variants' names: `HALF` or nothing. */
  name?: string;
  /** Token ids of each text. */
  texts: readonly Int32Array[];
  /** The model's, where it is trained more than once. */
  trainer?: FurtherTrainer;
  /** Numbers of the secrets that are measured; all by default. */
  measured?: readonly number[];
  /** Numbers of steps; {@linkcode RELEARN_STEPS} by default. */
  steps?: readonly number[];
  /** Highest learning rates; {@linkcode RELEARN_RATES} by default. */
  learningRates?: readonly number[];
  /** Which of the rates is the model's own, by the record of its training: its variants are named so. */
  ownRate?: number | null;
  /** Tokens a window; {@linkcode RELEARN_LENGTH} by default. */
  length?: number;
}

/** What is attacked, and how. */
export interface AttackInput {
  /** The model. */
  model: Model;
  /** Its tokenizer. */
  tokenizer: Tokenizer;
  /** The model before, of the same vocabulary: what changed is an attack of its own, and `depth` needs it. */
  before?: Model | null;
  /** A model that never saw the secrets, such as one trained anew without them: `depth` scores relative to it. */
  neverSeen?: Model | null;
  /** The secrets. */
  secrets: readonly AttackedSecret[];
  /** Made-up secrets among which exposure ranks each secret. */
  controls: number;
  /** Made-up secrets that all attacks but exposure and membership are tried on as on each secret. */
  attackedControls: number;
  /** Draws of each secret and control that are made for leak@k; it is exact with 0. */
  draws?: number;
  /** Text of another file, into which snippets are moved. */
  host?: string | undefined;
  /** What `relearn` trains on. */
  training?: RelearnTraining;
  /** To what `quantize` rounds the weights; {@linkcode ROUNDINGS} by default. */
  roundings?: readonly RoundingName[];
  /** The seed of the draws. */
  seed: number;
  /** Called with how many more secrets are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/** What an attack finds; of membership also how well each score tells secrets from controls. */
export interface AttackResult extends AttackOutcome {
  /** Areas under the ROC curve; none for other attacks. */
  aucs: MembershipAuc[];
  /** Rows of the model before, where an attack on the model after looks into both. */
  before?: AttackScore[];
}

/**
 * Tells of work on many more items as of work on the secrets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { progressOf } from "./attack_input.ts";
 *
 * const told: number[] = [];
 * const onProgress = progressOf({ secrets: [1, 2], onProgress: (done) => void told.push(done) }, 4);
 * for (const more of [1, 1, 2]) await onProgress(more);
 * assertEquals(told, [0, 1, 1]);
 * ```
 */
export function progressOf(
  { secrets, onProgress }: { secrets: readonly unknown[]; onProgress?: AttackInput["onProgress"] },
  items: number,
): (more: number) => Promise<void> {
  let [done, told] = [0, 0];
  return async (more) => {
    done += more;
    const now = Math.floor(secrets.length * done / items);
    await onProgress?.(now - told);
    told = now;
  };
}
