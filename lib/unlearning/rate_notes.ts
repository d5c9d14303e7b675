/**
 * Whether a run's learning rate suits its model, told by its first epochs: Adam moves every weight by about the rate in a
 * step, so what is right for a model of billions of weights hardly moves a small one, and the other way round.
 *
 * Too slow: MA is a share of right guesses and stands still long before it falls, so it alone says little. The secrets'
 * cross entropy grows by about the same factor each epoch from the first on; by that factor it is told whether it will
 * reach what a forgotten secret has within the run's epochs. Too fast: the first step alone breaks the retain set.
 *
 * Settled on the embedded model, by GA, CU, SSGA and CodeEraser with rates from 3e-6 to 2e-2: the factor of four epochs
 * foretold GA's end within a fifth, CodeEraser's within a factor of two.
 *
 * @module
 */
import { scaledRate } from "../training/rate_watch.ts";
import type { StopThresholds } from "./early_stop.ts";
import type { UnlearnEpoch } from "./unlearn_epoch.ts";

type NotedEpoch = Omit<UnlearnEpoch, "trained" | "norm">;

/** What is wrong with a learning rate. */
export interface RateNote {
  /** Whether it is too small or too large. */
  problem: "slow" | "fast";
  /** The epoch that shows it. */
  epoch: number;
  /** What shows it, in a line. */
  reason: string;
  /** A rate to try instead: ten times the present, or a tenth. */
  lr: number;
}

/** What the notes depend on. */
export interface RateOptions {
  /** Adam's learning rate. */
  lr: number;
  /** Epochs, at most. */
  epochs: number;
  /** What is to be reached. */
  thresholds: StopThresholds;
  /** The model's. */
  vocabularySize: number;
}

/** The number of epochs that tell the pace: their first is before any update. */
const PACE_EPOCHS = 4;
/** MA that has come so far of its way to the threshold moves. */
const LEAST_SHARE = 0.1;
/** Cross entropy of a secret's tokens when about a third of them is still guessed, nats: the least where runs ended. */
const FORGOTTEN_LOSS = 3;
const LEAST_LOSS = 1e-6;
/** A rate by which fewer epochs are needed is none that is too small: more epochs do. */
const SLOW_EPOCHS = 30;
/** The first step may cost the retain set so much of its MA. */
const LEAST_RETAINED = 0.5;

/**
 * The notes of a history as far as it goes: at most one of each problem, and what is noted of some epochs stays noted
 * when more have come.
 *
 * @param history from epoch 0 on
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NO_TERMS } from "./unlearn_epoch.ts";
 * import { rateNotes } from "./rate_notes.ts";
 *
 * const scores = { ma: 0.99, el_3: null, el_5: null, el_10: null, retain_ma: null, kept: true };
 * const history = [null, 0.0314, 0.0324, 0.0334, 0.0344].map((ce_secret, epoch) => ({
 *   ...NO_TERMS,
 *   ...scores,
 *   ce_secret,
 *   epoch,
 * }));
 * const options = { lr: 3e-6, epochs: 100, thresholds: { ma: 0.3, el_10: 0.01 }, vocabularySize: 4096 };
 * assertEquals(rateNotes(history, options).map(({ problem, lr }) => [problem, lr]), [["slow", 3e-5]]);
 * ```
 */
export function rateNotes(history: readonly NotedEpoch[], options: RateOptions): RateNote[] {
  const { lr } = options;
  const fast = noteFast(history, options);
  if (fast) return [{ problem: "fast", ...fast, lr: scaledRate(lr, 0.1) }];
  const slow = noteSlow(history, options);
  return slow ? [{ problem: "slow", ...slow, lr: scaledRate(lr, 10) }] : [];
}

type Shown = Pick<RateNote, "epoch" | "reason"> | undefined;

/** Whether the first step broke more than it was to break. */
function noteFast(
  [before, first, second]: readonly NotedEpoch[],
  { thresholds, vocabularySize }: RateOptions,
): Shown {
  if (!before || !first) return undefined;
  const [kept, had] = [first.retain_ma, before.retain_ma];
  if (kept !== null && had !== null) {
    if (kept >= LEAST_RETAINED * had) return undefined;
    return {
      epoch: 1,
      reason: `the first step brought the retain set's MA from ${show(had)} to ${show(kept)}`,
    };
  }
  if (first.ma !== null && before.ma !== null && before.ma > thresholds.ma && first.ma < thresholds.ma / 2) {
    const fall = `the first step brought MA from ${show(before.ma)} to ${show(first.ma)}`;
    return { epoch: 1, reason: `${fall}, far below the threshold ${show(thresholds.ma)}` };
  }
  const loss = second?.ce_normal ?? null;
  const guessing = Math.log(vocabularySize);
  if (loss === null || loss <= guessing || first.ce_normal === null || first.ce_normal > guessing) {
    return undefined;
  }
  const rise = `from ${show(first.ce_normal)} to ${show(loss)} nats`;
  return { epoch: 2, reason: `the first step brought the other tokens' loss ${rise}, worse than guessing` };
}

/** Whether the epochs will not do at this pace. */
function noteSlow(history: readonly NotedEpoch[], { epochs, thresholds }: RateOptions): Shown {
  const count = Math.min(PACE_EPOCHS, epochs);
  const [before, first, last] = [history[0], history[1], history[count]];
  if (count < 2 || !before || !first || !last || before.ma === null || last.ma === null) return undefined;
  const way = before.ma - thresholds.ma;
  const moved = before.ma - last.ma;
  if (way <= 0 || moved >= LEAST_SHARE * way) return undefined;
  const needed = neededEpochs(first.ce_secret, last.ce_secret, count - 1) ?? count * way / Math.max(moved, 0);
  if (needed <= Math.max(epochs, SLOW_EPOCHS)) return undefined;
  const pace = Number.isFinite(needed)
    ? `about ${Math.ceil(needed)} epochs at this pace`
    : "no end at this pace";
  return {
    epoch: count,
    reason: `MA has hardly moved in ${count} epochs (${show(before.ma)} to ${
      show(last.ma)
    }; ${pace}, ${epochs} asked for)`,
  };
}

/** Epochs until the secrets' loss has grown to a forgotten secret's; undefined where it does not tell. */
function neededEpochs(first: number | null, last: number | null, updates: number): number | undefined {
  if (first === null || last === null || first >= FORGOTTEN_LOSS) return undefined;
  const from = Math.max(first, LEAST_LOSS);
  const growth = Math.log(Math.max(last, LEAST_LOSS) / from) / updates;
  return growth > 0 ? 1 + Math.log(FORGOTTEN_LOSS / from) / growth : Infinity;
}

function show(value: number): string {
  return value.toFixed(3);
}
