/**
 * One Adam step of an objective over a set of rows: gradients of each micro-batch by one captured graph, summed in
 * place, then one update.
 *
 * The reference's probabilities are computed once, by the model as it is when the step is made, at the positions whose
 * divergence counts: the data never changes.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { Model } from "../models/model.ts";
import { NotFiniteError } from "../models/not_finite.ts";
import { nextTokens, predictingStates, valueAndGradients } from "../training/next_token_loss.ts";
import type { GradientSums } from "./gradient_sums.ts";
import { KIND, type MicroBatch } from "./micro_batches.ts";

/** Added to both probabilities, as in the reference. */
const EPSILON = 1e-10;

/** Means over the set before the update; null where no token counts. */
export interface TermValues {
  /** What was minimized. */
  loss: number;
  /** Mean cross entropy of secret tokens, nats. */
  crossEntropySecret: number | null;
  /** Mean cross entropy of the other real tokens. */
  crossEntropyNormal: number | null;
  /** Mean KL(reference || model) where it counts. */
  divergence: number | null;
  /** The gradients' norm. */
  norm: number;
}

type BatchTensors = Record<"ids" | "weights" | "rows" | "rowWeights" | "reference", Tensor>;

/** What the steps of both sides share. */
export interface StepShared {
  /** What is updated; not owned. */
  model: Model;
  /** Of the weights that are trained; not owned. */
  sums: GradientSums;
  /** Whether XLA compiles the gradients: it takes seconds. Default true. */
  xla?: boolean;
}

/**
 * An objective over one set; see the module's comment.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "../training/adam.ts";
 * import { GradientSums } from "./gradient_sums.ts";
 * import { microBatches } from "./micro_batches.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const { model } = loaded;
 * using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1) };
 * const batches = microBatches([row], { crossEntropySecret: -1 }, { size: 1 });
 * using sums = new GradientSums(model.weights, optimizer, { xla: false });
 * using step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
 * const before = await step.run(0.01);
 * assert((await step.run(0.01)).crossEntropySecret! > before.crossEntropySecret!);
 * ```
 */
export class ObjectiveStep implements Disposable {
  readonly #shared: StepShared;
  readonly #batches: readonly MicroBatch[];
  readonly #tensors: BatchTensors[] = [];
  readonly #accumulate: CompiledStep<Tensor[], Record<string, Tensor>>;

