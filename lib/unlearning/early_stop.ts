/**
 * When a run stops and which epochs it keeps (the paper's section 4.3 and the reference's checks).
 *
 * Checked after every epoch, nothing before the first. EL_n costs decodes, so it is measured once MA is near its
 * threshold: within the margin (`sound`, `paper`) or from the epoch after that (`reference`). An epoch is kept when
 * MA, and EL_10 once it is measured, are no worse than in the epoch last kept, or (not by `reference`) when it reaches
 * the thresholds; five epochs in which only EL_10 was worse end the run too if MA is below its threshold. The reference
 * compares numbers in single precision, and so does its rule here.
 *
 * @module
 */

import { isBelowThreshold } from "../metrics/threshold.ts";

/** The name of a stopping rule: this project's, the paper's or its code's. */
export type Compat = "sound" | "paper" | "reference";

/** How far above its threshold an MA may be to count as near it, by whose rule: the paper says none, the reference's commands do. */
export const MARGINS: { readonly [C in Compat]: number } = { sound: 0.1, paper: 0.1, reference: 0.3 };

/** Means over the forget set. */
export interface GroupScores {
  /** MA */
  ma: number;
  /** EL_3, or null where it was not measured. */
  el_3: number | null;
  /** EL_5. */
  el_5: number | null;
  /** EL_10. */
  el_10: number | null;
}

/** What unlearning aims at. */
export interface StopThresholds {
  /** MA of unseen text. */
  ma: number;
  /** EL_3 of unseen text; only `paper` looks at it. */
  el_3?: number | null;
  /** EL_5 of unseen text; only `paper` looks at it. */
  el_5?: number | null;
  /** EL_10 of unseen text. */
  el_10: number;
}

/** How to stop. */
export interface EarlyStopOptions {
  /** How far above its threshold MA may be when EL_n begins to be measured. */
  margin: number;
  /** The stopping rule, by whose it is. */
  compat: Compat;
}

/** The rule's memory between epochs. */
export interface StopState {
  /** Whether MA has come near its threshold. */
  near: boolean;
  /** MA of the epoch last kept. */
  ma: number;
  /** EL_10 of the epoch last kept for which it was measured. */
  el_10: number;
  /** Epochs since then in which only EL_10 was worse. */
  worse: number;
}

/** What follows from an epoch. */
export interface StopDecision {
  /** Keep these weights as the best so far. */
  keep: boolean;
  /** End the run. */
  stop: boolean;
  /** Whether the thresholds were reached. */
  reached: boolean;
  /** How many secrets are above, where each is judged. */
  above?: number;
}

const PATIENCE = 5;

/**
 * The state of the rule over a run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const rule = new EarlyStop({ ma: 0.4, el_10: 0.05 }, { margin: 0.1, compat: "sound" });
 * const away = { ma: 0.9, el_3: null, el_5: null, el_10: null };
 * assertEquals([rule.wantsEl(0.9), rule.decide(away).keep, rule.wantsEl(0.5)], [false, true, true]);
 * const resumed = new EarlyStop({ ma: 0.4, el_10: 0.05 }, { margin: 0.1, compat: "sound" }, rule.state);
 * assertEquals(resumed.state, { near: true, ma: 0.9, el_10: 1, worse: 0 });
 * ```
 */
export class EarlyStop {
  readonly #thresholds: StopThresholds;
  readonly #options: EarlyStopOptions;
  readonly #state: StopState;

  /** Starts before the first epoch, or where `state` was taken. */
  constructor(thresholds: StopThresholds, options: EarlyStopOptions, state?: StopState) {
    this.#thresholds = thresholds;
    this.#options = options;
    this.#state = state ? { ...state } : { near: false, ma: 1, el_10: 1, worse: 0 };
  }

  /** What a resumed run needs. */
  get state(): StopState {
    return { ...this.#state };
  }

  /** Whether EL_n is to be measured for an epoch of this MA. */
  wantsEl(ma: number): boolean {
    const precise = precisionOf(this.#options.compat);
    const isNear = precise(ma) <= precise(this.#thresholds.ma + this.#options.margin);
    const wants = this.#state.near || (isNear && this.#options.compat !== "reference");
    this.#state.near ||= isNear;
    return wants;
  }

  /**
   * Decides after an epoch.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * const rule = new EarlyStop({ ma: 0.4, el_10: 0.05 }, { margin: 0.1, compat: "sound" });
   * const scores = { ma: 0.3, el_3: 0, el_5: 0, el_10: 0.01 };
   * assertEquals(rule.decide(scores), { keep: true, stop: true, reached: true });
   * ```
   */
  decide(scores: GroupScores): StopDecision {
    const { ma, el_10 } = scores;
    const { compat } = this.#options;
    const precise = precisionOf(compat);
    const reached = isReached(scores, this.#thresholds, compat);
    const maKeeps = precise(ma) <= precise(this.#state.ma);
    const isNoWorse = maKeeps && (el_10 === null || precise(el_10) <= precise(this.#state.el_10));
    // the reference ends there with the weights it had kept before, although these did not reach the thresholds
    const keep = isNoWorse || (reached && compat !== "reference");
    if (keep) {
      Object.assign(this.#state, { ma, el_10: el_10 ?? this.#state.el_10, worse: 0 });
    } else if (maKeeps) this.#state.worse++;
    const outOfPatience = this.#state.worse >= PATIENCE &&
      isBelowThreshold(precise(ma), precise(this.#thresholds.ma));
    return { keep, stop: reached || outOfPatience, reached };
  }
}

/**
 * Whether means are where they shall be. For `paper` that is at their thresholds or below, EL_3 and EL_5 too where they have
 * some; else below those of MA and EL_10, by the `reference` in single precision.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const scores = { ma: 0.3, el_3: 0.2, el_5: 0, el_10: 0 };
 * const limits = { ma: 0.3, el_3: 0.1, el_10: 0.1 };
 * assertEquals(isReached(scores, limits, "paper"), false); // by EL_3
 * assertEquals(isReached({ ...scores, el_3: 0.1 }, limits, "paper"), true);
 * assertEquals(isReached(scores, limits, "sound"), false); // by MA
 * const [near, at] = [{ ...scores, ma: 0.29999999999 }, { ma: 0.3, el_10: 0.1 }];
 * assertEquals([isReached(near, at, "sound"), isReached(near, at, "reference")], [true, false]); // one number in float32
 * ```
 */
export function isReached(
  scores: { [Metric in keyof GroupScores]: number | null },
  { ma, el_3, el_5, el_10 }: StopThresholds,
  compat: Compat,
): boolean {
  const precise = precisionOf(compat);
  const isBelow = (score: number | null, limit: number) =>
    score !== null && isBelowThreshold(precise(score), precise(limit));
  if (compat !== "paper") return isBelow(scores.ma, ma) && isBelow(scores.el_10, el_10);
  const isUnder = (score: number | null, limit: number | null | undefined) =>
    limit === null || limit === undefined || (score !== null && score <= limit);
  return isUnder(scores.ma, ma) && isUnder(scores.el_3, el_3) && isUnder(scores.el_5, el_5) &&
    isUnder(scores.el_10, el_10);
}

/** A number as a rule sees it. */
function precisionOf(compat: Compat): (value: number) => number {
  return compat === "reference" ? Math.fround : (value) => value;
}
