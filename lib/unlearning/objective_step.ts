/**
 * One Adam step of an objective over a set of rows: gradients of each micro-batch by one captured graph, summed in
 * place, then one update.
 *
 * The reference's probabilities are computed once, by the model as it is when the step is made, at the positions whose
 * divergence counts: the data never changes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { assign, compile, type CompiledStep } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { Model } from "../models/model.ts";
import { valueAndGradients } from "../training/next_token_loss.ts";
import type { Adam } from "../training/adam.ts";
import { KIND, type MicroBatch } from "./token_weights.ts";

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

/** What the captured steps of both sides share: weights, optimizer, gradient sums. */
export interface StepShared {
  /** What is updated. */
  model: Model;
  /** Over the weights that are trained. */
  optimizer: Adam;
  /** The trained weights. */
  trained: Readonly<Record<string, Tensor>>;
}

/** An objective over one set; see the module's comment. */
export class ObjectiveStep implements Disposable {
  readonly #shared: StepShared;
  readonly #batches: readonly MicroBatch[];
  readonly #tensors: BatchTensors[] = [];
  readonly #sums: Record<string, Tensor>;
  readonly #accumulate: CompiledStep<Tensor[], Record<string, Tensor>>;
  readonly #update: CompiledStep<[Tensor], { norm: Tensor }>;

