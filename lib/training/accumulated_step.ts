/**
 * A training's step that runs some windows after the others and adds their gradients up: with the same numbers as all at once
 * have, up to rounding, and the memory of a few. Where there are several devices they take the micro-batches by turns.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { onDevices, toDevice } from "../engine/devices.ts";
import { compilesGradients } from "../engine/xla_policy.ts";
import type { Model } from "../models/model.ts";
import type { Adam } from "./adam.ts";
import { GradientSums } from "./gradient_sums.ts";
import { type MemorySaving, nextTokenLosses, valueAndGradients } from "./next_token_loss.ts";
import { Replicas } from "./replicas.ts";

/** Some of a batch's windows: their ids, their numbers in the batch, and their share of it. */
type Part = [ids: tf.Tensor, texts: tf.Tensor, share: tf.Tensor];

/**
 * The step; `using` frees it, not the model nor the optimizer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { AccumulatedStep } from "./accumulated_step.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using optimizer = new Adam(loaded.model.trainable, { betas: [0.9, 0.95] });
 * using step = new AccumulatedStep(loaded.model, optimizer, { xla: false, microBatch: 1 });
 * const { loss, norm } = await step.async(tf.tensor2d([[1, 2], [3, 4]], [2, 2], "int32"), optimizer.nextRates(1e-3));
 * assertEquals([loss.shape, norm.shape], [[], []]);
 * ```
 */
export class AccumulatedStep implements Disposable {
  readonly #microBatch: number;
  readonly #replicas: Replicas;
  readonly #sums: GradientSums;
  readonly #gradients: readonly CompiledStep<[...Part, ...seed: tf.Tensor[]], tf.Tensor>[];

  /**
   * @param optimizer over the model's trainable weights
   * @param options.xla whether XLA compiles what it makes faster
   * @param options.microBatch windows at once
   * @throws {RangeError} when these are none
   */
  constructor(
    model: Model,
    optimizer: Adam,
    { xla, microBatch, ...saving }: MemorySaving & { xla: boolean; microBatch: number },
  ) {
    if (!(Number.isInteger(microBatch) && microBatch >= 1)) {
      throw new RangeError(`Cannot train on ${microBatch} windows at once: expected a whole number from 1`);
    }
    this.#microBatch = microBatch;
    using made = new DisposableStack();
    this.#replicas = made.use(new Replicas(model));
    this.#sums = made.use(new GradientSums(model.trainable, optimizer, { xla }));
    const { recomputesLayers } = saving;
    const options = {
      xla: xla && compilesGradients({ products: model.products, recomputesLayers }),
      ...{ name: "train", products: model.products },
    };
    this.#gradients = this.#replicas.models.map((replica, device) =>
      made.use(compile((ids: tf.Tensor, texts: tf.Tensor, share: tf.Tensor, ...[seed]: tf.Tensor[]) => {
        const { loss, gradients } = valueAndGradients(replica.trainable, () => {
          const losses = nextTokenLosses(replica, ids, { ...saving, seed, texts });
          return tf.mul(tf.mean(losses), share);
        });
        this.#sums.add(gradients, device);
        return loss;
      }, { ...options, device }))
    );
    made.move();
  }

  /**
   * Takes a step.
   *
   * @param ids [B, T] int32
   * @param rates of the optimizer @param seed of an adapter's dropout
   * @returns the batch's mean loss and the gradients' norm, scalars; the caller disposes them
   */
  async async(
    ids: tf.Tensor,
    rates: tf.Tensor,
    ...seed: tf.Tensor[]
  ): Promise<{ loss: tf.Tensor; norm: tf.Tensor }> {
    using held = new DisposableStack();
    try {
      this.#replicas.refresh();
      const devices = this.#gradients.length;
      const parts = [...Array(Math.ceil(ids.shape[0]! / this.#microBatch)).keys()];
      const shares = this.#gradients.map((_, device) => parts.filter((part) => part % devices === device));
      const losses: tf.Tensor[] = [];
      await onDevices(shares, async (i, device) => {
        const part = this.#cut(ids, i * this.#microBatch);
        const running = this.#gradients[device]!.async(...part, ...seed).finally(() => tf.dispose(part));
        losses[i] = held.adopt(await running, tf.dispose);
      });
      const { norm } = await this.#sums.update(rates);
      return { loss: tf.tidy(() => tf.addN(losses.map((loss) => toDevice(loss, 0)))), norm };
    } catch (error) {
      this.#sums.clear();
      throw error;
    }
  }

  #cut(ids: tf.Tensor, first: number): Part {
    const [B, T] = ids.shape as [number, number];
    const rows = Math.min(this.#microBatch, B - first);
    return tf.tidy(() => [
      tf.slice(ids, [first, 0], [rows, T]),
      tf.range(first, first + rows, 1, "int32"),
      tf.scalar(rows / B),
    ]);
  }

  /** Frees what the step has made. */
  [Symbol.dispose](): void {
    for (const step of this.#gradients) step[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
    this.#replicas[Symbol.dispose]();
  }
}
