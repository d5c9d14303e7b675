/**
 * What no score may be made of: logits that are not numbers, whose argmax is token 0 without a word, and token ids that
 * the model has no row for, which TensorFlow reads as zeros or as NaN.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Model } from "./model.ts";

/**
 * Numbers that should be finite are not: a model's weights are damaged, or an update made them too large.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * assert(new NotFiniteError("Cannot go on unlearning: the loss is NaN") instanceof RangeError);
 * ```
 */
export class NotFiniteError extends RangeError {
  /** The class's name. */
  override readonly name = "NotFiniteError";
}

/**
 * Refuses logits of a model that are NaN or infinite.
 *
 * @param numbers one of each position, which is finite only if the position's logits are
 * @param what would have been done with them, and to which text: "score text 3"
 * @throws {NotFiniteError} naming the model
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * checkFinite([1, 2], "score text 3", { name: "m" });
 * const message = 'Cannot score text 3 with model "m": the logits are not finite: ';
 * assertThrows(() => checkFinite([1, NaN], "score text 3", { name: "m" }), NotFiniteError, message);
 * ```
 */
export function checkFinite(numbers: ArrayLike<number>, what: string, { name }: Pick<Model, "name">): void {
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isFinite(numbers[i])) continue;
    throw new NotFiniteError(
      `Cannot ${what} with model "${name}": the logits are not finite: its weights are damaged or too large`,
    );
  }
}

/**
 * The logit of each row's chosen token: where a row has become NaN or infinite, so has this one, and to look at it
 * costs a step nothing. Part of a captured step.
 *
 * @param logits [B, V] float32 @param ids [B] int32, the argmax of each row
 * @returns [B] float32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const logits = tf.tensor2d([[1, 5], [NaN, NaN]]);
 * assertEquals([...bestLogits(logits, tf.argMax(logits, -1)).dataSync()], [5, NaN]);
 * ```
 */
export function bestLogits(logits: Tensor, ids: Tensor): Tensor {
  return tf.reshape(tf.gather(logits, tf.expandDims(ids, 1), 1, 1), [ids.shape[0]!]); // [B]
}

/**
 * Refuses token ids that a vocabulary does not have.
 *
 * @param what would have been done with them, and to which text: "score text 3"
 * @throws {RangeError} naming the first such token
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * checkTokens([0, 4095], 4096, "score text 3");
 * const message = "Cannot score text 3: token 70000 is beyond the model's vocabulary of 4096";
 * assertThrows(() => checkTokens([0, 70000], 4096, "score text 3"), RangeError, message);
 * ```
 */
export function checkTokens(ids: ArrayLike<number>, vocabularySize: number, what: string): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id >= 0 && id < vocabularySize) continue;
    throw new RangeError(`Cannot ${what}: token ${id} is beyond the model's vocabulary of ${vocabularySize}`);
  }
}
