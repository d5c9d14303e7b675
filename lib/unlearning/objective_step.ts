/**
 * One Adam step of an objective over a set of rows: gradients of each micro-batch by one captured graph, summed in
 * place, then one update. What terms need of the reference is computed once, by the model as it is when the step is made.
 * Micro-batches are shared out over the devices that there are, by turns.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { onDevices } from "../engine/devices.ts";
import { NotFiniteError } from "../models/not_finite.ts";
import { DeviceStep, type StepShared } from "./device_step.ts";
import type { MicroBatch } from "./micro_batch.ts";
import type { BatchTensors } from "./term_inputs.ts";
import { type StepTerms, termsOfSides, weightsOf } from "./step_terms.ts";
import { checkTerms } from "./term_inputs.ts";
import { type StepResult, TermSums, type TermValues } from "./term_values.ts";
import { CROSS_ENTROPY, DIVERGENCE } from "./terms.ts";

export type { StepShared } from "./device_step.ts";

/**
 * An objective over one set.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "../training/adam.ts";
 * import { GradientSums } from "../training/gradient_sums.ts";
 * import { microBatches } from "./micro_batches.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const { model } = loaded;
 * using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
 * using sums = new GradientSums(model.weights, optimizer, { xla: false });
 * const rows = [{ ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1) }];
 * const batches = microBatches(rows, { crossEntropySecret: -1 }, { size: 1 });
 * using step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
 * assert((await step.run(0.01)).crossEntropySecret! < (await step.run(0.01)).crossEntropySecret!);
 * ```
 *
 * @example
 * A term of one's own: the mean square of the logits where secrets are predicted.
 * ```ts
 * import { assert } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "../training/adam.ts";
 * import { GradientSums } from "../training/gradient_sums.ts";
 * import { microBatches } from "./micro_batches.ts";
 * import { type Term, tokenWeights } from "./terms.ts";
 *
 * const flat: Term = {
 *   name: "flat",
 *   arrays: (batch) => ({ weights: tokenWeights(batch, { weight: 1, of: "secret" }) }),
 *   values: ({ valuesOf }) => valuesOf(({ logits }) => tf.mean(tf.square(logits), 1)),
 * };
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const { model } = loaded;
 * using optimizer = new Adam(model.trainable, { betas: [0.9, 0.98] });
 * using sums = new GradientSums(model.trainable, optimizer, { xla: false });
 * const batches = microBatches([{ ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1) }], {}, { size: 1 });
 * using step = await ObjectiveStep.create({ model, sums, xla: false, terms: [flat] }, batches);
 * assert((await step.run(0.01)).loss > (await step.run(0.01)).terms.flat!);
 * ```
 */
export class ObjectiveStep implements Disposable {
  readonly #shared: StepShared;
  readonly #batches: readonly MicroBatch[];
  /** The numbers of other sets' micro-batches, behind those of the set: each step takes one of these sets too. */
  readonly #turns: readonly (readonly number[])[];
  /** Of the set's micro-batches, and of those of turns, which have the weighted terms alone. */
  readonly #terms: { set: StepTerms; turns: StepTerms };
  /** The weights of each micro-batch's values, by the term's name. */
  #weights: readonly Readonly<Record<string, Float32Array>>[];
  readonly #tensors: BatchTensors[] = [];
  /** What runs the set's micro-batches on each device, and those of turns: the same where their terms are. */
  readonly #devices: { set: readonly DeviceStep[]; turns: readonly DeviceStep[] };

