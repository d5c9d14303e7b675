/**
 * The two Adam steps of an epoch: one on the forget set and on made-up values in its secrets' places, one on the retain set.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { RETAIN_TOKENS } from "../datasets/token_counts.ts";
import { compilesUnlearning } from "../engine/xla_policy.ts";
import type { Model } from "../models/model.ts";
import { checkTokens } from "../models/not_finite.ts";
import { Adam } from "../training/adam.ts";
import { dropoutSeed, hasDropout } from "../training/dropout_seed.ts";
import { type DualState, DualWeight } from "./dual_weight.ts";
import { GradientSums } from "../training/gradient_sums.ts";
import { Replicas } from "../training/replicas.ts";
import { type MicroBatch, microBatches, type UnlearnRow } from "./micro_batches.ts";
import { NegatedWeights } from "./negated_weights.ts";
import { ObjectiveStep } from "./objective_step.ts";
import { CONTROL_WEIGHTS, type Objective, objectiveOf } from "./objectives.ts";
import type { Aim, RunSteps } from "./run_steps.ts";
import { withLosses } from "./secret_losses.ts";
import type { TermValues } from "./term_values.ts";
import type { UnlearnOptions, UnlearnSets } from "./unlearn_options.ts";

/**
 * The steps of a run; `using` frees them and the optimizer, not the model.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { UnlearnSteps } from "./unlearn_steps.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1), secrets: [{ prefix: [1, 2], secret: [3] }] };
 * const how = { method: "ga", lr: 1e-2, epochs: 1, gamma: 0, lambda: 0, alpha: 0, margin: 0.1, microBatch: 1 };
 * using steps = await UnlearnSteps.create(loaded.model, { forget: [row], retain: [] }, {
 *   ...how,
 *   compat: "sound",
 *   thresholds: { ma: 1, el_10: 1 },
 *   endOfText: null,
 * });
 * const { forget } = await steps.run(0, () => Promise.resolve());
 * assert((await steps.run(1, () => Promise.resolve())).forget.crossEntropySecret! > forget.crossEntropySecret!);
 * ```
 */
export class UnlearnSteps implements RunSteps {
  /** Of both steps. */
  readonly optimizer: Adam;
  /** Updates before the optimizer last began anew. */
  earlier = 0;
  readonly hasRate = true;
  readonly #sums: GradientSums;
  readonly #replicas: Replicas;
  readonly #forget: ObjectiveStep;
  readonly #retain: ObjectiveStep | null;
  readonly #rows: UnlearnSets["forget"];
  readonly #cut: (rows: readonly UnlearnRow[], aim: Aim) => MicroBatch[];
  readonly #cutRetain: (weight?: number) => MicroBatch[];
  readonly #isJoint: boolean;
  readonly #dual: DualWeight | null;
  readonly #negated: NegatedWeights | null;
  readonly #lr: number;

  private constructor(
    optimizer: Adam,
    sums: GradientSums,
    { replicas, forget, retain, negated, rows, cut, cutRetain, objective, lr }: {
      replicas: Replicas;
      forget: ObjectiveStep;
      retain: ObjectiveStep | null;
      negated: NegatedWeights | null;
      rows: UnlearnSets["forget"];
      cut: (rows: readonly UnlearnRow[], aim: Aim) => MicroBatch[];
      cutRetain: (weight?: number) => MicroBatch[];
      objective: Objective;
      lr: number;
    },
  ) {
    this.optimizer = optimizer;
    this.#sums = sums;
    this.#replicas = replicas;
    this.#forget = forget;
    this.#retain = retain;
    this.#rows = rows;
    this.#cut = cut;
    this.#cutRetain = cutRetain;
    this.#isJoint = objective.isJoint ?? false;
    this.#dual = objective.dual ? new DualWeight(objective.dual) : null;
    this.#negated = negated;
    this.#lr = lr;
  }

