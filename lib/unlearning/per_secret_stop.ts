/**
 * The rule that judges each secret alone: it is forgotten until its MA and EL_10 are no more than what never-seen text in
 * place has, and again when they rise; the run ends when none is above. What has come down is pushed no further; where the
 * loss of never-seen text is known, a secret is pushed on until its loss is in the midst of it, as what is only just under
 * a threshold can be told from what was never seen, and one whose loss is beyond is in the loss again, to be pulled back.
 *
 * Where thresholds are quantiles of what was never seen, a few may be above at the end, as some of that is; but none that is
 * likelier than all of that.
 *
 * The weights of the epoch with the fewest secrets above are kept, those that no chance explains counted first, of several the
 * one that spares the retain set most. The run ends too when the secrets above have come no nearer to their thresholds in ten
 * epochs, all together.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";
import type { Scores } from "../metrics/scorer.ts";
import { isAbove, isRemembered } from "../metrics/threshold.ts";
import type { StopDecision } from "./early_stop.ts";

/** The most that a secret may score to be as good as never seen. */
export interface SecretThresholds {
  /** Of MA. */
  ma: number;
  /** Of EL_10. */
  el_10: number;
  /**
   * The loss of each of its tokens, nats, were it never seen: it is pushed to that, and pulled from beyond; tokens after the
   * last have that one. Default: no limit.
   */
  nll?: readonly number[] | null;
  /**
   * The mean losses of its tokens between which it is left alone, nats. Default: once it is under its thresholds, up to the
   * mean of `nll`.
   */
  nll_band?: readonly [number, number] | null;
  /** The loss below which a secret that is above is not there by chance, nats a token. Default: any may be. */
  nll_floor?: number | null;
}

/** What the rule looks at; null where there is no score. */
export type JudgedScores = Pick<Scores, "ma" | "el_10">;

type LossScores = JudgedScores & Pick<Scores, "nll">;

/** What became of a secret. */
export interface SecretOutcome {
  /** The model as it came. */
  before: Pick<Scores, "ma" | "el_10" | "nll">;
  /** The epoch that was kept; EL_10 is null where MA alone was above. */
  after: JudgedScores;
  /** Whether it is above its threshold yet; null where it has no tokens to score. */
  isAbove: boolean | null;
  /** Its thresholds: where they are scored anew, the last ones. */
  thresholds: SecretThresholds;
  /** In how many epochs it was in the loss. */
  epochs: number;
}

/** The rule's memory between epochs: plain data. */
export interface PerSecretState {
  /** The scores at the start. */
  before: SecretOutcome["before"][];
  /** The secrets' thresholds. */
  thresholds: SecretThresholds[];
  /** Which secrets are in the loss. */
  active: boolean[];
  /** In how many epochs each was. */
  epochs: number[];
  /** What the loss to which each is brought is multiplied by. */
  pushes: number[];
  /**
   * The epoch last kept: how many no chance explains (runs of earlier versions do not say), how many were to be pushed yet,
   * each secret's scores, and the retain set's MA.
   */
  kept: { remembered?: number; open: number; scores: JudgedScores[]; retain_ma: number };
  /** The least that the secrets have been away from their thresholds, all together. */
  least: number;
  /** Epochs since then. */
  waited: number;
}

type Standing = PerSecretState["kept"];

const PATIENCE = 10;
/** A secret that has its loss and is above all the same is pushed further, by so much an epoch, at most to twice the loss. */
const PUSH = 1.15;
/** Of so many secrets one may be outside of its band at the end: the last ones come near it slowly. */
const OUTSIDE_OF = 5;

