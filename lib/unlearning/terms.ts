/**
 * What an objective is made of: terms, each a function from what the model says of a micro-batch to values, and a weight of
 * each value. A step minimizes the sum of all values times their weights.
 *
 * A term of one's own is given to {@linkcode ObjectiveStep} beside the others. What it needs of the reference, the model as
 * it is when the step is made, it says by a function: only that function's results are kept.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { KIND, type MicroBatch } from "./micro_batch.ts";

/** Added to both probabilities, as in the reference. */
const EPSILON = 1e-10;

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** A micro-batch's arrays for a term. */
export interface TermArrays {
  /** The weight of each value in the loss; all of them 0 where the micro-batch has nothing for the term. */
  readonly weights: Float32Array;
  /** Whatever else the term is given, by name. */
  readonly [name: string]: Float32Array | Int32Array;
}

/** What a model says of a micro-batch: N = B (T - 1) positions, each of which predicts the token after it. */
export interface TermInputs {
  /** [B, T] int32, padded on the right with 0 */
  ids: Tensor;
  /** [N] int32: the tokens that are predicted. */
  labels: Tensor;
  /** [N] int32: what kind of token each is, a number of `KIND`: as in the first epoch, whatever is left alone since. */
  kinds: Tensor;
  /** [N] int32: whose token each is, the number of a secret of its row; -1 for no secret's. */
  owners: Tensor;
  /** [N]: cross entropy of each token, nats, computed when it is first asked for. */
  readonly losses: Tensor;
  /**
   * [P]: values of positions by their logits, a chunk of positions at a time where the logits are many.
   *
   * @param f each position's value is made of its own row alone
   */
  valuesOf: (f: (rows: LogitRows) => Tensor, options?: ValueOptions) => Tensor;
  /**
   * [P, D]: the states that logits are made of, of some positions or all. Asked for by `reference`, the output layer is kept
   * as it was, too.
   *
   * @param positions [P] int32
   */
  statesAt: (positions?: Tensor) => Tensor;
  /** [N, V], computed when it is first asked for; not by chunks, so that all of them are there: see `valuesOf`. */
  readonly logits: Tensor;
  /** [P, V], of some positions, all there at once. @param positions [P] int32 */
  logitsAt: (positions: Tensor) => Tensor;
  /** [B, T, D] of each layer that the term asks for: what the layer gives. */
  hidden: Readonly<Record<number, Tensor>>;
  /** The term's own arrays. */
  arrays: NamedTensors;
}

/** Of which positions, and by what, values are made. */
export interface ValueOptions {
  /** [P] int32. Default: all. */
  at?: Tensor | undefined;
  /** Tensors with a row for each position; no gradient flows there. */
  beside?: readonly Tensor[];
  /** [P, D]: what `statesAt` gave of the reference; its logits are computed anew, which takes less memory than keeping them. */
  reference?: Tensor | undefined;
}

/** Logits of a chunk of positions, and what stands beside them. */
export interface LogitRows {
  /** [C, V] */
  logits: Tensor;
  /** [C, V], where the reference's states were given. */
  reference: Tensor | undefined;
  /** [C, ...] each. */
  beside: readonly Tensor[];
}

/** A term of an objective. */
export interface Term {
  /** What the step's results call it. */
  name: string;
  /** Layers whose output it is given, from 0. Default: none. */
  layers?: readonly number[];
  /**
   * Gives the arrays of a micro-batch: the values' weights, and what else the term is given. Where secrets are left alone
   * one by one, `weights`, `ceilings` and `units` alone are asked for anew.
   */
  arrays: (batch: MicroBatch) => TermArrays;
  /** What it needs of the reference: computed once for each micro-batch, and kept. Default: nothing. */
  reference?: (inputs: TermInputs) => NamedTensors;
  /**
   * The term's values, as many as there are weights: of each token, each row, or one.
   *
   * @param reference what `reference` gave for this micro-batch
   */
  values: (inputs: TermInputs, reference: NamedTensors) => Tensor;
}

/**
 * Cross entropy of tokens, as far as it counts for them, by the weights of `microBatches`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 *
 * const [batch] = microBatches([{ ids: Int32Array.of(1, 2, 3) }], { crossEntropyAll: -1 }, { size: 1 });
 * assertEquals([...CROSS_ENTROPY.arrays(batch!).weights.subarray(0, 3)], [-0.5, -0.5, 0]);
 * ```
 */
export const CROSS_ENTROPY: Term = {
  name: "crossEntropy",
  arrays: ({ crossEntropyWeights, ceilings }) => ({
    weights: crossEntropyWeights,
    ...ceilings && { ceilings },
  }),
  values: ({ losses, arrays }) => upTo(arrays.ceilings, losses), // [N]
};