  private constructor(shared: StepShared, batches: readonly MicroBatch[]) {
    this.#shared = shared;
    this.#batches = batches;
    this.#sums = mapValues(shared.trained, (weight) => tf.zerosLike(weight));
    const usesDivergence = batches.some(({ divergenceWeights }) =>
      divergenceWeights.some((weight) => weight !== 0)
    );
    this.#accumulate = compile((...inputs: Tensor[]) => this.#gradients(inputs, usesDivergence), {
      xla: true,
      name: "gradients",
    });
    this.#update = compile((rates: Tensor) => {
      const norm = shared.optimizer.apply(this.#sums, rates);
      for (const sum of Object.values(this.#sums)) assign(sum, tf.zerosLike(sum));
      return { norm };
    }, { xla: true, name: "update" });
  }

  /** Makes the step and computes the reference's probabilities with the model as it is. */
  static async create(shared: StepShared, batches: readonly MicroBatch[]): Promise<ObjectiveStep> {
    const step = new ObjectiveStep(shared, batches);
    const { model } = shared;
    using reference = compile((ids: Tensor, rows: Tensor) => tf.softmax(logitsAt(model, ids, rows)), {
      name: "reference",
    });
    for (const batch of batches) {
      const ids = tf.tensor2d(batch.ids, [batch.rows, batch.length], "int32");
      const rows = tf.tensor1d(batch.divergenceRows, "int32");
      const counts = batch.divergenceWeights.some((weight) => weight !== 0);
      step.#tensors.push({
        ids,
        rows,
        weights: tf.tensor1d(batch.crossEntropyWeights),
        rowWeights: tf.tensor1d(batch.divergenceWeights),
        reference: counts ? await reference.async(ids, rows) : tf.zeros([1, 1]),
      });
    }
    return step;
  }

  /**
   * One update.
   *
   * @throws {RangeError} when the loss is not finite: nothing has been updated then
   */
  async run(learningRate: number): Promise<TermValues> {
    const totals = {
      loss: 0,
      secret: 0,
      secretCount: 0,
      normal: 0,
      normalCount: 0,
      divergence: 0,
      divergenceCount: 0,
    };
    for (const [i, batch] of this.#batches.entries()) {
      const { ids, weights, rows, rowWeights, reference } = this.#tensors[i]!;
      const result = await this.#accumulate.async(ids, weights, rows, rowWeights, reference);
      const [loss, losses, divergences] = ["loss", "losses", "divergences"].map((key) =>
        result[key]!.dataSync()
      );
      tf.dispose(result);
      totals.loss += loss![0]!;
      batch.kinds.forEach((kind, position) => {
        if (kind === KIND.secret) totals.secretCount++, totals.secret += losses![position]!;
        if (kind === KIND.normal) totals.normalCount++, totals.normal += losses![position]!;
      });
      batch.divergenceWeights.forEach((weight, p) => {
        if (weight !== 0) totals.divergenceCount++, totals.divergence += divergences![p]!;
      });
    }
    if (!Number.isFinite(totals.loss)) {
      throw new RangeError(`Cannot go on unlearning: the loss is ${totals.loss}`);
    }
    const rates = this.#shared.optimizer.nextRates(learningRate);
    const updated = await this.#update.async(rates);
    const norm = updated.norm.dataSync()[0]!;
    tf.dispose([rates, updated.norm]);
    if (!Number.isFinite(norm)) {
      throw new RangeError(`Cannot go on unlearning: the gradients' norm is ${norm}`);
    }
    const mean = (sum: number, count: number) => count > 0 ? sum / count : null;
    return {
      loss: totals.loss,
      crossEntropySecret: mean(totals.secret, totals.secretCount),
      crossEntropyNormal: mean(totals.normal, totals.normalCount),
      divergence: mean(totals.divergence, totals.divergenceCount),
      norm,
    };
  }

  /** Adds a micro-batch's gradients to the sums. */
  #gradients(
    [ids, weights, rows, rowWeights, reference]: Tensor[],
    usesDivergence: boolean,
  ): Record<string, Tensor> {
    const { model, trained } = this.#shared;
    let losses: Tensor;
    let divergences: Tensor;
    const { loss, gradients } = valueAndGradients(trained, () => {
      const logits = predictionLogits(model, ids!);
      losses = sparseCrossEntropy(logits, labelsOf(ids!));
      const crossEntropy = tf.sum(tf.mul(losses, weights!));
      if (!usesDivergence) {
        divergences = tf.zeros([1]);
        return crossEntropy;
      }
      divergences = klDivergence(reference!, tf.softmax(tf.gather(logits, rows!)));
      return tf.add(crossEntropy, tf.sum(tf.mul(divergences, rowWeights!)));
    });
    for (const [name, sum] of Object.entries(this.#sums)) assign(sum, tf.add(sum, gradients[name]!));
    return { loss, losses: losses!, divergences: divergences! };
  }

  /** Frees everything but the model and the optimizer. */
  [Symbol.dispose](): void {
    this.#accumulate[Symbol.dispose]();
    this.#update[Symbol.dispose]();
    tf.dispose([this.#sums, this.#tensors]);
  }
}

/**
 * KL(reference || model) of each row, 1e-10 added to both probabilities.
 *
 * @param reference [P, V] probabilities @param model [P, V] probabilities
 * @returns [P], nats
 */
export function klDivergence(reference: Tensor, model: Tensor): Tensor {
  const target = tf.add(reference, EPSILON);
  return tf.sum(tf.mul(target, tf.sub(tf.log(target), tf.log(tf.add(model, EPSILON)))), -1); // [P]
}

/** Logits that predict tokens 1..T-1: [B, T] to [B (T - 1), V]. */
function predictionLogits(model: Model, ids: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  const D = model.config.width;
  const hidden = tf.slice(tf.reshape(model.hidden(ids), [B, T, D]), [0, 0, 0], [B, T - 1, D]);
  return model.project(tf.reshape(hidden, [B * (T - 1), D])); // [B (T - 1), V]
}

/** Logits at some of the predicted positions: [P, V]. */
function logitsAt(model: Model, ids: Tensor, rows: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  const D = model.config.width;
  const hidden = tf.slice(tf.reshape(model.hidden(ids), [B, T, D]), [0, 0, 0], [B, T - 1, D]);
  return model.project(tf.gather(tf.reshape(hidden, [B * (T - 1), D]), rows)); // [P, V]
}

/** Tokens 1..T-1: [B, T] to [B (T - 1)]. */
function labelsOf(ids: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  return tf.reshape(tf.slice(ids, [0, 1], [B, T - 1]), [B * (T - 1)]); // [B (T - 1)]
}

function mapValues(
  record: Readonly<Record<string, Tensor>>,
  map: (tensor: Tensor) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, map(tensor)]));
}
