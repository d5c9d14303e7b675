/**
 * A weight that moves with a loss: the dual variable of "keep this loss below a bound", grown while the loss is above and
 * shrunk while it is below (Entesari et al., "Constrained Entropic Unlearning: A Primal-Dual Framework for Large Language
 * Models", 2025, whose method open-unlearning has as PDU).
 *
 * @module
 */

/** How a weight moves. */
export interface DualOptions {
  /** The weight at the start. */
  weight: number;
  /** How much it grows with each nat of loss above the bound. */
  step: number;
  /** Epochs at the weight of the start. */
  warmup: number;
  /** The loss that is allowed. Default: the first that is told. */
  bound?: number;
}

/** What a resumed run needs of it. */
export interface DualState {
  /** The weight. */
  weight: number;
  /** The loss that is allowed; null where none was told yet. */
  bound: number | null;
}

/**
 * The weight over a run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DualWeight } from "./dual_weight.ts";
 *
 * const dual = new DualWeight({ weight: 1, step: 2, warmup: 1 });
 * const weights = [3, 4, 1].map((loss, i) => (dual.tell(i + 1, loss), dual.state.weight));
 * assertEquals(weights, [1, 3, 0]); // the bound is 3, and no weight is below 0
 * ```
 */
export class DualWeight {
  readonly #options: DualOptions;
  /** What it is now. */
  state: DualState;

  constructor(options: DualOptions) {
    this.#options = options;
    this.state = { weight: options.weight, bound: options.bound ?? null };
  }

  /**
   * Moves the weight after a step.
   *
   * @param epoch the step's epoch, from 1 @param loss before the step
   */
  tell(epoch: number, loss: number): void {
    const { step, warmup } = this.#options;
    const bound = this.state.bound ?? loss;
    const moved = epoch > warmup ? Math.max(0, this.state.weight + step * (loss - bound)) : this.state.weight;
    this.state = { weight: moved, bound };
  }
}
