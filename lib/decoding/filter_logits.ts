/**
 * The tokens that sampling leaves to choose from, as transformers' warpers define them (generation/logits_process.py) and
 * in their order: temperature, top-k, then top-p (nucleus sampling, Holtzman et al., 2020). Numbers are float32 there,
 * and so they are here: where a sum of probabilities just meets a limit, the same tokens are kept. Which of equal logits
 * top-p removes is left open there, as PyTorch's sort need not be stable; here it is.
 *
 * @module
 */

/** How to choose. */
export interface SamplingOptions {
  /** The temperature, above 0. */
  temperature: number;
  /** The share of the probability that is kept, in (0, 1]; 1 is off. */
  topP: number;
  /** How many of the likeliest tokens are kept, and what is as likely as the last of them; 0, the default, is off. */
  topK?: number;
}

/** Tokens and how likely each is among them. */
export interface LikelyTokens {
  /** Token ids, the likeliest first; of equals the smallest. */
  ids: number[];
  /** Probabilities; their sum is 1. */
  probabilities: number[];
}

/**
 * What is left of a row of logits: of tokens from the least likely on, those whose probabilities sum up to at most
 * 1 - p are removed, so the token that reaches p from above is kept; of equal logits the smaller ids go first.
 *
 * @param logits [V]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { filterLogits } from "./filter_logits.ts";
 *
 * const logits = [0, 2, 1, 1].map((value) => value * Math.LN2); // 1, 4, 2 and 2 of 9
 * const { ids, probabilities } = filterLogits(logits, { temperature: 1, topP: 0.6 });
 * assertEquals([ids, probabilities.map((p) => p.toFixed(4))], [[1, 3], ["0.6667", "0.3333"]]);
 * ```
 */
export function filterLogits(logits: ArrayLike<number>, sampling: SamplingOptions): LikelyTokens {
  const { temperature, topP, topK = 0 } = sampling;
  const scores = scaledBy(temperature, logits);
  if (topK > 0 && topK < scores.length) {
    const least = scores.toSorted()[scores.length - topK]!;
    for (let id = 0; id < scores.length; id++) if (scores[id]! < least) scores[id] = -Infinity;
  }
  const probabilities = softmax(scores);
  const ascending = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]! || a - b);
  let [first, sum] = [0, 0];
  if (topP < 1) {
    const removed = Math.fround(1 - topP);
    for (; first < ascending.length - 1; first++) {
      sum += probabilities[ascending[first]!]!; // float64, as PyTorch's cumsum has it within
      if (Math.fround(sum) > removed) break;
    }
  }
  const ids = ascending.slice(first).filter((id) => scores[id]! > -Infinity)
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
  const kept = ids.reduce((sum, id) => sum + probabilities[id]!, 0);
  return { ids, probabilities: ids.map((id) => probabilities[id]! / kept) };
}

/**
 * Refuses settings out of range.
 *
 * @throws {RangeError}
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkSampling } from "./filter_logits.ts";
 *
 * assertThrows(() => checkSampling({ temperature: 0, topP: 1 }), RangeError, "Cannot sample with temperature 0");
 * ```
 */
export function checkSampling({ temperature, topP, topK = 0 }: SamplingOptions): void {
  if (!(temperature > 0 && temperature < Infinity && topP > 0 && topP <= 1)) {
    throw new RangeError(
      `Cannot sample with temperature ${temperature} and top-p ${topP}: expected more than 0, and p at most 1`,
    );
  }
  if (!(Number.isSafeInteger(topK) && topK >= 0)) {
    throw new RangeError(`Cannot sample with top-k ${topK}: expected a whole number of at least 0`);
  }
}

/**
 * Logits divided by a temperature, in float32.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scaledBy } from "./filter_logits.ts";
 *
 * assertEquals(scaledBy(0.5, [1, 2]), Float32Array.of(2, 4));
 * ```
 */
export function scaledBy(temperature: number, logits: ArrayLike<number>): Float32Array {
  const divisor = Math.fround(temperature);
  return Float32Array.from(logits, (logit) => logit / divisor);
}

function softmax(scores: Float32Array): Float32Array {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map((score) => Math.exp(Math.fround(score - largest)));
  const sum = Math.fround(weights.reduce((sum, weight) => sum + weight, 0));
  return weights.map((weight) => weight / sum);
}
