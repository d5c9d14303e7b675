/**
 * A run of unlearning: its epochs, what it keeps, its checkpoints; and, where it is to last, the ordinary training between.
 *
 * @module
 */
import type { Scores } from "../metrics/scorer.ts";
import type { Model } from "../models/model.ts";
import { readCheckpoint, type TrainingState, writeCheckpoint } from "../training/checkpoint.ts";
import { createSteps } from "./create_steps.ts";
import type { DualState } from "./dual_weight.ts";
import type { StopDecision } from "./early_stop.ts";
import { ForgetScores, type SetScores, type WantsEl } from "./forget_scores.ts";
import { type KeptNote, KeptWeights } from "./kept_weights.ts";
import { HELD_UPDATES, LastingTraining } from "./lasting.ts";
import { type RateNote, rateNotes } from "./rate_notes.ts";
import type { RunSteps } from "./run_steps.ts";
import { type RuleState, type StopRule, stopRule } from "./stop_rule.ts";
import { NO_TERMS, termsOf, type UnlearnEpoch } from "./unlearn_epoch.ts";
import type { UnlearnHooks, UnlearnOptions, UnlearnResult, UnlearnSets } from "./unlearn_options.ts";

/** Thresholds are scored anew each so many epochs while no more secrets are above than so many times what chance explains. */
const [RESCORED_EACH, NEAR] = [3, 2];

type Notes = {
  history: UnlearnEpoch[];
  rule: RuleState;
  /** The file of the weights kept last. */
  kept: KeptNote;
  relapses: number[];
  rescored: number;
  dual?: DualState | null;
};

/**
 * The state of a run; see `unlearn`, which opens one, takes it to its end and frees it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { UnlearnRun } from "./unlearn_run.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const secret = { prefix: [1], secret: [2, 3] };
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1), secrets: [secret] };
 * const how = { method: "ga", lr: 1e-3, epochs: 1, gamma: 0, lambda: 0, alpha: 0, margin: 0.1, microBatch: 1 };
 * using run = await UnlearnRun.create(loaded.model, { forget: [row], retain: [] }, {
 *   ...how,
 *   compat: "sound",
 *   thresholds: { ma: 1, el_10: 1 },
 *   endOfText: null,
 * });
 * assertEquals([run.hasBegun, (await run.toEnd({})).status, run.hasBegun], [false, "nothing-to-do", true]);
 * ```
 */
export class UnlearnRun implements Disposable {
  readonly #model: Model;
  readonly #sets: UnlearnSets;
  readonly #options: UnlearnOptions;
  readonly #scores: ForgetScores;
  readonly #steps: RunSteps;
  readonly #training: LastingTraining | null;
  #rule: StopRule;
  readonly #kept: KeptWeights;
  #folder: string | undefined;
  /** The epoch after which thresholds were last scored anew. */
  #rescored = 0;
  #history: UnlearnEpoch[] = [];

  private constructor(
    { model, sets, options }: { model: Model; sets: UnlearnSets; options: UnlearnOptions },
    { steps, training }: { steps: RunSteps; training: LastingTraining | null },
  ) {
    this.#model = model;
    this.#sets = sets;
    this.#options = options;
    this.#steps = steps;
    this.#training = training;
    this.#scores = new ForgetScores(model, judgedSets(sets, options), options.endOfText);
    this.#rule = stopRule(options);
    this.#kept = new KeptWeights(model.trainable);
  }

  /** Prepares both steps; their references are the model as it is now, or that of `underReference`. */
  static async create(model: Model, sets: UnlearnSets, options: UnlearnOptions): Promise<UnlearnRun> {
    using stack = new DisposableStack(); // what has been made is freed if the rest fails
    const make = () => createSteps(model, sets, options);
    const steps = stack.use(await (options.underReference?.(make) ?? make()));
    const training = options.lasting ? stack.use(new LastingTraining(model, options.lasting, options)) : null;
    const run = new UnlearnRun({ model, sets, options }, { steps, training });
    stack.move();
    return run;
  }

  /** Whether the model was measured, so that it was sound at the start. */
  get hasBegun(): boolean {
    return this.#history.length > 0;
  }

