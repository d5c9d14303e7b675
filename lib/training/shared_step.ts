/**
 * A training's step whose windows are shared out over the devices that TensorFlow was opened with: each computes the loss and
 * the gradients of its own, the first one adds them up and updates the weights. With the same numbers as one device has, up
 * to rounding; dropout drops what it would there.
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

/**
 * The step; `using` frees it and the replicas, not the model nor the optimizer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using optimizer = new Adam(loaded.model.trainable, { betas: [0.9, 0.95] });
 * using step = new SharedStep(loaded.model, optimizer, { xla: false });
 * const { loss, norm } = await step.async(tf.tensor2d([[1, 2], [3, 4]], [2, 2], "int32"), optimizer.nextRates(1e-3));
 * assertEquals([loss.shape, norm.shape], [[], []]);
 * ```
 */
export class SharedStep implements Disposable {
  readonly #replicas: Replicas;
  readonly #sums: GradientSums;
  readonly #gradients: readonly CompiledStep<[ids: tf.Tensor, ...seed: tf.Tensor[]], tf.Tensor>[];

  /**
   * @param optimizer over the model's trainable weights
   * @param options.xla whether XLA compiles what it makes faster
   */
  constructor(model: Model, optimizer: Adam, { xla, ...saving }: MemorySaving & { xla: boolean }) {
    using made = new DisposableStack();
    this.#replicas = made.use(new Replicas(model));
    this.#sums = made.use(new GradientSums(model.trainable, optimizer, { xla }));
    const { recomputesLayers } = saving;
    const options = {
      xla: xla && compilesGradients({ products: model.products, recomputesLayers }),
      ...{ name: "train", products: model.products },
    };
    this.#gradients = this.#replicas.models.map((replica, device, { length: devices }) =>
      made.use(compile((ids: tf.Tensor, ...[seed]: tf.Tensor[]) => {
        const [B, T] = ids.shape as [number, number];
        const [first, end] = [device, device + 1].map((each) => Math.floor(B * each / devices)) as [
          number,
          number,
        ];
        const own = tf.slice(ids, [first, 0], [end - first, T]);
        const texts = tf.range(first, end, 1, "int32");
        const { loss, gradients } = valueAndGradients(replica.trainable, () => {
          const losses = nextTokenLosses(replica, own, { ...saving, seed, texts });
          return tf.mul(tf.mean(losses), (end - first) / B);
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
   * @param ids [B, T] int32, of at least as many rows as there are devices
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
      const losses: tf.Tensor[] = [];
      await onDevices(this.#gradients.map((step) => [step]), async (step, device) => {
        losses[device] = held.adopt(await step.async(ids, ...seed), tf.dispose);
      });
      const { norm } = await this.#sums.update(rates);
      return { loss: tf.tidy(() => tf.addN(losses.map((loss) => toDevice(loss, 0)))), norm };
    } catch (error) {
      this.#sums.clear();
      throw error;
    }
  }

  /** Frees what the step has made. */
  [Symbol.dispose](): void {
    for (const step of this.#gradients) step[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
    this.#replicas[Symbol.dispose]();
  }
}
