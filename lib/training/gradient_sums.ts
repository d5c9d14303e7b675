/**
 * The sums of micro-batches' gradients and the update that uses them up: one for all sides of an objective, as each of them
 * is as large as the weights. Where several devices compute each has sums of its own, which the first one adds up.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign, compile, type CompiledStep } from "../engine/compile.ts";
import { deviceCount, toDevice } from "../engine/devices.ts";
import { select } from "../engine/kernels.ts";
import type { Adam } from "./adam.ts";

/** What gradients were added up to on one device. */
type DeviceSums = {
  /** By weight name. */
  sums: Record<string, Tensor>;
  /** 1 where something has been added, else 0: what the sums hold is of the step before then. */
  isBegun: Tensor;
};

/**
 * Gradients in the making.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * using optimizer = new Adam(weights, { betas: [0.9, 0.98] });
 * using sums = new GradientSums(weights, optimizer, { xla: false });
 * sums.add({ w: tf.tensor1d([1, -4]) });
 * sums.add({ w: tf.tensor1d([2, 0]) });
 * assertEquals([await sums.apply(0.5), ...weights.w.dataSync()], [5, 0.5, 2.5]); // the first step is one rate long
 * ```
 */
export class GradientSums implements Disposable {
  /** The weights that are trained. */
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly #optimizer: Adam;
  /** The first device's, which lie where the weights do, then the others'. */
  readonly #devices: readonly DeviceSums[];
  readonly #merge: CompiledStep<[DeviceSums], never[]>;
  readonly #update: CompiledStep<[Tensor], { norm: Tensor }>;
  readonly #each: boolean;

  /**
   * @param weights by name; not owned
   * @param optimizer over these weights; not owned
   * @param options.xla whether XLA compiles the update. Default true
   * @param options.each whether weights are updated one after the other instead, see `Adam.applyEach`. Default false
   */
  constructor(
    weights: Readonly<Record<string, Tensor>>,
    optimizer: Adam,
    { xla = true, each = false }: { xla?: boolean; each?: boolean } = {},
  ) {
    this.weights = weights;
    this.#optimizer = optimizer;
    this.#each = each;
    this.#devices = Array.from({ length: deviceCount() }, (_, device) => newSums(weights, device));
    const [own] = this.#devices;
    this.#merge = compile(({ sums, isBegun }: DeviceSums) => {
      const isAdded = tf.greater(isBegun, 0);
      this.#add(0, (name) => select(isAdded, sums[name]!, 0)); // each when its turn comes, not all at once
      return [];
    }, { xla, name: "merge" });
    this.#update = compile((rates: Tensor) => {
      const norm = optimizer.apply(own!.sums, rates);
      assign(own!.isBegun, tf.scalar(0));
      return { norm };
    }, { xla, name: "update" });
  }

  /**
   * Adds a micro-batch's gradients, by weight name; for a captured step.
   *
   * @param device on which it runs. Default: the first
   */
  add(gradients: Readonly<Record<string, Tensor>>, device = 0): void {
    this.#add(device, (name) => gradients[name]!);
  }

  #add(device: number, addendOf: (name: string) => Tensor): void {
    const { sums, isBegun } = this.#devices[device]!;
    const isAdded = tf.greater(isBegun, 0);
    for (const [name, sum] of Object.entries(sums).reverse()) { // as gradients come
      assign(sum, tf.add(select(isAdded, sum, 0), addendOf(name)));
    }
    assign(isBegun, tf.scalar(1));
  }

  /** Updates the weights, unless the gradients are not finite, and begins anew; the gradients' global norm. */
  async apply(learningRate: number): Promise<number> {
    using held = new DisposableStack();
    const rates = held.adopt(this.#optimizer.nextRates(learningRate), tf.dispose);
    const result = await this.update(rates).catch((error) => {
      this.#optimizer.steps--;
      throw error;
    });
    const { norm } = held.adopt(result, tf.dispose);
    return norm.dataSync()[0]!;
  }

  /** As `apply`, by rates of the optimizer's, which stay the caller's; the norm, a scalar, is the caller's too. */
  async update(rates: Tensor): Promise<{ norm: Tensor }> {
    for (const { sums, isBegun } of this.#devices.slice(1)) {
      const there = tf.tidy(() => ({
        sums: mapValues(sums, (sum) => toDevice(sum, 0)),
        isBegun: toDevice(isBegun, 0),
      }));
      await this.#merge.async(there).finally(() => tf.dispose(there)); // one device's at a time
    }
    this.#beginAnew(1);
    if (!this.#each) return await this.#update.async(rates);
    const norm = await this.#optimizer.applyEach(this.#devices[0]!.sums, rates);
    this.clear();
    return { norm };
  }

  /** Drops what was added. */
  clear(): void {
    this.#beginAnew(0);
  }

  #beginAnew(from: number): void {
    for (let device = from; device < this.#devices.length; device++) {
      tf.tidy(() => assign(this.#devices[device]!.isBegun, toDevice(tf.scalar(0), device)));
    }
  }

  /** Frees the sums; not the weights, nor the optimizer. */
  [Symbol.dispose](): void {
    this.#merge[Symbol.dispose]();
    this.#update[Symbol.dispose]();
    tf.dispose([...this.#devices]);
  }
}

function newSums(weights: Readonly<Record<string, Tensor>>, device: number): DeviceSums {
  const here = (tensor: Tensor) => device === 0 ? tensor : toDevice(tensor, device);
  return tf.tidy(() => ({
    sums: mapValues(weights, (weight) => here(tf.zerosLike(weight))),
    isBegun: here(tf.scalar(0)),
  }));
}

function mapValues(tensors: Readonly<Record<string, Tensor>>, each: (tensor: Tensor) => Tensor) {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, each(tensor)]));
}
