/**
 * The next token of every row of a step: what of the logits leaves the device, and the choice among it. Greedy rows read
 * one number each; sampled ones the likeliest tokens, and all logits only where the nucleus is larger than that.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { filterLogits, type SamplingOptions } from "./filter_logits.ts";
import { drawFrom, drawToken } from "./next_token.ts";
import { bestLogits } from "../models/not_finite.ts";

export type { SamplingOptions } from "./filter_logits.ts";

/** A step's results by name. */
export type StepOutcome = Record<string, Tensor>;

/** The nucleus is looked for among this many tokens first. */
const CANDIDATES = 256;

/**
 * What the choice needs; part of a captured step.
 *
 * @param logits [B, V] @param sampling greedy when undefined
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const outcome = outcomeOf(tf.tensor2d([[1, 5, 2]]), undefined);
 * assertEquals(chooseTokens(outcome, undefined)(0, () => 0.5), 1);
 * ```
 */
export function outcomeOf(logits: Tensor, sampling: SamplingOptions | undefined): StepOutcome {
  if (!sampling) {
    const ids = tf.argMax(logits, -1);
    return { ids, best: bestLogits(logits, ids) };
  }
  const { values, indices } = tf.topk(logits, Math.min(CANDIDATES, logits.shape[1]!));
  const scores = tf.div(logits, sampling.temperature); // [B, V]
  const sums = tf.sum(tf.exp(tf.sub(scores, tf.max(scores, -1, true))), -1); // [B]
  return { values, indices, sums, logits };
}

/**
 * A number of each row that is finite only if the row's logits are.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([...finiteOf(outcomeOf(tf.tensor2d([[1, 5, 2]]), undefined))], [5]);
 * ```
 */
export function finiteOf({ best, sums }: StepOutcome): ArrayLike<number> {
  return (best ?? sums!).dataSync();
}

/**
 * Reads a step's results.
 *
 * @returns gives row i its token; `draw` is asked for a number in [0, 1) when the row is sampled
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const sampling = { temperature: 1, topP: 1 };
 * const outcome = outcomeOf(tf.tensor2d([[1, 5, 2]]), sampling);
 * assertEquals(chooseTokens(outcome, sampling)(0, () => 0.999), 0); // the least likely of three
 * ```
 */
export function chooseTokens(
  outcome: StepOutcome,
  sampling: SamplingOptions | undefined,
): (i: number, draw: () => number) => number {
  if (!sampling) {
    const ids = outcome.ids!.dataSync();
    return (i) => ids[i]!;
  }
  const [values, indices, sums] = [outcome.values!, outcome.indices!, outcome.sums!].map((x) => x.dataSync());
  const [rows, V] = outcome.logits!.shape as [number, number];
  const count = values!.length / rows;
  let all: Float32Array | undefined;
  return (i, draw) => {
    const uniform = draw();
    const part = (x: ArrayLike<number>) => Array.from({ length: count }, (_, place) => x[i * count + place]!);
    const likeliest = { ids: part(indices!), logits: part(values!), sum: sums![i]!, areAll: count === V };
    const token = drawToken(likeliest, sampling, uniform);
    if (token !== null) return token;
    all ??= outcome.logits!.dataSync() as Float32Array;
    return drawFrom(filterLogits(all.subarray(i * V, (i + 1) * V), sampling), uniform);
  };
}
