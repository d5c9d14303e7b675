/**
 * Whether a training's learning rate suits its model, told by its first losses.
 *
 * Too fast: the loss of ten steps is above that of the first by a nat and more. Too slow, of a new model only, as one
 * that knows its texts has nothing to learn: well after the warm-up the loss is where it began.
 *
 * Settled on a new GPT-2 of 0.24 M parameters and on the embedded model trained further, 4 x 128 tokens a step: from
 * 7.64 nats a new model had come to 6.4, 7.29 and 7.60 after 50 steps at rates of 2e-3, 2e-4 and 2e-5; from 4.4 the embedded
 * one stayed within 0.7 at up to 2e-3, had risen to 7.1 after ten steps at 2e-2, and to 35 at 2e-1.
 *
 * @module
 */

/** What is wrong with a learning rate. */
export interface TrainingRateNote {
  /** Whether it is too small or too large. */
  problem: "slow" | "fast";
  /** The step that shows it. */
  step: number;
  /** What shows it, in a line. */
  reason: string;
  /** A rate to try instead: ten times the present, or a tenth. */
  lr: number;
}

/** What the watch depends on. */
export interface RateWatchOptions {
  /** The highest learning rate. */
  lr: number;
  /** Steps over which it rises. */
  warmup: number;
  /** Whether the model began with random weights. */
  isNew: boolean;
  /** The loss of step 1, where the watch begins later: of a run that is continued. */
  first?: number | undefined;
}

const WINDOW = 10;
const MOST_RISE = 1;
const LEAST_FALL = 0.02;
const LEAST_STEPS = 50;

/**
 * Watches losses step by step.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RateWatch } from "./rate_watch.ts";
 *
 * const watch = new RateWatch({ lr: 0.02, warmup: 5, isNew: false });
 * const notes = Array.from({ length: 20 }, (_, i) => watch.add(i + 1, 4 + i / 4)).filter((note) => note !== undefined);
 * assertEquals(notes.map(({ problem, step, lr }) => [problem, step, lr]), [["fast", 10, 0.002]]);
 * ```
 */
export class RateWatch {
  readonly #options: RateWatchOptions;
  readonly #recent: number[] = [];
  #first: number | undefined;
  #isDone = false;

  constructor(options: RateWatchOptions) {
    this.#options = options;
    this.#first = options.first;
  }

  /** What a step's loss shows, at most once. @param step from 1 */
  add(step: number, loss: number): TrainingRateNote | undefined {
    this.#first ??= loss;
    this.#recent.push(loss);
    if (this.#recent.length > WINDOW) this.#recent.shift();
    if (this.#isDone || this.#recent.length < WINDOW || step % WINDOW > 0) return undefined;
    const note = this.#judge(step, this.#recent.reduce((sum, value) => sum + value, 0) / WINDOW);
    this.#isDone = note !== undefined;
    return note;
  }

  #judge(step: number, mean: number): TrainingRateNote | undefined {
    const { lr, warmup, isNew } = this.#options;
    const first = this.#first!;
    const change = `from ${first.toFixed(3)} to ${mean.toFixed(3)} in ${step} steps`;
    if (mean > first + MOST_RISE) {
      return { problem: "fast", step, reason: `the loss has risen ${change}`, lr: scaledRate(lr, 0.1) };
    }
    const pace = WINDOW * Math.ceil(Math.max(LEAST_STEPS, 2 * warmup) / WINDOW);
    if (!isNew || step !== pace || mean < (1 - LEAST_FALL) * first) return undefined;
    return { problem: "slow", step, reason: `the loss has hardly fallen, ${change}`, lr: scaledRate(lr, 10) };
  }
}

/**
 * A multiple of a rate, without digits that nobody typed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scaledRate } from "./rate_watch.ts";
 *
 * assertEquals(scaledRate(3e-6, 10), 3e-5); // 3e-6 * 10 is 0.000029999999999999997
 * ```
 */
export function scaledRate(lr: number, factor: number): number {
  return Number((lr * factor).toPrecision(6));
}
