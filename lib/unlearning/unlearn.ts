/**
 * Unlearning: epochs of one Adam step on the forget set and, where the method has one, one on the retain set, until
 * the forget set looks like unseen text (the paper's section 4.3, algorithm 1).
 *
 * Invariant: the run ends with the weights of the epoch last kept by the stopping rule, never with worse ones; a run
 * continued from its checkpoint ends with the same weights as one that was not interrupted.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { RETAIN_TOKENS } from "../datasets/token_counts.ts";
import { assign, snapshot } from "../engine/compile.ts";
import { compilesUnlearning } from "../engine/xla_policy.ts";
import type { Model } from "../models/model.ts";
import { reasonOf } from "../files/reason.ts";
import { checkTokens, NotFiniteError } from "../models/not_finite.ts";
import { Adam } from "../training/adam.ts";
import { readCheckpoint, type TrainingState, writeCheckpoint } from "../training/checkpoint.ts";
import { ForgetScores, type WantsEl } from "./forget_scores.ts";
import { GradientSums } from "./gradient_sums.ts";
import { ObjectiveStep } from "./objective_step.ts";
import { objectiveOf } from "./objectives.ts";
import { type RateNote, rateNotes } from "./rate_notes.ts";
import { type MicroBatch, microBatches, type UnlearnRow } from "./micro_batches.ts";
import { type RuleState, type StopRule, stopRule } from "./stop_rule.ts";
import { NO_TERMS, termsOf, type UnlearnEpoch } from "./unlearn_epoch.ts";
import type { UnlearnHooks, UnlearnOptions, UnlearnResult, UnlearnSets } from "./unlearn_options.ts";

export type { UnlearnHooks, UnlearnOptions, UnlearnResult, UnlearnSets } from "./unlearn_options.ts";

type Notes = { history: UnlearnEpoch[]; rule: RuleState; keptEpoch: number };

/**
 * Makes a model forget, in place. A run that is continued from its folder must be given the model as it was at the
 * start: that is the divergence's reference.
 *
 * A run whose loss, gradients or logits become NaN or infinite has diverged: it ends there, with the weights kept last.
 *
 * @throws {RangeError} for an unknown method, a set without rows, thresholds of more or fewer secrets than there are, or
 * token ids that the model does not have;
 * {NotFiniteError} when the model's logits are not finite at the start
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { newModel } from "../models/new_model.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const sizes = { vocab_size: 8, n_positions: 32, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * const secret = { prefix: [1], secret: [2, 3] };
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1), secrets: [secret] };
 * const options = { method: "ga", lr: 1e-3, epochs: 2, gamma: 0, lambda: 0, alpha: 0, margin: 0.1, microBatch: 1 };
 * const { status, history } = await unlearn(model, { forget: [row], retain: [] }, {
 *   ...options,
 *   compat: "sound",
 *   thresholds: { ma: 0.4, el_10: 0.1 },
 *   endOfText: null,
 * });
 * assertEquals([status, history[0]!.ma], ["nothing-to-do", 0]); // it never knew the secret
 * ```
 */
export async function unlearn(
  model: Model,
  sets: UnlearnSets,
  options: UnlearnOptions,
  hooks: UnlearnHooks = {},
): Promise<UnlearnResult> {
  using run = await UnlearnRun.create(model, sets, options);
  try {
    return await run.toEnd(hooks);
  } catch (error) {
    if (hooks.signal?.aborted && error === hooks.signal.reason) return run.end("interrupted");
    if (error instanceof NotFiniteError && run.hasBegun) {
      return { ...run.end("diverged"), reason: reasonOf(error) };
    }
    throw error;
  }
}

class UnlearnRun implements Disposable {
  readonly #model: Model;
  readonly #sets: UnlearnSets;
  readonly #options: UnlearnOptions;
  readonly #scores: ForgetScores;
  readonly #optimizer: Adam;
  readonly #sums: GradientSums;
  readonly #forget: ObjectiveStep;
  readonly #retain: ObjectiveStep | null;
  readonly #cutForget: (rows: readonly UnlearnRow[]) => MicroBatch[];
  #rule: StopRule;
  #kept: Record<string, tf.Tensor>;
  #keptEpoch = 0;
  #history: UnlearnEpoch[] = [];