  private constructor(shared: StepShared, batches: readonly MicroBatch[]) {
    this.#shared = shared;
    this.#batches = batches;
    const usesDivergence = batches.some(({ divergenceWeights }) =>
      divergenceWeights.some((weight) => weight !== 0)
    );
    const { model, xla = true } = shared;
    this.#accumulate = compile((...inputs: Tensor[]) => this.#gradients(inputs, usesDivergence), {
      xla,
      name: "gradients",
      products: model.products,
    });
  }

  /** Makes the step and computes the reference's probabilities with the model as it is. */
  static async create(shared: StepShared, batches: readonly MicroBatch[]): Promise<ObjectiveStep> {
    using stack = new DisposableStack();
    const step = stack.use(new ObjectiveStep(shared, batches));
    const { model } = shared;
    using reference = compile((ids: Tensor, rows: Tensor) => tf.softmax(logitsAt(model, ids, rows)), {
      name: "reference",
      products: model.products,
    });
    for (const batch of batches) {
      const tensors: BatchTensors = {
        ids: tf.tensor2d(batch.ids, [batch.rows, batch.length], "int32"),
        rows: tf.tensor1d(batch.divergenceRows, "int32"),
        weights: tf.tensor1d(batch.crossEntropyWeights),
        rowWeights: tf.tensor1d(batch.divergenceWeights),
        reference: tf.zeros([1, 1]),
      };
      step.#tensors.push(tensors); // before the model runs: freed even if it fails
      if (batch.divergenceWeights.every((weight) => weight === 0)) continue;
      const placeholder = tensors.reference;
      tensors.reference = await reference.async(tensors.ids, tensors.rows);
      placeholder.dispose();
    }
    stack.move();
    return step;
  }

  /**
   * One update.
   *
   * @param onBatch called after each micro-batch; what it throws abandons the step: the weights are as they were
   * @throws {RangeError} when the learning rate is not finite; {NotFiniteError} when the loss or the gradients are not:
   * the weights are as they were
   */
  async run(learningRate: number, onBatch?: () => void | Promise<void>): Promise<TermValues> {
    if (!Number.isFinite(Math.fround(learningRate))) {
      throw new RangeError(`Cannot take a step as the learning rate must be finite: it is ${learningRate}`);
    }
    let values: Omit<TermValues, "norm">;
    let norm: number;
    try {
      values = await this.#sumGradients(onBatch);
      if (!Number.isFinite(values.loss)) {
        throw new NotFiniteError(`Cannot go on unlearning: the loss is ${values.loss}`);
      }
      norm = await this.#shared.sums.apply(learningRate);
    } catch (error) {
      this.#shared.sums.clear();
      throw error;
    }
    if (!Number.isFinite(norm)) {
      throw new NotFiniteError(`Cannot go on unlearning: the gradients' norm is ${norm}`);
    }
    return { ...values, norm };
  }

  /** Micro-batches a step. */
  get batchCount(): number {
    return this.#batches.length;
  }

  /** Adds all micro-batches' gradients to the sums. */
  async #sumGradients(onBatch?: () => void | Promise<void>): Promise<Omit<TermValues, "norm">> {
    let loss = 0;
    const [secret, normal, divergence] = [new Mean(), new Mean(), new Mean()];
    for (const [i, batch] of this.#batches.entries()) {
      const { ids, weights, rows, rowWeights, reference } = this.#tensors[i]!;
      const result = await this.#accumulate.async(ids, weights, rows, rowWeights, reference);
      using held = new DisposableStack();
      held.adopt(result, tf.dispose);
      const [sum, losses, divergences] = ["loss", "losses", "divergences"].map((key) =>
        result[key]!.dataSync()
      );
      loss += sum![0]!;
      batch.kinds.forEach((kind, position) => {
        if (kind === KIND.secret) secret.add(losses![position]!);
        if (kind === KIND.normal) normal.add(losses![position]!);
      });
      batch.divergenceWeights.forEach((weight, p) => {
        if (weight !== 0) divergence.add(divergences![p]!);
      });
      await onBatch?.();
    }
    return {
      loss,
      crossEntropySecret: secret.value,
      crossEntropyNormal: normal.value,
      divergence: divergence.value,
    };
  }

  /** Adds a micro-batch's gradients to the sums. */
  #gradients(
    [ids, weights, rows, rowWeights, reference]: Tensor[],
    usesDivergence: boolean,
  ): Record<string, Tensor> {
    const { model, sums } = this.#shared;
    using held = new DisposableStack();
    const keep = (tensor: Tensor) => held.adopt(tf.keep(tensor), tf.dispose); // tfjs frees what a gradient's value is made of
    let losses: Tensor;
    let divergences: Tensor;
    const { loss, gradients } = valueAndGradients(sums.weights, () => {
      const logits = model.project(predictingStates(model, ids!)); // [B (T - 1), V]
      losses = keep(sparseCrossEntropy(logits, nextTokens(ids!)));
      const crossEntropy = tf.sum(tf.mul(losses, weights!));
      if (!usesDivergence) {
        divergences = keep(tf.zeros([1]));
        return crossEntropy;
      }
      divergences = keep(klDivergence(reference!, tf.softmax(tf.gather(logits, rows!))));
      return tf.add(crossEntropy, tf.sum(tf.mul(divergences, rowWeights!)));
    });
    sums.add(gradients);
    return { loss, losses: tf.clone(losses!), divergences: tf.clone(divergences!) };
  }

  /** Frees everything but the model and the sums. */
  [Symbol.dispose](): void {
    this.#accumulate[Symbol.dispose]();
    tf.dispose(this.#tensors);
  }
}

/** A mean in the making; null of nothing. */
class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
  }

  get value(): number | null {
    return this.#count > 0 ? this.#sum / this.#count : null;
  }
}

/**
 * KL(reference || model) of each row, 1e-10 added to both probabilities.
 *
 * @param reference [P, V] probabilities @param model [P, V] probabilities
 * @returns [P], nats
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const divergence = tf.tidy(() => klDivergence(tf.tensor2d([[1, 0]]), tf.tensor2d([[0.5, 0.5]])));
 * assertAlmostEquals(divergence.dataSync()[0]!, Math.log(2), 1e-6);
 * ```
 */
export function klDivergence(reference: Tensor, model: Tensor): Tensor {
  const target = tf.add(reference, EPSILON);
  return tf.sum(tf.mul(target, tf.sub(tf.log(target), tf.log(tf.add(model, EPSILON)))), -1); // [P]
}

/** Logits at some of the predicted positions: [P, V]. */
function logitsAt(model: Model, ids: Tensor, rows: Tensor): Tensor {
  return model.project(tf.gather(predictingStates(model, ids), rows as tf.Tensor1D)); // [P, V]
}
