/**
 * What a run of unlearning asks of its epochs' steps, whether they train or edit.
 *
 * @module
 */
import type { Adam } from "../training/adam.ts";
import type { DualState } from "./dual_weight.ts";
import type { StopRule } from "./stop_rule.ts";
import type { EpochTerms } from "./unlearn_epoch.ts";
import type { UnlearnStep } from "./unlearn_step.ts";

/** What the rule says of the secrets: which are to be forgotten yet, and to what losses they are brought. */
export type Aim = Pick<StopRule, "active" | "pushes" | "secretThresholds">;

/** The steps of a run; `using` frees them, not the model. */
export interface RunSteps extends Disposable {
  /** Its state is a checkpoint's, and its updates number them. */
  readonly optimizer: Adam;
  /** Updates before the optimizer last began anew. */
  earlier: number;
  /** What a continued run needs of a weight that moves; null where none does. */
  dual: DualState | null;
  /** Whether there is a learning rate, which may suit the model or not. */
  readonly hasRate: boolean;
  /** Called with each side of each update, once that is done. */
  onStep?: ((step: UnlearnStep) => void | Promise<void>) | undefined;
  /** An epoch. @param turn its number, from 0 @param onBatch called after each part; what it throws ends it there */
  run(
    turn: number,
    onBatch: (done: number, total: number) => Promise<void>,
  ): Promise<{ forget: EpochTerms; retain: EpochTerms | undefined }>;
  /** Brings back what the model said of other texts, where there is a way. */
  hold(
    how: { updates: number; lr: number; turn: number },
    onUpdate: (done: number) => void | Promise<void>,
  ): Promise<void>;
  /** The optimizer begins anew. */
  restart(): void;
  /** Leaves some secrets alone from now on. */
  reweigh(aim: Aim): void;
}
