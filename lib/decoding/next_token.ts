/**
 * The draw of the next token. A device gives the likeliest tokens of a row; where they settle it, the other tens of
 * thousands need not be read: `filterLogits` says what is right, this is its short way.
 *
 * @module
 */
import { type LikelyTokens, type SamplingOptions, scaledBy } from "./filter_logits.ts";

/** The likeliest tokens of one row. */
export interface Candidates {
  /** Token ids, the likeliest first. */
  ids: ArrayLike<number>;
  /** Their logits, not yet divided by the temperature. */
  logits: ArrayLike<number>;
  /** The sum of exp((logit - largest logit) / temperature) over the whole vocabulary. */
  sum: number;
  /** Whether they are the whole vocabulary. */
  areAll: boolean;
}

/** Sums of probabilities in float32 are at most this far off; nearer to a limit than this, all logits decide. */
const ROUNDING = 1e-5;

/**
 * Draws from what temperature, top-k and top-p leave.
 *
 * @param uniform in [0, 1)
 * @returns a token id; null when the candidates do not settle which
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { drawToken } from "./next_token.ts";
 *
 * const candidates = { ids: [7, 3], logits: [2, 1], sum: 1 + Math.exp(-1), areAll: true };
 * assertEquals(drawToken(candidates, { temperature: 1, topP: 0.5 }, 0.99), 7); // its probability is 0.73
 * assertEquals(drawToken(candidates, { temperature: 1, topP: 1 }, 0.99), 3);
 * ```
 */
export function drawToken(candidates: Candidates, sampling: SamplingOptions, uniform: number): number | null {
  const scores = scaledBy(sampling.temperature, candidates.logits);
  const weights = Array.from(scores, (score) => Math.exp(Math.fround(score - scores[0]!)) / candidates.sum);
  const kept = nucleusOf(keptByTopK({ scores, weights, areAll: candidates.areAll }, sampling), sampling);
  if (kept === null) return null;
  const place = placeOf(uniform * kept.mass, weights.slice(0, kept.count));
  return place < kept.count ? candidates.ids[place]! : null; // among those that are not here
}

/**
 * Draws from what `filterLogits` left.
 *
 * @param uniform in [0, 1)
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { drawFrom } from "./next_token.ts";
 *
 * assertEquals(drawFrom({ ids: [5, 9], probabilities: [0.75, 0.25] }, 0.8), 9);
 * ```
 */
export function drawFrom({ ids, probabilities }: LikelyTokens, uniform: number): number {
  return ids[placeOf(uniform, probabilities)]!;
}

/** Candidates that are left: the first ones. */
interface Kept {
  scores: Float32Array;
  weights: readonly number[];
  /** How many. */
  count: number;
  /** The sum of the weights of all that is left, in the whole vocabulary. */
  mass: number;
  /** Whether nothing else is left. */
  areAll: boolean;
}

/** What top-k leaves; null when the candidates do not say. */
function keptByTopK(
  all: Pick<Kept, "scores" | "weights" | "areAll">,
  { topK = 0 }: SamplingOptions,
): Kept | null {
  const { scores, weights, areAll } = all;
  let count = scores.length;
  if (topK > 0 && (topK < count || !areAll)) {
    const place = scores.findIndex((score) => score < scores[topK - 1]!);
    if (place < 0 && !areAll) return null;
    if (place >= 0) count = place;
  }
  const isWhole = areAll || count < scores.length;
  return { ...all, count, mass: isWhole ? sumOf(weights.slice(0, count)) : 1, areAll: isWhole };
}

/** What top-p leaves of it; null when the candidates do not say. */
function nucleusOf(kept: Kept | null, { topP }: SamplingOptions): Kept | null {
  if (kept === null || topP === 1) return kept;
  const { scores, weights, mass } = kept;
  let sum = weights[0]!;
  for (let count = 1; count < kept.count; count++) {
    const surplus = sum / mass - topP;
    if (Math.abs(surplus) < ROUNDING) return null;
    if (surplus > 0) {
      return scores[count] === scores[count - 1] ? null : { ...kept, count, mass: sum, areAll: true };
    }
    sum += weights[count]!;
  }
  return kept.areAll ? kept : null;
}

/** Where the sum of weights passes a number; their count where it does not. */
function placeOf(number: number, weights: readonly number[]): number {
  let [place, sum] = [0, 0];
  for (; place < weights.length; place++) {
    sum += weights[place]!;
    if (number < sum) break;
  }
  return place;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