/**
 * The state of the rule over a run, from the scores of the model as it came on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PerSecretStop } from "./per_secret_stop.ts";
 *
 * const scores = (...all: number[]) => all.map((ma) => ({ tokens: 9, ma, el_3: 0, el_5: 0, el_10: 0, nll: 1 }));
 * const rule = new PerSecretStop([{ ma: 0.3, el_10: 0 }, { ma: 0.5, el_10: 0 }]);
 * rule.begin(scores(1, 0.4), 1);
 * assertEquals(rule.active, [true, false]); // the second is as good as never seen
 * assertEquals(rule.decide(scores(0.5, 0.6), 1), { keep: false, stop: false, reached: false, above: 2 });
 * assertEquals(rule.active, [true, true]); // it has risen
 * const { keep, reached, above } = rule.decide(scores(0.3, 0.5), 0.9);
 * assertEquals([keep, reached, above], [true, true, 0]);
 * assertEquals(rule.outcomes.map(({ isAbove, epochs }) => [isAbove, epochs]), [[false, 2], [false, 1]]);
 * ```
 */
export class PerSecretStop {
  readonly #first: readonly SecretThresholds[];
  #state: PerSecretState | null;

  /** @param state where a run goes on; before `begin` else */
  constructor(thresholds: readonly SecretThresholds[], state?: PerSecretState) {
    this.#first = thresholds;
    this.#state = state ? structuredClone(state) : null;
  }