  /**
   * Prepares both steps; their references are the model as it is now.
   *
   * @throws {RangeError} for an unknown method, a set without rows or token ids that the model does not have
   */
  static async create(model: Model, sets: UnlearnSets, options: UnlearnOptions): Promise<UnlearnSteps> {
    const { method, microBatch: size, compat, lr, secretThresholds, seed = 42 } = options;
    const { maxPositions, vocabularySize, layers } = model.config;
    const objective: Objective = typeof method === "string"
      ? objectiveOf(method, { ...options, modelLayers: layers })
      : method;
    sets.forget.forEach(({ ids }, i) => checkTokens(ids, vocabularySize, `unlearn forget text ${i}`));
    sets.retain.forEach((ids, i) => checkTokens(ids, vocabularySize, `unlearn with retain text ${i}`));
    const { squeezesSingleRows = false, terms = {} } = objective;
    using stack = new DisposableStack(); // what has been made is freed if the rest fails
    const optimizer = stack.use(
      new Adam(model.trainable, { betas: [0.9, 0.98], in8Bits: options.optimizer === "adam8bit" }),
    );
    const { parameterCount, products } = model;
    const { checkpointLayers: recomputesLayers } = options;
    const compiled = compilesUnlearning({ parameterCount, products, recomputesLayers });
    const xla = options.xla ?? compiled.gradients;
    const sums = stack.use(
      new GradientSums(model.trainable, optimizer, {
        xla: options.xla ?? compiled.update,
        each: !options.xla && !compiled.update && recomputesLayers,
      }),
    );
    const replicas = stack.use(new Replicas(model));
    const dropout = (): Tensor => dropoutSeed(seed, steps.earlier + optimizer.steps);
    const shared = {
      ...{ model, sums, replicas, xla, saving: { recomputesLayers } },
      dropout: hasDropout(model) ? dropout : undefined,
    };
    const how = { size, compat, squeezesSingleRows, maxPositions, ownLengths: !xla }; // XLA takes seconds for each shape
    const { negates } = objective;
    const cut = (rows: readonly UnlearnRow[], { secretThresholds, pushes }: Aim) =>
      microBatches(
        negates === undefined ? withLosses(rows, sets.forget, secretThresholds, pushes) : rows,
        objective.forget,
        how,
      );
    const forget = stack.use(
      await ObjectiveStep.create(
        { ...shared, terms: terms.forget ?? [] },
        cut(sets.forget, { secretThresholds }),
        (sets.controls ?? []).map((rows) => microBatches(rows, objective.controls ?? CONTROL_WEIGHTS, how)),
      ),
    );
    const retainRows = sets.retain.map((ids) => ({ ids }));
    const cutRetain = (weight?: number) =>
      microBatches(retainRows, weight === undefined ? objective.retain! : { crossEntropyAll: weight }, {
        ...how,
        paddedLength: RETAIN_TOKENS,
      });
    const retain = objective.retain &&
      stack.use(await ObjectiveStep.create({ ...shared, terms: terms.retain ?? [] }, cutRetain()));
    const negated = negates === undefined ? null : stack.use(new NegatedWeights(model.trainable, negates));
    const steps: UnlearnSteps = new UnlearnSteps(optimizer, sums, {
      ...{ replicas, forget, retain, negated, rows: sets.forget },
      ...{ cut, cutRetain, objective, lr },
    });
    stack.move();
    return steps;
  }

  /**
   * Both steps; of a joint objective the gradients of both sides and one update, and the forget side's loss is that of both.
   *
   * @param turn the epoch's number, which says which set of made-up values is held
   * @param onBatch called after each micro-batch; what it throws abandons the step in progress
   * @throws as `ObjectiveStep.run`
   */
  async run(
    turn: number,
    onBatch: (done: number, total: number) => Promise<void>,
  ): Promise<{ forget: TermValues; retain: TermValues | undefined }> {
    const run = () => this.#run(turn, onBatch);
    return await (this.#negated ? this.#negated.train(run) : run());
  }

  async #run(turn: number, onBatch: (done: number, total: number) => Promise<void>) {
    const total = this.#forget.batchCount + (this.#retain?.batchCount ?? 0);
    let done = 0;
    const tell = () => onBatch(++done, total);
    if (!this.#isJoint || !this.#retain) {
      const forget = await this.#forget.run(this.#lr, tell, turn);
      return { forget, retain: await this.#retain?.run(this.#lr, tell) };
    }
    const forget = await this.#forget.add(tell, turn);
    const retain = await this.#retain.run(this.#lr, tell);
    const allowed = this.#moveDual(turn + 1, retain);
    return { forget: { ...forget, loss: forget.loss + retain.loss - allowed, norm: retain.norm }, retain };
  }

  /** What a continued run needs of a moving weight; null where none moves. */
  get dual(): DualState | null {
    return this.#dual?.state ?? null;
  }

  set dual(state: DualState | null) {
    if (!this.#dual || !state) return;
    this.#dual.state = state;
    this.#retain!.reweigh(this.#cutRetain(state.weight));
  }

  /** Moves the retain side's weight, where it moves; its part of the loss that is allowed. */
  #moveDual(epoch: number, { crossEntropyNormal }: TermValues): number {
    const dual = this.#dual;
    if (!dual) return 0;
    const { weight } = dual.state;
    dual.tell(epoch, crossEntropyNormal!);
    if (dual.state.weight !== weight) this.#retain!.reweigh(this.#cutRetain(dual.state.weight));
    return weight * dual.state.bound!;
  }

  /**
   * Updates that push no secret and bring back what the model said of made-up values in the secrets' places and of the retain
   * set. The optimizer begins anew.
   *
   * @param updates of both steps @param turn which set of made-up values comes first
   * @param onUpdate called after each; what it throws ends it there
   */
  async hold(
    { updates, lr, turn }: { updates: number; lr: number; turn: number },
    onUpdate: (done: number) => void | Promise<void>,
  ): Promise<void> {
    this.restart();
    for (let i = 0; i < updates; i++) {
      await this.#forget.hold(lr, turn + i);
      await this.#retain?.run(lr);
      await onUpdate(i + 1);
    }
  }

  /** The optimizer begins anew. */
  restart(): void {
    this.earlier += this.optimizer.steps;
    this.optimizer.reset();
  }

  /** Weighs the forget set anew. */
  reweigh(aim: Aim): void {
    let next = 0;
    const rows = this.#rows.map((row) => ({
      ...row,
      active: row.secrets.map(() => aim.active?.[next++] ?? true),
    }));
    this.#forget.reweigh(this.#cut(rows, aim));
  }

  /** Frees the steps and the optimizer. */
  [Symbol.dispose](): void {
    this.#forget[Symbol.dispose]();
    this.#retain?.[Symbol.dispose]();
    this.#negated?.[Symbol.dispose]();
    this.#replicas[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
    this.optimizer[Symbol.dispose]();
  }
}
