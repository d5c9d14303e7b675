/**
 * A training's step that adds up the gradients of parts of its windows: with the same numbers as all at once have, up to
 * rounding; dropout drops what it would there. The parts are micro-batches, which take the memory of a few windows, by turns
 * of the devices where there are several; or a device's share each.
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
  readonly #microBatch: number | undefined;
  readonly #replicas: Replicas;
  readonly #sums: GradientSums;
  readonly #gradients: readonly CompiledStep<[...Part, ...seed: tf.Tensor[]], tf.Tensor>[];

  /**
   * @param optimizer over the model's trainable weights
   * @param options.xla whether XLA compiles what it makes faster
   * @param options.microBatch windows at once on a device. Default: its share
   * @throws {RangeError} when these are none
   */
  constructor(
    model: Model,
    optimizer: Adam,
    { xla, microBatch, ...saving }: MemorySaving & { xla: boolean; microBatch?: number | undefined },
  ) {
    if (microBatch !== undefined && !(Number.isInteger(microBatch) && microBatch >= 1)) {
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
   * @param ids [B, T] int32; without micro-batches of at least as many rows as there are devices
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
      const bounds = this.#bounds(ids.shape[0]!);
      const shares = this.#gradients.map((_, device) =>
        [...bounds.keys()].slice(0, -1).filter((part) => part % devices === device)
      );
      const losses: tf.Tensor[] = [];
      await onDevices(shares, async (i, device) => {
        const part = cut(ids, bounds[i]!, bounds[i + 1]!);
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

  /** Where parts of so many rows begin, and the end. */
  #bounds(rows: number): number[] {
    const devices = this.#gradients.length;
    const size = this.#microBatch;
    const parts = size === undefined ? devices : Math.ceil(rows / size);
    return Array.from(
      { length: parts + 1 },
      (_, part) => size === undefined ? Math.floor(rows * part / devices) : Math.min(rows, part * size),
    );
  }

  /** Frees what the step has made. */
  [Symbol.dispose](): void {
    for (const step of this.#gradients) step[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
    this.#replicas[Symbol.dispose]();
  }
}

function cut(ids: tf.Tensor, first: number, end: number): Part {
  const [B, T] = ids.shape as [number, number];
  return tf.tidy(() => [
    tf.slice(ids, [first, 0], [end - first, T]),
    tf.range(first, end, 1, "int32"),
    tf.scalar((end - first) / B),
  ]);
}
