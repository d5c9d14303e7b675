/**
 * The sums of micro-batches' gradients and the update that uses them up: one for all sides of an objective, as each of them
 * is as large as the weights.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign, compile, type CompiledStep } from "../engine/compile.ts";
import type { Adam } from "../training/adam.ts";

/**
 * Gradients in the making.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Adam } from "../training/adam.ts";
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
  readonly #sums: Record<string, Tensor>;
  /** 1 where something has been added, else 0: what the sums hold is of the step before then. */
  readonly #isBegun: Tensor;
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
    const zeros = () =>
      Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, tf.zerosLike(weight)]));
    ({ sums: this.#sums, isBegun: this.#isBegun } = tf.tidy(() => ({
      sums: zeros(),
      isBegun: tf.scalar(0),
    })));
    this.#update = compile((rates: Tensor) => {
      const norm = optimizer.apply(this.#sums, rates);
      assign(this.#isBegun, tf.scalar(0));
      return { norm };
    }, { xla, name: "update" });
  }

  /** Adds a micro-batch's gradients, by weight name; for a captured step. */
  add(gradients: Readonly<Record<string, Tensor>>): void {
    const isBegun = tf.greater(this.#isBegun, 0);
    for (const [name, sum] of Object.entries(this.#sums).reverse()) { // as gradients come
      assign(sum, tf.add(tf.where(isBegun, sum, 0), gradients[name]!));
    }
    assign(this.#isBegun, tf.scalar(1));
  }

  /** Updates the weights, unless the gradients are not finite, and begins anew; the gradients' global norm. */
  async apply(learningRate: number): Promise<number> {
    using held = new DisposableStack();
    const rates = held.adopt(this.#optimizer.nextRates(learningRate), tf.dispose);
    const update = this.#each
      ? this.#optimizer.applyEach(this.#sums, rates).then((norm) => ({ norm }))
      : this.#update.async(rates);
    const result = await update.catch((error) => {
      this.#optimizer.steps--;
      throw error;
    });
    if (this.#each) this.clear();
    const { norm } = held.adopt(result, tf.dispose);
    return norm.dataSync()[0]!;
  }

  /** Drops what was added. */
  clear(): void {
    tf.tidy(() => assign(this.#isBegun, tf.scalar(0)));
  }

  /** Frees the sums; not the weights, nor the optimizer. */
  [Symbol.dispose](): void {
    this.#update[Symbol.dispose]();
    tf.dispose([this.#sums, this.#isBegun]);
  }
}