  private constructor(
    { model, sets, options }: { model: Model; sets: UnlearnSets; options: UnlearnOptions },
    { optimizer, sums, forget, retain, cutForget }: {
      optimizer: Adam;
      sums: GradientSums;
      forget: ObjectiveStep;
      retain: ObjectiveStep | null;
      cutForget: (rows: readonly UnlearnRow[]) => MicroBatch[];
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
    this.#scores = new ForgetScores(model, sets, options.endOfText);
    this.#rule = stopRule(options);
    this.#kept = this.#snapshot();
  }

  /** Prepares both steps; their references are the model as it is now. */
  static async create(model: Model, sets: UnlearnSets, options: UnlearnOptions): Promise<UnlearnRun> {
    const { method } = options;
    checkThresholds(sets, options);
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
    const cutForget = (rows: readonly UnlearnRow[]) =>
      microBatches(withCeilings(rows, sets, options), objective.forget, cut);
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
    const run = new UnlearnRun({ model, sets, options }, { optimizer, sums, forget, retain, cutForget });
    stack.move();
    return run;
  }

  /** Whether the model was measured, so that it was sound at the start. */
  get hasBegun(): boolean {
    return this.#history.length > 0;
  }

  async toEnd(
    { onContinue, onEpoch, onNote, onBatch, signal, folder }: UnlearnHooks,
  ): Promise<UnlearnResult> {
    const check = () => signal?.throwIfAborted();
    const isContinued = folder !== undefined && await this.#restore(folder);
    if (isContinued) {
      onContinue?.(this.#history.length - 1);
    } else {
      const scores = await this.#scores.measure(true, check);
      const before = { ...scores.means, ...NO_TERMS, epoch: 0, kept: true };
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
      if (decision.stop) return this.end(decision.reached ? "reached" : "out-of-patience");
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
    );
    this.#reweigh(this.#rule.active);
    const epoch = this.#history.length;
    if (decision.keep) {
      tf.dispose(this.#kept);
      this.#kept = this.#snapshot();
      this.#keptEpoch = epoch;
    }
    this.#history.push({ ...means, ...termsOf(forget, retain), epoch, kept: decision.keep });
    return { decision, secrets };
  }

  /** Leaves alone the secrets that are not active. */
  #reweigh(active: readonly boolean[] | undefined): void {
    if (!active?.includes(true)) return;
    let next = 0;
    const rows = this.#sets.forget.map((row) => ({ ...row, active: row.secrets.map(() => active[next++]!) }));
    this.#forget.reweigh(this.#cutForget(rows));
  }

  #snapshot(): Record<string, tf.Tensor> {
    return Object.fromEntries(
      Object.entries(this.#model.trainable).map(([name, weight]) => [name, snapshot(weight)]),
    );
  }

  /** The model gets the weights kept last. */
  end(status: UnlearnResult["status"]): UnlearnResult {
    for (const [name, weight] of Object.entries(this.#model.trainable)) assign(weight, this.#kept[name]!);
    const { outcomes } = this.hasBegun ? this.#rule : {};
    return {
      ...{ status, epoch: this.#keptEpoch, history: this.#history, notes: this.#notes() },
      ...outcomes && { outcomes },
    };
  }

  /** The notes on the learning rate, from the history up to an epoch. */
  #notes(end?: number): RateNote[] {
    const { vocabularySize } = this.#model.config;
    return rateNotes(this.#history.slice(0, end), { ...this.#options, vocabularySize });
  }

  get #state(): TrainingState {
    return { weights: this.#model.trainable, optimizer: this.#optimizer, kept: this.#kept };
  }

  async #save(folder: string): Promise<void> {
    const notes: Notes = { history: this.#history, rule: this.#rule.state, keptEpoch: this.#keptEpoch };
    await writeCheckpoint(folder, this.#state, notes);
  }

  async #restore(folder: string): Promise<boolean> {
    const restored = await readCheckpoint(folder, this.#state);
    if (!restored) return false;
    const { history, rule, keptEpoch } = restored.notes as Notes;
    this.#history = history;
    this.#rule = stopRule(this.#options, rule);
    this.#keptEpoch = keptEpoch;
    return true;
  }

  [Symbol.dispose](): void {
    this.#forget[Symbol.dispose]();
    this.#retain?.[Symbol.dispose]();
    this.#scores[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
    this.#optimizer[Symbol.dispose]();
    tf.dispose(this.#kept);
  }
}

/** Refuses thresholds of single secrets that are not those of the set. */
function checkThresholds({ forget }: UnlearnSets, { secretThresholds, compat }: UnlearnOptions): void {
  if (!secretThresholds) return;
  const secrets = forget.reduce((sum, row) => sum + row.secrets.length, 0);
  if (secretThresholds.length !== secrets) {
    throw new RangeError(
      `Cannot unlearn ${secrets} secrets with thresholds of ${secretThresholds.length}: give each its own`,
    );
  }
  if (compat !== "sound") {
    throw new RangeError(`Cannot judge single secrets by the rule of "${compat}": it knows means alone`);
  }
}

/** Forget rows with the loss up to which each of their secrets is pushed. */
function withCeilings(
  rows: readonly UnlearnRow[],
  { forget }: UnlearnSets,
  { secretThresholds }: UnlearnOptions,
): readonly UnlearnRow[] {
  if (!secretThresholds?.some(({ nll }) => nll != null)) return rows;
  let next = 0;
  return rows.map((row, i) => ({
    ...row,
    ceilings: forget[i]!.secrets.map(() => secretThresholds[next++]!.nll ?? Infinity),
  }));
}
