/**
 * What a step says of its terms: means over the set, summed up while its micro-batches run.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { KIND, type MicroBatch } from "./micro_batch.ts";
import { CROSS_ENTROPY, DIVERGENCE, type NamedTensors, type Term } from "./terms.ts";

/** Means over the set before the update; null where no token counts. */
export interface TermValues {
  /** What was minimized. */
  loss: number;
  /** Each term's part of the loss, by its name; of those that count anywhere. */
  terms: Readonly<Record<string, number>>;
  /** Mean cross entropy of secret tokens, nats. */
  crossEntropySecret: number | null;
  /** Mean cross entropy of the other real tokens. */
  crossEntropyNormal: number | null;
  /** Mean KL(reference || model) where it counts. */
  divergence: number | null;
  /** The gradients' norm. */
  norm: number;
}

/** What a micro-batch's captured step gives: the loss, and each term's values. */
export type StepResult = { loss: Tensor; values: NamedTensors };

/**
 * The values of a step in the making.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const sums = new TermSums([CROSS_ENTROPY]);
 * const batch = { kinds: Uint8Array.of(2, 1) }; // one other token, and one of a secret
 * const values = { crossEntropy: tf.tensor1d([3, 1]) };
 * const weights = { crossEntropy: Float32Array.of(0.5, 0.5) };
 * sums.add({ loss: tf.scalar(2), values }, { terms: [CROSS_ENTROPY], weights, batch });
 * const { loss, terms, crossEntropySecret, crossEntropyNormal } = sums.means;
 * assertEquals([loss, terms, crossEntropySecret, crossEntropyNormal], [2, { crossEntropy: 2 }, 1, 3]);
 * ```
 */
export class TermSums {
  readonly #parts: Record<string, number>;
  #loss = 0;
  readonly #secret = new Mean();
  readonly #normal = new Mean();
  readonly #divergence = new Mean();

  /** @param counting the terms that the loss is made of */
  constructor(counting: readonly Term[]) {
    this.#parts = Object.fromEntries(counting.map(({ name }) => [name, 0]));
  }

  /** Adds a micro-batch's values of its terms; without the batch they count in the loss and its terms alone. */
  add(
    { loss, values }: StepResult,
    { terms, weights, batch }: {
      terms: readonly Term[];
      weights: Readonly<Record<string, Float32Array>>;
      batch?: Pick<MicroBatch, "kinds"> | undefined;
    },
  ): void {
    this.#loss += loss.dataSync()[0]!;
    for (const term of terms) {
      const own = values[term.name]!.dataSync();
      weights[term.name]!.forEach((weight, at) => {
        if (weight === 0) return;
        this.#parts[term.name]! += weight * own[at]!;
        if (batch && term === DIVERGENCE) this.#divergence.add(own[at]!);
      });
      if (!batch || term !== CROSS_ENTROPY) continue;
      batch.kinds.forEach((kind, position) => {
        if (kind === KIND.secret) this.#secret.add(own[position]!);
        if (kind === KIND.normal) this.#normal.add(own[position]!);
      });
    }
  }

  /** What was added so far. */
  get means(): Omit<TermValues, "norm"> {
    return {
      loss: this.#loss,
      terms: this.#parts,
      crossEntropySecret: this.#secret.value,
      crossEntropyNormal: this.#normal.value,
      divergence: this.#divergence.value,
    };
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