/**
 * KL(reference || model), by the weights of `microBatches`. Of the positions that count the reference's states are kept, and
 * its probabilities computed of them anew.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 *
 * const [batch] = microBatches([{ ids: Int32Array.of(1, 2, 3) }], { divergenceAll: 1 }, { size: 1 });
 * assertEquals([...DIVERGENCE.arrays(batch!).weights.subarray(0, 3)], [0.5, 0.5, 0]);
 * ```
 */
export const DIVERGENCE: Term = {
  name: "divergence",
  arrays: ({ divergenceWeights, divergenceRows, ceilings }) => ({
    weights: divergenceWeights,
    positions: divergenceRows,
    ...ceilings && { ceilings: Float32Array.from(divergenceRows, (position) => ceilings[position]!) },
  }),
  reference: ({ statesAt, arrays }) => ({ states: statesAt(arrays.positions!) }),
  values: ({ valuesOf, arrays }, { states }) =>
    upTo(
      arrays.ceilings,
      valuesOf(
        ({ logits, reference }) => klDivergence(tf.softmax(reference!), tf.softmax(logits)),
        { at: arrays.positions!, reference: states },
      ),
    ), // [P]
};

/**
 * Values up to a nat below their ceilings, where there are any; from there on less and less is gained, and beyond the
 * ceiling is lost: what is pushed up comes to rest there, and what is beyond is pulled back.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const bent = upTo(tf.tensor1d([4, 4, 4]), tf.tensor1d([2, 4, 5]));
 * assertEquals([...bent.dataSync()], [2, 3.5, 3]);
 * ```
 */
export function upTo(ceilings: Tensor | undefined, values: Tensor): Tensor {
  if (!ceilings) return values;
  const near = tf.relu(tf.add(tf.sub(values, ceilings), 1));
  const bent = tf.minimum(near, 2);
  return tf.sub(values, tf.mul(bent, tf.sub(near, tf.div(bent, 2)))); // the slope is 1, then 1 to -1, then -1
}

/**
 * KL(reference || model) of each row, 1e-10 added to both probabilities.
 *
 * @param reference [P, V] probabilities @param model [P, V] probabilities
 * @returns [P], nats
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const divergence = tf.tidy(() => klDivergence(tf.tensor2d([[1, 0]]), tf.tensor2d([[0.5, 0.5]])));
 * assertAlmostEquals(divergence.dataSync()[0]!, Math.log(2), 1e-6);
 * ```
 */
export function klDivergence(reference: Tensor, model: Tensor): Tensor {
  const target = tf.add(reference, EPSILON);
  return tf.sum(tf.mul(target, tf.sub(tf.log(target), tf.log(tf.add(model, EPSILON)))), -1); // [P]
}

/** The kinds of tokens that a mean is taken over. */
const COUNTED = { all: ["secret", "normal"], secret: ["secret"], normal: ["normal", "idle"] } as const;

/**
 * Weights that make a mean over tokens of the whole set of a term's value for each token, of secret ones weighted by their
 * secrets' risks.
 *
 * @param of which tokens: all real ones, secret ones, or the other real ones
 * @throws {RangeError} when the set has none of these
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 *
 * const row = { ids: Int32Array.of(1, 2, 3, 4), mask: Uint8Array.of(0, 0, 1, 1) };
 * const [batch] = microBatches([row], {}, { size: 1 });
 * assertEquals([...tokenWeights(batch!, { weight: 3, of: "secret" }).subarray(0, 4)], [0, 1.5, 1.5, 0]);
 * ```
 */
export function tokenWeights(
  { kinds, counts, risks }: Pick<MicroBatch, "kinds" | "counts" | "risks">,
  { weight, of }: { weight: number; of: "all" | "secret" | "normal" },
): Float32Array {
  const counted = COUNTED[of];
  const count = counted.reduce((sum, kind) => sum + counts[kind], 0);
  if (count === 0 && counts.settled === 0) {
    throw new RangeError(`Cannot take a mean over tokens: the set predicts no ${of} token`);
  }
  const isCounted = (kind: number) => counted.some((other) => KIND[other] === kind);
  const risk = (at: number) => of === "secret" ? risks[at]! / counts.riskMeans.token : 1;
  return Float32Array.from(kinds, (kind, at) => isCounted(kind) ? weight / count * risk(at) : 0);
}

/**
 * Weights that make a mean over rows of the whole set of a term's value for each row; of those rows that count.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 *
 * const rows = [[1, 2], [3, 4], [5, 6]].map((ids) => ({ ids: Int32Array.from(ids) }));
 * const weights = microBatches(rows, {}, { size: 2 }).map((batch) => [...rowWeights(batch, 6)]);
 * assertEquals(weights, [[2, 2], [2, 0]]); // the last micro-batch is filled up
 * ```
 */
export function rowWeights(
  { counts, active }: Pick<MicroBatch, "counts" | "active">,
  weight: number,
): Float32Array {
  return Float32Array.from(active, (isActive) => isActive ? weight / counts.rows : 0);
}
