/**
 * What unlearning is given and what it gives back.
 *
 * @module
 */
import type { TokenizedSecret } from "../datasets/secret_tokens.ts";
import type { Scores } from "../metrics/scorer.ts";
import type { OptimizerName } from "../training/step_memory.ts";
import type { Compat, StopThresholds } from "./early_stop.ts";
import type { Objective, ObjectiveOptions } from "./objectives.ts";
import type { SecretOutcome, SecretThresholds } from "./per_secret_stop.ts";
import type { Lasting } from "./lasting.ts";
import type { RateNote } from "./rate_notes.ts";
import type { UnlearnRow } from "./micro_batches.ts";
import type { UnlearnEpoch } from "./unlearn_epoch.ts";

/** What is forgotten and what is kept. */
export interface UnlearnSets {
  /** The forget set. */
  forget: readonly (UnlearnRow & { secrets: readonly TokenizedSecret[] })[];
  /**
   * Rows like the forget set's with made-up values in the secrets' places, a set for each epoch, by turns: what the model
   * says of their masked tokens is held where it is. Default: none.
   */
  controls?: readonly (readonly UnlearnRow[])[];
  /** Retain texts as token ids, cut to 128. */
  retain: readonly Int32Array[];
  /** So many of the last rows of the forget set were forgotten before: they are in the loss, and in no means. Default 0. */
  replayed?: number;
}

/** How to unlearn; the paper's letters. */
export interface UnlearnOptions extends ObjectiveOptions {
  /** A name of `METHODS`, or an objective of one's own. */
  method: string | Objective;
  /** Adam's learning rate. */
  lr: number;
  /** The most epochs that the run may take. */
  epochs: number;
  /** How far above its threshold an MA may be to count as near it: see `EarlyStop`. */
  margin: number;
  /** Rows a micro-batch; the result does not depend on it, except with `reference`. */
  microBatch: number;
  /** The means and the stopping rule, by whose they are: this project's, the paper's or its code's. */
  compat: Compat;
  /** Mean scores of text that the model has not seen: the run ends below them. */
  thresholds: StopThresholds;
  /**
   * The most that each secret may score, in the order of the forget set: then each is judged alone, see `PerSecretStop`, and
   * the means' thresholds only tell whether the learning rate suits. Default: the means are judged.
   */
  secretThresholds?: readonly SecretThresholds[];
  /**
   * Scores the secrets' thresholds anew, by the model as it is: called now and then once few secrets are above, and before a
   * run ends or trains. Default: they stay.
   */
  rescore?: () => Promise<readonly SecretThresholds[]>;
  /**
   * So many secrets may be above at the end: where thresholds are quantiles, some are by chance; none may lose less than its
   * `nll_floor`. Default 0.
   */
  byChance?: number;
  /** Training that the secrets must withstand, each judged alone. Default: none. */
  lasting?: Lasting;
  /** Draws an adapter's dropout, and what a method draws. Default 42. */
  seed?: number;
  /**
   * Makes what is made while the model has the weights that divergences are measured from, and gives it its own back. Default:
   * they are those of the model as it is.
   */
  underReference?: <R>(make: () => Promise<R>) => Promise<R>;
  /** Ends a secret's decode. */
  endOfText: number | null;
  /** Whether XLA compiles the steps. Default: where that makes a run shorter. */
  xla?: boolean;
  /** How Adam's moments are stored: in float32, or in 8 bits by blocks. Default "adam". */
  optimizer?: OptimizerName;
  /** Whether each layer's results are computed again for its gradients instead of being kept. Default false. */
  checkpointLayers?: boolean;
}

/** How a run ended. */
export interface UnlearnResult {
  /**
   * `reached`: below the thresholds, all secrets but `byChance` where each is judged; `comes-back`: so it is, but the last training that was
   * allowed brought secrets back; `nothing-to-do`: it was at the start; else why not.
   */
  status:
    | "reached"
    | "comes-back"
    | "nothing-to-do"
    | "out-of-patience"
    | "not-converged"
    | "diverged"
    | "interrupted";
  /** The number that was not finite, where a run diverged. */
  reason?: string;
  /** The epoch whose weights the model has now. */
  epoch: number;
  /** What became of each secret, in the order of the forget set, where each is judged alone. */
  outcomes?: SecretOutcome[];
  /** The trainings of a lasting run: how many secrets each brought above their thresholds. */
  relapses?: number[];
  /** All epochs. */
  history: UnlearnEpoch[];
  /** What its first epochs say of the learning rate. */
  notes: RateNote[];
}

/** Hooks into a run. */
export interface UnlearnHooks {
  /** Called where the run goes on from its folder's checkpoint, with the epochs that are done. */
  onContinue?: (epochs: number) => void;
  /** Called after each epoch, epoch 0 included, with the scores of every secret in the forget set's order. */
  onEpoch?: (epoch: UnlearnEpoch, secrets: readonly Scores[]) => void | Promise<void>;
  /** Called after the epoch that shows that the learning rate is too small or too large, at most once of each. */
  onNote?: (note: RateNote) => void;
  /** Called after each micro-batch of an epoch's steps. */
  onBatch?: (done: number, total: number) => void | Promise<void>;
  /** Called after each step of a lasting run's trainings, which are as long as that. */
  onTrain?: (step: number, steps: number) => void | Promise<void>;
  /** Ends the run after the micro-batch in progress; the epoch in progress is dropped. */
  signal?: AbortSignal;
  /** Where to write a checkpoint after each epoch, and to continue from. */
  folder?: string;
}
