/**
 * Weights that are trained one way and moved the other: of a model that was trained from its start by a vector, the start less
 * a multiple of that vector.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign, snapshots } from "../engine/compile.ts";

/**
 * Turns weights over at where they began; `using` frees the copy of that.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { NegatedWeights } from "./negated_weights.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * using negated = new NegatedWeights(weights, 2);
 * await negated.train(() => Promise.resolve(assign(weights.w, tf.tensor1d([1.5, 2]))));
 * assertEquals([...weights.w.dataSync()], [0, 2]); // trained by 0.5
 * await negated.train(() => Promise.resolve(assertEquals([...weights.w.dataSync()], [1.5, 2])));
 * assertEquals([...weights.w.dataSync()], [0, 2]);
 * ```
 */
export class NegatedWeights implements Disposable {
  readonly #weights: Readonly<Record<string, Tensor>>;
  readonly #scale: number;
  readonly #start: Record<string, Tensor>;

  /** @param weights as they begin; not owned @param scale how many times the vector is taken away, above 0 */
  constructor(weights: Readonly<Record<string, Tensor>>, scale: number) {
    this.#weights = weights;
    this.#scale = scale;
    this.#start = snapshots(weights);
  }

  /** Trains the weights as if the vector had been added, and leaves them without it. */
  async train<T>(work: () => Promise<T>): Promise<T> {
    this.#turn(1 / this.#scale);
    try {
      return await work();
    } finally {
      this.#turn(this.#scale);
    }
  }

  #turn(scale: number): void {
    for (const [name, weight] of Object.entries(this.#weights)) {
      const start = this.#start[name]!;
      tf.tidy(() => assign(weight, tf.sub(start, tf.mul(tf.sub(weight, start), scale)))); // one at a time: they are large
    }
  }

  [Symbol.dispose](): void {
    tf.dispose(this.#start);
  }
}