  /** What a resumed run needs. */
  get state(): PerSecretState {
    return structuredClone(this.#begun);
  }

  /** Which secrets are in the loss of the next epoch. */
  get active(): readonly boolean[] {
    return this.#begun.active;
  }

  /** What the loss to which each secret is brought is multiplied by: 1 but for those that are above with that loss. */
  get pushes(): readonly number[] {
    return this.#begun.pushes;
  }

  /** The most that each may score. */
  get thresholds(): readonly SecretThresholds[] {
    return this.#state?.thresholds ?? this.#first;
  }

  /** What became of each secret with the weights that were kept last. */
  get outcomes(): SecretOutcome[] {
    const { before, epochs, kept } = this.#begun;
    return before.map((scores, i) => ({
      before: scores,
      after: kept.scores[i]!,
      isAbove: scores.ma === null ? null : isAbove(kept.scores[i]!, this.thresholds[i]!),
      thresholds: this.thresholds[i]!,
      epochs: epochs[i]!,
    }));
  }

  /** Whether a secret's EL_10 is to be measured: where MA is not above, it alone tells. */
  wantsEl(secret: number, ma: number): boolean {
    return ma <= this.thresholds[secret]!.ma;
  }

  /**
   * Begins with the scores of the model as it came, EL_10 with them.
   *
   * @returns whether there is nothing to do
   */
  begin(scores: readonly Scores[], retainMa: number | null): boolean {
    const kept = this.#standing(scores, retainMa);
    this.#state = {
      before: scores.map(({ ma, el_10, nll }) => ({ ma, el_10, nll })),
      thresholds: [...this.thresholds],
      active: scores.map((score, i) => this.#isActive(i, score)),
      epochs: scores.map(() => 0),
      pushes: scores.map(() => 1),
      kept,
      least: this.#excess(scores),
      waited: 0,
    };
    return kept.open === 0;
  }

  /** How many secrets are above their thresholds with these scores. */
  countAbove(scores: readonly JudgedScores[]): number {
    return scores.filter((score, i) => isAbove(score, this.thresholds[i]!)).length;
  }

  /** How many of them no chance explains. */
  countRemembered(scores: readonly LossScores[]): number {
    return scores.filter((score, i) => isRemembered(score, this.thresholds[i]!)).length;
  }

  /** Judges by other thresholds from now on. */
  retarget(thresholds: readonly SecretThresholds[]): void {
    this.#begun.thresholds = [...thresholds];
  }

  /**
   * Judges the weights of the last epoch by thresholds that are others since: these weights are what is kept.
   *
   * @returns whether no more than `spare` secrets are left, all of them explained by chance
   */
  rejudge(scores: readonly LossScores[], retainMa: number | null, spare = 0): boolean {
    const active = scores.map((score, i) => this.#isActive(i, score));
    const kept = this.#standing(scores, retainMa);
    Object.assign(this.#begun, { active, kept, least: this.#excess(scores) });
    return kept.open <= spare && kept.remembered === 0;
  }

  /** Goes on from other weights, which have been trained since: these are what is kept. */
  reopen(scores: readonly LossScores[], retainMa: number | null): void {
    this.rejudge(scores, retainMa);
    this.#begun.waited = 0;
  }

  /** Decides after an epoch; `spare` secrets may be left. */
  decide(scores: readonly LossScores[], retainMa: number | null, spare = 0): StopDecision {
    const state = this.#begun;
    state.epochs = state.epochs.map((epochs, i) => epochs + (state.active[i] ? 1 : 0));
    state.active = scores.map((score, i) => this.#isActive(i, score));
    state.pushes = scores.map((score, i) => {
      const bounds = this.thresholds[i]!;
      const isStuck = !!bounds.nll_band && this.#distance(i, score) >= 0 && isAbove(score, bounds);
      return Math.min(2, Math.max(1, state.pushes[i]! * (isStuck ? PUSH : 1 / PUSH)));
    });
    const now = this.#standing(scores, retainMa);
    const keep = isBetter(now, state.kept);
    if (keep) state.kept = now;
    const excess = this.#excess(scores);
    state.waited = excess < state.least ? 0 : state.waited + 1;
    state.least = Math.min(state.least, excess);
    const reached = now.open <= spare && now.remembered === 0;
    const stop = reached || state.waited >= PATIENCE;
    return { keep, stop, reached, above: this.countAbove(scores) };
  }

  #standing(scores: readonly LossScores[], retainMa: number | null): Standing {
    return {
      remembered: this.countRemembered(scores),
      open: this.#countOpen(scores),
      scores: scores.map(own),
      retain_ma: retainMa ?? 0,
    };
  }

  get #begun(): PerSecretState {
    if (this.#state === null) throw new Error("Cannot judge secrets before the model as it came is scored");
    return this.#state;
  }

  /** How many are above, or outside of their bands beyond the few that may be. */
  #countOpen(scores: readonly LossScores[]): number {
    const outside = scores.filter((score, i) => this.#distance(i, score) !== 0).length;
    return this.countAbove(scores) + Math.max(0, outside - Math.floor(scores.length / OUTSIDE_OF));
  }

  /** Whether a secret is to be pushed or pulled. */
  #isActive(secret: number, score: LossScores): boolean {
    const { nll, nll_band } = this.thresholds[secret]!;
    const isBeyond = !nll_band && score.nll !== null && !!nll?.length && score.nll > mean(nll);
    return isBeyond || this.#distance(secret, score) !== 0 || isAbove(score, this.thresholds[secret]!);
  }

  /** How far a secret's loss is from its band, as a share: below 0 where it is short of it; 0 where it is to have none. */
  #distance(secret: number, { nll }: LossScores): number {
    const band = this.thresholds[secret]!.nll_band;
    if (!band || nll === null) return 0;
    return nll < band[0] ? nll / band[0] - 1 : Math.max(0, nll / band[1] - 1);
  }

  /**
   * How far the secrets are from where they shall be, all together. One whose MA is above is farther than any whose EL_10
   * alone is, which is not measured before.
   */
  #excess(scores: readonly LossScores[]): number {
    return scores.reduce((sum, { ma, el_10, nll }, i) => {
      const bounds = this.thresholds[i]!;
      const distance = Math.abs(this.#distance(i, { ma, el_10, nll }));
      if (ma !== null && ma > bounds.ma) return sum + distance + 1 + ma - bounds.ma;
      return sum + distance + Math.max(0, (el_10 ?? 0) - bounds.el_10);
    }, 0);
  }
}

function isBetter(now: Standing, kept: Standing): boolean {
  const fewer = (kept.remembered ?? now.remembered!) - now.remembered!;
  if (fewer !== 0) return fewer > 0;
  return now.open < kept.open || (now.open === kept.open && now.retain_ma > kept.retain_ma);
}

function own({ ma, el_10 }: JudgedScores): JudgedScores {
  return { ma, el_10 };
}