  private constructor(
    shared: StepShared,
    set: readonly MicroBatch[],
    turns: readonly (readonly MicroBatch[])[],
  ) {
    this.#shared = shared;
    this.#batches = set;
    const batches = [...set, ...turns.flat()];
    let next = set.length;
    this.#turns = turns.map((turn) => turn.map(() => next++));
    this.#terms = termsOfSides(batches, { set: set.length, terms: shared.terms ?? [] });
    this.#weights = batches.map((batch, i) => weightsOf(batch, this.#termsOf(i).terms));
    const { replicas, model } = shared;
    using made = new DisposableStack();
    const { set: own, turns: others } = this.#terms;
    const devicesOf = (terms: StepTerms) =>
      (replicas?.models ?? [model]).map((_, device) => made.use(new DeviceStep(shared, terms, device)));
    const devices = devicesOf(own);
    this.#devices = { set: devices, turns: own === others ? devices : devicesOf(others) };
    made.move();
  }

  /**
   * Makes the step and computes what terms need of the reference with the model as it is.
   *
   * @param turns micro-batches of other sets: each step takes those of one, too, by turns; what they give counts in the loss
   * and its terms alone, and in no term beside the weighted ones
   * @throws {RangeError} when two terms are of one name, or one asks for a layer that the model does not have
   */
  static async create(
    shared: StepShared,
    batches: readonly MicroBatch[],
    turns: readonly (readonly MicroBatch[])[] = [],
  ): Promise<ObjectiveStep> {
    const { model, terms = [] } = shared;
    checkTerms([CROSS_ENTROPY, DIVERGENCE, ...terms], model);
    using stack = new DisposableStack();
    const step = stack.use(new ObjectiveStep(shared, batches, turns));
    const all = [...batches, ...turns.flat()];
    for (const [i, batch] of all.entries()) { // before the model runs: freed even if it fails
      step.#tensors.push({ ...step.#stepOf(i).tensors(batch, step.#termsOf(i).terms), reference: {} });
    }
    if (!shared.comparesItself) await step.#computeReference();
    stack.move();
    return step;
  }

  async #computeReference(): Promise<void> {
    const needed = [...this.#tensors.keys()].filter((i) =>
      this.#termsOf(i).terms.some((term) => term.reference)
    );
    if (needed.length === 0) return;
    this.#shared.replicas?.refresh();
    const steps = new Set(needed.map((i) => this.#stepOf(i)));
    using made = new DisposableStack();
    const compiled = new Map([...steps].map((step) => [step, made.use(step.compileReference())]));
    await onDevices(this.#shareOut(needed), async (i) => {
      const tensors = this.#tensors[i]!;
      tensors.reference = await compiled.get(this.#stepOf(i))!.async(tensors);
    });
    for (const step of steps) step.freezeOutput();
  }

  #termsOf(batch: number): StepTerms {
    return batch < this.#batches.length ? this.#terms.set : this.#terms.turns;
  }

