/**
 * A run of unlearning: its epochs, what it keeps, its checkpoints; and, where it is to last, the ordinary training between.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { RETAIN_TOKENS } from "../datasets/token_counts.ts";
import { assign, snapshot } from "../engine/compile.ts";
import { compilesUnlearning } from "../engine/xla_policy.ts";
import type { Scores } from "../metrics/scorer.ts";
import type { Model } from "../models/model.ts";
import { checkTokens } from "../models/not_finite.ts";
import { Adam } from "../training/adam.ts";
import { readCheckpoint, type TrainingState, writeCheckpoint } from "../training/checkpoint.ts";
import { ForgetScores, type WantsEl } from "./forget_scores.ts";
import { GradientSums } from "./gradient_sums.ts";
import { LastingTraining } from "./lasting.ts";
import { type MicroBatch, microBatches, type UnlearnRow } from "./micro_batches.ts";
import { ObjectiveStep } from "./objective_step.ts";
import { objectiveOf } from "./objectives.ts";
import { withLosses } from "./per_secret_stop.ts";
import { type RateNote, rateNotes } from "./rate_notes.ts";
import { type RuleState, type StopRule, stopRule } from "./stop_rule.ts";
import { NO_TERMS, termsOf, type UnlearnEpoch } from "./unlearn_epoch.ts";
import type { UnlearnHooks, UnlearnOptions, UnlearnResult, UnlearnSets } from "./unlearn_options.ts";

type CutRows = (rows: readonly UnlearnRow[], pushes?: readonly number[]) => MicroBatch[];
type Notes = { history: UnlearnEpoch[]; rule: RuleState; keptEpoch: number; relapses: number[] };

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
  readonly #optimizer: Adam;
  readonly #sums: GradientSums;
  readonly #forget: ObjectiveStep;
  readonly #retain: ObjectiveStep | null;
  readonly #cutForget: CutRows;
  readonly #training: LastingTraining | null;
  #rule: StopRule;
  #kept: Record<string, tf.Tensor>;
  #keptEpoch = 0;
  #history: UnlearnEpoch[] = [];

  private constructor(
    { model, sets, options }: { model: Model; sets: UnlearnSets; options: UnlearnOptions },
    { optimizer, sums, forget, retain, cutForget, training }: {
      optimizer: Adam;
      sums: GradientSums;
      forget: ObjectiveStep;
      retain: ObjectiveStep | null;
      cutForget: CutRows;
      training: LastingTraining | null;
    },
  ) {
    this.#model = model;
    this.#sets = sets;
    this.#options = options;
    this.#optimizer = optimizer;
    this.#sums = sums;
    this.#forget = forget;
    this.#retain = retain;
    this.#cutForget = cutForget;
    this.#training = training;
    this.#scores = new ForgetScores(model, sets, options.endOfText);
    this.#rule = stopRule(options);
    this.#kept = this.#snapshot();
  }

  /** Prepares both steps; their references are the model as it is now. */
  static async create(model: Model, sets: UnlearnSets, options: UnlearnOptions): Promise<UnlearnRun> {
    const { method } = options;
    const objective = typeof method === "string" ? objectiveOf(method, options) : method;
    const { maxPositions, vocabularySize } = model.config;
    sets.forget.forEach(({ ids }, i) => checkTokens(ids, vocabularySize, `unlearn forget text ${i}`));
    sets.retain.forEach((ids, i) => checkTokens(ids, vocabularySize, `unlearn with retain text ${i}`));
    const { squeezesSingleRows = false, terms = {} } = objective;
    using stack = new DisposableStack(); // what has been made is freed if the rest fails
    const optimizer = stack.use(new Adam(model.trainable, { betas: [0.9, 0.98] }));
    const { microBatch: size, compat } = options;
    const compiled = compilesUnlearning(model);
    const xla = options.xla ?? compiled.gradients;
    const sums = stack.use(
      new GradientSums(model.trainable, optimizer, { xla: options.xla ?? compiled.update }),
    );
    const shared = { model, sums, xla };
    const cut = { size, compat, squeezesSingleRows, maxPositions, ownLengths: !xla }; // XLA takes seconds for each shape
    const cutForget = (rows: readonly UnlearnRow[], pushes?: readonly number[]) =>
      microBatches(withLosses(rows, sets.forget, options.secretThresholds, pushes), objective.forget, cut);
    const forget = stack.use(
      await ObjectiveStep.create({ ...shared, terms: terms.forget ?? [] }, cutForget(sets.forget)),
    );
    const retainRows = sets.retain.map((ids) => ({ ids }));
    const retain = objective.retain && stack.use(
      await ObjectiveStep.create(
        { ...shared, terms: terms.retain ?? [] },
        microBatches(retainRows, objective.retain, { ...cut, paddedLength: RETAIN_TOKENS }),
      ),
    );
    const training = options.lasting ? stack.use(new LastingTraining(model, options.lasting, options)) : null;
    const parts = { optimizer, sums, forget, retain, cutForget, training };
    const run = new UnlearnRun({ model, sets, options }, parts);
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
    const isContinued = folder !== undefined && await this.#restore(folder);
    if (isContinued) {
      onContinue?.(this.#history.length - 1);
    } else {
      const scores = await this.#scores.measure(true, check);
      const before = { ...scores.means, ...NO_TERMS, epoch: 0, kept: true, trained: 0 };
      this.#history.push(before);
      const isNothing = this.#rule.begin(scores);
      await onEpoch?.(before, scores.secrets);
      if (isNothing) return this.end("nothing-to-do");
    }
    this.#reweigh(this.#rule.active);
    while (this.#history.length <= this.#options.epochs) {
      check();
      const { decision, secrets } = await this.#epoch(check, onBatch);
      await onEpoch?.(this.#history.at(-1)!, secrets);
      const known = this.#notes(-1).length;
      for (const note of this.#notes().slice(known)) onNote?.(note);
      if (decision.stop && !decision.reached) return this.end("out-of-patience");
      if (decision.stop) {
        const secrets = await this.#train(check, onTrain, signal);
        if (secrets) await onEpoch?.(this.#history.at(-1)!, secrets);
        if (!this.#training || this.#training.withstands) return this.end("reached");
        if (this.#training.isOver) return this.end("comes-back");
      }
      if (folder !== undefined) await this.#save(folder);
    }
    return this.end("not-converged");
  }

  async #epoch(check: () => void, onBatch: UnlearnHooks["onBatch"]) {
    const { lr } = this.#options;
    const total = this.#forget.batchCount + (this.#retain?.batchCount ?? 0);
    let done = 0;
    const tell = async () => {
      await onBatch?.(++done, total);
      check();
    };
    const forget = await this.#forget.run(lr, tell);
    const retain = await this.#retain?.run(lr, tell);
    const { decision, scores: { secrets, means } } = await this.#rule.judge(
      (el: WantsEl) => this.#scores.measure(el, check),
      this.#options.byChance,
    );
    this.#reweigh(this.#rule.active);
    const epoch = this.#history.length;
    if (decision.keep) this.#keep(epoch);
    this.#history.push({ ...means, ...termsOf(forget, retain), epoch, kept: decision.keep, trained: 0 });
    return { decision, secrets };
  }

  /**
   * Trains the weights kept last on benign texts, where the run is to last. Where that brings secrets back and a further
   * training is allowed, the run goes on from what the weights are now; else from what they were.
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
    this.#restoreKept();
    const trained = this.#options.lasting!.steps;
    await training.run({ onStep: ({ step }) => onTrain?.(step, trained), ...signal && { signal } });
    const { above, scores } = await this.#rule.measureTrained!((el) => this.#scores.measure(el, check));
    const epoch = this.#history.length;
    training.relapses.push(above);
    const kept = !training.withstands && !training.isOver;
    this.#history.push({ ...scores.means, ...NO_TERMS, epoch, kept, trained });
    if (kept) {
      this.#rule.reopen!(scores);
      this.#keep(epoch);
      this.#optimizer.reset();
      this.#reweigh(this.#rule.active);
    } else {
      this.#restoreKept();
    }
    return scores.secrets;
  }

  /** Leaves alone the secrets that are not active. */
  #reweigh(active: readonly boolean[] | undefined): void {
    if (!active?.includes(true)) return;
    let next = 0;
    const rows = this.#sets.forget.map((row) => ({ ...row, active: row.secrets.map(() => active[next++]!) }));
    this.#forget.reweigh(this.#cutForget(rows, this.#rule.pushes));
  }

  #snapshot(): Record<string, tf.Tensor> {
    return Object.fromEntries(
      Object.entries(this.#model.trainable).map(([name, weight]) => [name, snapshot(weight)]),
    );
  }

  /** The model gets the weights kept last. */
  end(status: UnlearnResult["status"]): UnlearnResult {
    this.#restoreKept();
    const { outcomes } = this.hasBegun ? this.#rule : {};
    return {
      ...{ status, epoch: this.#keptEpoch, history: this.#history, notes: this.#notes() },
      ...outcomes && { outcomes },
      ...this.#training && { relapses: this.#training.relapses },
    };
  }

  #keep(epoch: number): void {
    tf.dispose(this.#kept);
    this.#kept = this.#snapshot();
    this.#keptEpoch = epoch;
  }

  #restoreKept(): void {
    for (const [name, weight] of Object.entries(this.#model.trainable)) assign(weight, this.#kept[name]!);
  }

  /** The notes on the learning rate, from the history up to an epoch, at most to where the model was trained between. */
  #notes(end?: number): RateNote[] {
    const { vocabularySize } = this.#model.config;
    const trained = this.#history.findIndex(({ trained }) => trained > 0);
    const history = trained < 0 ? this.#history : this.#history.slice(0, trained);
    return rateNotes(history.slice(0, end), { ...this.#options, vocabularySize });
  }

  get #state(): TrainingState {
    return { weights: this.#model.trainable, optimizer: this.#optimizer, kept: this.#kept };
  }

  async #save(folder: string): Promise<void> {
    const notes: Notes = {
      ...{ history: this.#history, rule: this.#rule.state },
      ...{ keptEpoch: this.#keptEpoch, relapses: this.#training?.relapses ?? [] },
    };
    await writeCheckpoint(folder, this.#state, notes);
  }

  async #restore(folder: string): Promise<boolean> {
    const restored = await readCheckpoint(folder, this.#state);
    if (!restored) return false;
    const { history, rule, keptEpoch, relapses } = restored.notes as Notes;
    this.#history = history;
    this.#rule = stopRule(this.#options, rule);
    this.#keptEpoch = keptEpoch;
    if (this.#training) this.#training.relapses = relapses;
    return true;
  }

  [Symbol.dispose](): void {
    this.#forget[Symbol.dispose]();
    this.#retain?.[Symbol.dispose]();
    this.#training?.[Symbol.dispose]();
    this.#scores[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
    this.#optimizer[Symbol.dispose]();
    tf.dispose(this.#kept);
  }
}