  async toEnd(
    { onContinue, onEpoch, onNote, onBatch, onTrain, signal, folder }: UnlearnHooks,
  ): Promise<UnlearnResult> {
    const check = () => signal?.throwIfAborted();
    this.#folder = folder;
    const isContinued = folder !== undefined && await this.#restore(folder);
    if (isContinued) {
      onContinue?.(this.#history.length - 1);
    } else {
      const scores = await this.#scores.measure(true, check);
      const before = { ...scores.means, ...NO_TERMS, epoch: 0, kept: true, trained: 0 };
      this.#history.push(before);
      const isNothing = this.#rule.begin(scores);
      await onEpoch?.(before, scores.secrets);
      if (isNothing) return await this.end("nothing-to-do");
      if (folder !== undefined) await this.#kept.keep(0, folder);
    }
    this.#reweigh();
    while (this.#history.length <= this.#options.epochs) {
      check();
      const { decision, secrets } = await this.#epoch(check, onBatch);
      await onEpoch?.(this.#history.at(-1)!, secrets);
      const known = this.#notes(-1).length;
      for (const note of this.#notes().slice(known)) onNote?.(note);
      if (decision.stop && !decision.reached) return await this.end("out-of-patience");
      if (decision.stop) {
        const secrets = await this.#train(check, onTrain, signal);
        if (secrets) await onEpoch?.(this.#history.at(-1)!, secrets);
        if (!this.#training || this.#training.withstands) return await this.end("reached");
        if (this.#training.isOver) return await this.end("comes-back");
      }
      if (folder !== undefined) await this.#save(folder);
    }
    return await this.end("not-converged");
  }

  async #epoch(check: () => void, onBatch: UnlearnHooks["onBatch"]) {
    const turn = this.#history.length - 1;
    const { forget, retain } = await this.#steps.run(turn, async (done, total) => {
      await onBatch?.(done, total);
      check();
    });
    const judged = await this.#rule.judge(
      (el: WantsEl) => this.#scores.measure(el, check),
      this.#options.byChance,
    );
    const { secrets, means } = judged.scores;
    const decision = await this.#judgeAnew(judged.decision, judged.scores, check);
    this.#reweigh();
    const epoch = this.#history.length;
    if (decision.keep) await this.#kept.keep(epoch, this.#folder);
    this.#history.push({ ...means, ...termsOf(forget, retain), epoch, kept: decision.keep, trained: 0 });
    return { decision, secrets };
  }

  /**
   * Trains the weights kept last on benign texts, where the run is to last, and brings what the model says of made-up values
   * in the secrets' places back to what it said before. Where that brings secrets back and a further training is allowed,
   * the run goes on from what the weights are now; else from what they were.
   *
   * @returns all secrets' scores after the training
   */
  async #train(
    check: () => void,
    onTrain: UnlearnHooks["onTrain"],
    signal: AbortSignal | undefined,
  ): Promise<readonly Scores[] | undefined> {
    const training = this.#training;
    if (!training) return undefined;
    await this.#kept.restore();
    const { steps, lr, held = HELD_UPDATES } = this.#options.lasting!;
    const updates = this.#sets.controls?.length ? held : 0;
    const all = steps + updates;
    await training.run({ onStep: ({ step }) => onTrain?.(step, all), ...signal && { signal } });
    await this.#steps.hold({ updates, lr, turn: this.#history.length }, async (done) => {
      await onTrain?.(steps + done, all);
      check();
    });
    const rule = this.#rule.state;
    const { relapse, scores } = await this.#rule.measureTrained!((el) => this.#scores.measure(el, check));
    const epoch = this.#history.length;
    training.note(relapse);
    const kept = !training.withstands && !training.isOver;
    this.#history.push({ ...scores.means, ...NO_TERMS, epoch, kept, trained: steps });
    if (kept) {
      this.#rule.reopen!(scores);
      await this.#kept.keep(epoch, this.#folder);
      this.#steps.restart();
      this.#reweigh();
    } else {
      await this.#kept.restore();
      this.#rule = stopRule(this.#options, rule);
    }
    return scores.secrets;
  }

  /** Scores the thresholds anew where secrets have come down to them, and judges the epoch by these. */
  async #judgeAnew(decision: StopDecision, scores: SetScores, check: () => void): Promise<StopDecision> {
    const { rescore, byChance = 0 } = this.#options;
    const epoch = this.#history.length;
    const { above = Infinity, stop, reached } = decision;
    if (!rescore || above > NEAR * byChance || (!stop && epoch - this.#rescored < RESCORED_EACH)) {
      return decision;
    }
    this.#rescored = epoch;
    await this.#retarget(check);
    if (this.#rule.rejudge!(scores, byChance)) return { keep: true, stop: true, reached: true };
    const isSpent = stop && !reached; // secrets come no nearer: who is not above is as good as never seen
    const isByChance = above <= byChance && this.#rule.countRemembered!(scores) === 0;
    return { keep: true, stop: isSpent, reached: isSpent && isByChance };
  }

  async #retarget(check: () => void): Promise<void> {
    const thresholds = await this.#options.rescore?.();
    check();
    if (thresholds) this.#rule.retarget!(thresholds);
  }

  /** Leaves alone the secrets that are not active, and brings the others to their losses. */
  #reweigh(): void {
    const { active, pushes, secretThresholds } = this.#rule;
    if (active?.includes(true)) this.#steps.reweigh({ active, pushes, secretThresholds });
  }

  /** The model gets the weights kept last. */
  async end(status: UnlearnResult["status"]): Promise<UnlearnResult> {
    await this.#kept.restore();
    const { outcomes } = this.hasBegun ? this.#rule : {};
    return {
      ...{ status, epoch: this.#kept.epoch, history: this.#history, notes: this.#notes() },
      ...outcomes && { outcomes },
      ...this.#training && { relapses: this.#training.relapses },
    };
  }

  /** The notes on the learning rate, from the history up to an epoch, at most to where the model was trained between. */
  #notes(end?: number): RateNote[] {
    if (!this.#steps.hasRate) return [];
    const { vocabularySize } = this.#model.config;
    const trained = this.#history.findIndex(({ trained }) => trained > 0);
    const history = trained < 0 ? this.#history : this.#history.slice(0, trained);
    return rateNotes(history.slice(0, end), { ...this.#options, vocabularySize });
  }

  get #state(): TrainingState {
    const kept = this.#kept.inMemory;
    return { weights: this.#model.trainable, optimizer: this.#steps.optimizer, ...kept && { kept } };
  }

  async #save(folder: string): Promise<void> {
    const notes: Notes = {
      ...{ history: this.#history, rule: this.#rule.state },
      ...{ kept: this.#kept.note!, rescored: this.#rescored, relapses: this.#training?.relapses ?? [] },
      dual: this.#steps.dual,
    };
    const { earlier, optimizer } = this.#steps;
    await writeCheckpoint(folder, this.#state, notes, earlier + optimizer.steps);
    await this.#kept.removeOthers(folder);
  }

  async #restore(folder: string): Promise<boolean> {
    const { kept: _, ...state } = this.#state; // the file of a checkpoint has them
    const restored = await readCheckpoint(folder, state);
    if (!restored) return false;
    const { history, rule, kept, rescored, relapses, dual } = restored.notes as Notes;
    if (dual) this.#steps.dual = dual;
    this.#steps.earlier = restored.number - this.#steps.optimizer.steps;
    this.#history = history;
    this.#rule = stopRule(this.#options, rule);
    await this.#kept.resume(kept, folder);
    this.#rescored = rescored;
    if (this.#training) this.#training.relapses = relapses;
    return true;
  }

  [Symbol.dispose](): void {
    this.#steps[Symbol.dispose]();
    this.#training?.[Symbol.dispose]();
    this.#scores[Symbol.dispose]();
    this.#kept[Symbol.dispose]();
  }
}

/** Means are of what is forgotten now; where each secret is judged, those that are replayed are too. */
function judgedSets(sets: UnlearnSets, { secretThresholds }: UnlearnOptions): UnlearnSets {
  const { forget, replayed = 0 } = sets;
  return secretThresholds ? sets : { ...sets, forget: forget.slice(0, forget.length - replayed) };
}