  /** What runs a micro-batch. */
  #stepOf(batch: number): DeviceStep {
    const steps = batch < this.#batches.length ? this.#devices.set : this.#devices.turns;
    return steps[batch % steps.length]!;
  }

  /** The numbers of micro-batches by device. */
  #shareOut(batches: readonly number[]): number[][] {
    const devices = this.#devices.set.length;
    return this.#devices.set.map((_, device) => batches.filter((batch) => batch % devices === device));
  }

  /**
   * One update.
   *
   * @param onBatch called after each micro-batch; what it throws abandons the step: the weights are as they were
   * @param turn the number of the step, which says whose turn it is
   * @throws {RangeError} when the learning rate is not finite; {NotFiniteError} when the loss or the gradients are not:
   * the weights are as they were
   */
  run(learningRate: number, onBatch?: () => void | Promise<void>, turn = 0): Promise<TermValues> {
    return this.#update(learningRate, [...this.#batches.keys(), ...this.#turn(turn)], onBatch);
  }

  /**
   * Adds the step's gradients to the sums, for the update of a step that shares these.
   *
   * @throws as {@linkcode run}; what was added before is dropped, too
   */
  add(onBatch?: () => void | Promise<void>, turn = 0): Promise<Omit<TermValues, "norm">> {
    return this.#sumGradients([...this.#batches.keys(), ...this.#turn(turn)], onBatch);
  }

  /**
   * One update by the micro-batches of a turn alone.
   *
   * @throws as {@linkcode run}
   */
  hold(learningRate: number, turn: number): Promise<TermValues> {
    return this.#update(learningRate, this.#turn(turn));
  }

  /** The numbers of the micro-batches whose turn it is. */
  #turn(turn: number): readonly number[] {
    return this.#turns[turn % this.#turns.length] ?? [];
  }

  async #update(
    learningRate: number,
    batches: readonly number[],
    onBatch?: () => void | Promise<void>,
  ): Promise<TermValues> {
    if (!Number.isFinite(Math.fround(learningRate))) {
      throw new RangeError(`Cannot take a step as the learning rate must be finite: it is ${learningRate}`);
    }
    const { sums } = this.#shared;
    const values = await this.#sumGradients(batches, onBatch);
    const norm = await sums.apply(learningRate).catch((error) => {
      sums.clear();
      throw error;
    });
    if (!Number.isFinite(norm)) {
      throw new NotFiniteError(`Cannot go on unlearning: the gradients' norm is ${norm}`);
    }
    return { ...values, norm };
  }

  /**
   * Weighs the same set anew, as some of its secrets are to be forgotten no more, or again, or are to be brought to other
   * losses. Nothing is compiled anew, and what was kept of the reference stays.
   *
   * @param batches of `microBatches` with the same rows and options, which differ in `active` and `ceilings` alone
   */
  reweigh(batches: readonly MicroBatch[]): void {
    const weights = [...this.#weights];
    batches.forEach((batch, i) => {
      const arrays = this.#terms.set.terms.map((term) => [term.name, term.arrays(batch)] as const);
      weights[i] = Object.fromEntries(arrays.map(([name, { weights }]) => [name, weights]));
      for (const [name, values] of arrays) {
        for (const changing of ["weights", "ceilings", "units"]) {
          const [array, tensor] = [values[changing], this.#tensors[i]!.arrays[name]![changing]];
          if (array && tensor) this.#stepOf(i).fill(tensor, array);
        }
      }
    });
    this.#weights = weights;
  }

  /** Micro-batches a step. */
  get batchCount(): number {
    return this.#batches.length + (this.#turns[0]?.length ?? 0);
  }

  /**
   * Adds micro-batches' gradients to the sums; where that fails, drops all that was added. Losses are read behind the last
   * one: a read waits for a GPU, which then has nothing to do until the next one is launched.
   */
  async #sumGradients(
    batches: readonly number[],
    onBatch?: () => void | Promise<void>,
  ): Promise<Omit<TermValues, "norm">> {
    const { set, turns } = this.#terms;
    const sums = new TermSums([...new Set([...set.counting, ...turns.counting])]);
    using held = new DisposableStack();
    try {
      const { dropout, replicas, comparesItself } = this.#shared;
      const results: StepResult[] = [];
      const draws = comparesItself ? [0, 1] : [0];
      const seeds = dropout ? draws.map((draw) => held.adopt(dropout(draw), tf.dispose)) : []; // of the whole step
      replicas?.refresh();
      await onDevices(this.#shareOut(batches), async (i) => {
        const result = await this.#stepOf(i).run(this.#tensors[i]!, ...seeds);
        results[i] = held.adopt(result, tf.dispose);
        await onBatch?.();
      });
      for (const i of batches) {
        const { terms } = this.#termsOf(i);
        sums.add(results[i]!, { terms, weights: this.#weights[i]!, batch: this.#batches[i] });
      }
      if (Number.isFinite(sums.means.loss)) return sums.means;
      throw new NotFiniteError(`Cannot go on unlearning: the loss is ${sums.means.loss}`);
    } catch (error) {
      this.#shared.sums.clear();
      throw error;
    }
  }

  /** Frees everything but the model and the sums. */
  [Symbol.dispose](): void {
    for (const step of new Set([...this.#devices.set, ...this.#devices.turns])) step[Symbol.dispose]();
    tf.dispose(this.#tensors);
  }
}
