/**
 * The rules that end a run, as the run sees them: one judges the forget set's means, the other each secret.
 *
 * @module
 */
import { isBelowThreshold } from "../metrics/threshold.ts";
import {
  EarlyStop,
  type EarlyStopOptions,
  type StopDecision,
  type StopState,
  type StopThresholds,
} from "./early_stop.ts";
import type { Measure, SetScores } from "./forget_scores.ts";
import type { Relapse } from "./lasting.ts";
import {
  type PerSecretState,
  PerSecretStop,
  type SecretOutcome,
  type SecretThresholds,
} from "./per_secret_stop.ts";

/** What is noted of a rule between epochs. */
export type RuleState = StopState | PerSecretState;

/** A rule over a run. */
export interface StopRule {
  /** What a resumed run needs: plain data. */
  readonly state: RuleState;
  /** Which secrets are to be forgotten in the next epoch; undefined for all of them, always. */
  readonly active?: readonly boolean[] | undefined;
  /** What the loss to which each secret is brought is multiplied by. */
  readonly pushes?: readonly number[] | undefined;
  /** The most that each may score. */
  readonly secretThresholds?: readonly SecretThresholds[] | undefined;
  /** What became of each secret. */
  readonly outcomes?: SecretOutcome[] | undefined;
  /** Begins with the scores of the model as it came; whether there is nothing to do. */
  begin(before: SetScores): boolean;
  /** Measures what it needs after an epoch, and decides; `spare` secrets may be left, where each is judged. */
  judge(measure: Measure, spare?: number): Promise<{ decision: StopDecision; scores: SetScores }>;
  /** Measures a model that was trained after its last epoch; not where means are judged. */
  measureTrained?(measure: Measure): Promise<{ relapse: Relapse; scores: SetScores }>;
  /** Goes on from that model. */
  reopen?(scores: SetScores): void;
  /** Judges by other thresholds from now on. */
  retarget?(thresholds: readonly SecretThresholds[]): void;
  /** Judges the last epoch by them; whether no more than `spare` secrets are left, all of them explained by chance. */
  rejudge?(scores: SetScores, spare?: number): boolean;
  /** How many secrets are above that no chance explains. */
  countRemembered?(scores: SetScores): number;
}

/** What a rule is made of. */
export interface StopRuleOptions extends EarlyStopOptions {
  /** Of the forget set's means. */
  thresholds: StopThresholds;
  /** Of each secret. */
  secretThresholds?: readonly SecretThresholds[];
}

/**
 * The rule of a run: each secret's where it has thresholds of its own, else the means'.
 *
 * @param state where a run goes on
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { stopRule } from "./stop_rule.ts";
 *
 * const options = { thresholds: { ma: 0.3, el_10: 0.01 }, margin: 0.1, compat: "sound" } as const;
 * const scores = { tokens: 9, ma: 0.4, el_3: 0, el_5: 0, el_10: 0, nll: 1 };
 * const before = { secrets: [scores], means: { ...scores, retain_ma: null } };
 * assertEquals(stopRule(options).begin(before), false);
 * assertEquals(stopRule({ ...options, secretThresholds: [{ ma: 0.5, el_10: 0.1 }] }).begin(before), true);
 * ```
 */
export function stopRule(options: StopRuleOptions, state?: RuleState): StopRule {
  const { secretThresholds } = options;
  return secretThresholds
    ? new SecretRule(new PerSecretStop(secretThresholds, state as PerSecretState | undefined))
    : new GroupRule(options, state as StopState | undefined);
}

class GroupRule implements StopRule {
  readonly #options: StopRuleOptions;
  #rule: EarlyStop;

  constructor(options: StopRuleOptions, state?: StopState) {
    this.#options = options;
    this.#rule = new EarlyStop(options.thresholds, options, state);
  }

  get state(): StopState {
    return this.#rule.state;
  }

  begin({ means: { ma, el_10 } }: SetScores): boolean {
    const { thresholds, compat } = this.#options;
    if (compat !== "sound") return false;
    const start = { near: false, ma: ma ?? 1, el_10: el_10 ?? 1, worse: 0 };
    this.#rule = new EarlyStop(thresholds, this.#options, start); // what is worse than the start is not kept
    return isBelowThreshold(ma, thresholds.ma) && isBelowThreshold(el_10, thresholds.el_10);
  }

  async judge(measure: Measure): Promise<{ decision: StopDecision; scores: SetScores }> {
    // once EL is measured it always is; before, MA tells whether to
    const quick = this.#rule.state.near ? null : await measure(false);
    const isEnough = quick !== null && !this.#rule.wantsEl(quick.means.ma ?? 0);
    const scores = isEnough ? quick : await measure(true);
    return { decision: this.#rule.decide({ ...scores.means, ma: scores.means.ma ?? 0 }), scores };
  }
}

class SecretRule implements StopRule {
  readonly #rule: PerSecretStop;

  constructor(rule: PerSecretStop) {
    this.#rule = rule;
  }

  get state(): PerSecretState {
    return this.#rule.state;
  }

  get active(): readonly boolean[] {
    return this.#rule.active;
  }

  get pushes(): readonly number[] {
    return this.#rule.pushes;
  }

  get secretThresholds(): readonly SecretThresholds[] {
    return this.#rule.thresholds;
  }

  get outcomes(): SecretOutcome[] {
    return this.#rule.outcomes;
  }

  retarget(thresholds: readonly SecretThresholds[]): void {
    this.#rule.retarget(thresholds);
  }

  begin({ secrets, means }: SetScores): boolean {
    return this.#rule.begin(secrets, means.retain_ma);
  }

  async judge(measure: Measure, spare = 0): Promise<{ decision: StopDecision; scores: SetScores }> {
    const scores = await this.#measure(measure);
    return { decision: this.#rule.decide(scores.secrets, scores.means.retain_ma, spare), scores };
  }

  async measureTrained(measure: Measure): Promise<{ relapse: Relapse; scores: SetScores }> {
    const scores = await this.#measure(measure);
    const { secrets } = scores;
    const relapse = {
      above: this.#rule.countAbove(secrets),
      remembered: this.#rule.countRemembered(secrets),
    };
    return { relapse, scores };
  }

  countRemembered({ secrets }: SetScores): number {
    return this.#rule.countRemembered(secrets);
  }

  reopen({ secrets, means }: SetScores): void {
    this.#rule.reopen(secrets, means.retain_ma);
  }

  rejudge({ secrets, means }: SetScores, spare = 0): boolean {
    return this.#rule.rejudge(secrets, means.retain_ma, spare);
  }

  #measure(measure: Measure): Promise<SetScores> {
    return measure((secret, ma) => this.#rule.wantsEl(secret, ma));
  }
}
