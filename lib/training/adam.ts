/**
 * Adam as PyTorch computes it (torch.optim.Adam: bias-corrected moments, epsilon outside the root), inside a captured
 * step: gradients, moments and weights of one call.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign } from "../engine/compile.ts";
import { BLOCK, dequantize, quantize } from "./quantized_moments.ts";

/** Adam's constants. */
export interface AdamOptions {
  /** Decay of the first and second moment. */
  betas: readonly [number, number];
  /** Added to the root of the second moment. Default 1e-8. */
  epsilon?: number;
  /** The gradients' global norm is cut to this; none without it. */
  maxNorm?: number;
  /** Whether moments of matrices are stored in 8 bits, see `quantized_moments.ts`. Default false. */
  in8Bits?: boolean;
}

/** Tensors of fewer numbers have moments in float32: they are few, and sensitive (Dettmers et al., 2022). */
const QUANTIZED_FROM = 4096;

/**
 * The optimizer's state: moments by weight name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * using optimizer = new Adam(weights, { betas: [0.9, 0.98] });
 * using step = compile((w: tf.Tensor, rates: tf.Tensor) => optimizer.apply({ w }, rates));
 * const norm = step(tf.tensor1d([3, -4]), optimizer.nextRates(0.5)); // the first step is one rate long
 * assertEquals([norm.dataSync()[0], ...weights.w.dataSync()], [5, 0.5, 2.5]);
 * ```
 */
export class Adam implements Disposable {
  /** First moments; those in 8 bits packed, with their scales under `NAME.scales`. */
  readonly first: Record<string, Tensor>;
  /** Second moments, likewise. */
  readonly second: Record<string, Tensor>;
  readonly #weights: Readonly<Record<string, Tensor>>;
  readonly #options: Required<Pick<AdamOptions, "betas" | "epsilon">> & AdamOptions;
  /** How many updates have been made. */
  steps = 0;

  /** @param weights what is trained, by name; not owned */
  constructor(weights: Readonly<Record<string, Tensor>>, options: AdamOptions) {
    this.#weights = weights;
    this.#options = { epsilon: 1e-8, ...options };
    const zeros = () =>
      Object.fromEntries(
        Object.entries(weights).flatMap(([name, weight]) => {
          if (!this.#isIn8Bits(weight)) return [[name, tf.zerosLike(weight)]];
          const blocks = Math.ceil(weight.size / BLOCK);
          return [[name, tf.zeros([blocks, BLOCK / 4])], [`${name}.scales`, tf.zeros([blocks])]];
        }),
      );
    ({ first: this.first, second: this.second } = tf.tidy(() => ({ first: zeros(), second: zeros() })));
  }

  #isIn8Bits({ size }: Tensor): boolean {
    return (this.#options.in8Bits ?? false) && size >= QUANTIZED_FROM;
  }

  /**
   * Counts an update and gives what `apply` needs of it: [learning rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t)].
   *
   * @returns [2] float32; the caller disposes it
   */
  nextRates(learningRate: number): Tensor {
    this.steps++;
    const [beta1, beta2] = this.#options.betas;
    return tf.tensor1d([learningRate / (1 - beta1 ** this.steps), 1 / Math.sqrt(1 - beta2 ** this.steps)]);
  }

  /**
   * One update, inside a captured step; none where the gradients are not finite.
   *
   * @param gradients by weight name @param rates from `nextRates`
   * @returns the gradients' global norm before cutting, scalar
   */
  apply(gradients: Readonly<Record<string, Tensor>>, rates: Tensor): Tensor {
    const { betas: [beta1, beta2], epsilon, maxNorm } = this.#options;
    const norm = tf.sqrt(tf.addN(Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))));
    const factor = maxNorm === undefined ? null : tf.minimum(1, tf.div(maxNorm, tf.add(norm, 1e-6)));
    const [rate, correction] = tf.unstack(rates) as [Tensor, Tensor];
    const isFinite = tf.isFinite(norm);
    const update = (target: Tensor, value: Tensor) => {
      const result = tf.where(isFinite, value, target);
      assign(target, result);
      return result;
    };
    // each moment is there before the weight is computed of it: what is updated of itself alone needs no second memory
    for (const [name, weight] of Object.entries(this.#weights)) {
      const gradient = factor ? tf.mul(gradients[name]!, factor) : gradients[name]!;
      const isIn8Bits = this.#isIn8Bits(weight);
      const updateMoment = (moments: Record<string, Tensor>, next: (moment: Tensor) => Tensor): Tensor => {
        const moment = moments[name]!;
        if (!isIn8Bits) return update(moment, next(moment));
        const how = { isSigned: moments === this.first };
        const stored = { packed: moment, scales: moments[`${name}.scales`]! };
        const value = next(dequantize(stored, weight.shape, how)); // the update is by what is not yet rounded
        const { packed, scales } = quantize(value, how);
        update(stored.packed, packed);
        update(stored.scales, scales);
        return value;
      };
      const first = updateMoment(this.first, (m) => tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
      const second = updateMoment(
        this.second,
        (v) => tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)),
      );
      const root = tf.add(tf.mul(tf.sqrt(second), correction), epsilon);
      update(weight, tf.sub(weight, tf.div(tf.mul(first, rate), root)));
    }
    return norm;
  }

  /** Forgets all updates, as if none had been made. */
  reset(): void {
    this.steps = 0;
    tf.tidy(() => {
      for (const moment of [...Object.values(this.first), ...Object.values(this.second)]) {
        assign(moment, tf.zerosLike(moment));
      }
    });
  }

  /** Frees the moments. */
  [Symbol.dispose](): void {
    tf.dispose([this.first, this.second]);
  }
}
