/**
 * MA and EL_n of one short text, spelled out: for each prefix what the model decodes after it, which of the decoded
 * n-grams occur in the true suffix, and the overlap. The plain definitions (the paper's section 3.1), for showing; the
 * scorer computes the same sums faster.
 *
 * @module
 */
import { Decoder } from "../decoding/decoder.ts";
import type { Model } from "../models/model.ts";

/** What the model makes of one prefix. */
export interface WorkedPrefix {
  /** How many tokens are given. */
  prefix: number;
  /** The decoded tokens, from position `prefix` to the text's end. */
  decoded: number[];
  /** Whether each decoded token lies in an n-gram that occurs in the true suffix. */
  isMatched: boolean[];
  /** Decoded n-grams that occur in the true suffix, counted with repeats. */
  matches: number;
  /** N-grams of the true suffix. */
  grams: number;
}

/** A text's scores and how they come about. */
export interface WorkedExample {
  /** The n of EL_n. */
  n: number;
  /** Memorization accuracy: the share of tokens 1..T-1 that are predicted. */
  ma: number;
  /** The mean of matches / grams over all prefixes. */
  el: number;
  /** The model's first choices; entry t is that for token t + 1, after the true tokens 0..t. */
  predictions: number[];
  /** What the model makes of the prefixes of lengths 1..T-n. */
  prefixes: WorkedPrefix[];
}

/**
 * Works out MA and EL_n of a text.
 *
 * @param ids more than n tokens
 * @throws {RangeError} if the text is too short
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { workExample } from "./worked_example.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const { ma, el, prefixes } = await workExample(loaded.model, [3, 20, 49, 41, 5, 26, 8]); // memorized
 * assertEquals([ma, el, prefixes[0]!.matches, prefixes[0]!.grams], [1, 1, 4, 4]);
 * ```
 */
export async function workExample(
  model: Model,
  ids: ArrayLike<number>,
  { n = 3 }: { n?: number } = {},
): Promise<WorkedExample> {
  const truth = Array.from(ids);
  const T = truth.length;
  if (T <= n) throw new RangeError(`Cannot work out EL_${n} of ${T} tokens: it needs at least ${n + 1}`);
  using decoder = new Decoder(model, { batch: 1 });
  using filled = await decoder.prefill([truth], { length: T, keepCache: true });
  const predictions = Array.from(filled.predictions[0]!.subarray(0, T - 1));
  const starts = Array.from({ length: T - 1 }, (_, t) => t + 1).map((position) => {
    return { text: 0, position, token: predictions[position - 1]!, until: T };
  });
  const continuations = await decoder.continueAll(filled, starts);
  const prefixes = continuations.slice(0, T - n).map((decoded, i) =>
    overlapOf(truth, { prefix: i + 1, decoded, n })
  );
  const hits = predictions.filter((token, t) => token === truth[t + 1]).length;
  const el = prefixes.reduce((sum, { matches, grams }) => sum + matches / grams, 0) / prefixes.length;
  return { n, ma: hits / (T - 1), el, predictions, prefixes };
}

function overlapOf(
  truth: readonly number[],
  { prefix, decoded, n }: { prefix: number; decoded: ArrayLike<number>; n: number },
): WorkedPrefix {
  const gramsOf = (tokens: readonly number[]) =>
    Array.from({ length: tokens.length - n + 1 }, (_, s) => tokens.slice(s, s + n).join(" "));
  const known = gramsOf(truth.slice(prefix));
  const tokens = Array.from(decoded);
  const isMatch = gramsOf(tokens).map((gram) => known.includes(gram));
  const isMatched = tokens.map((_, t) => isMatch.slice(Math.max(0, t - n + 1), t + 1).includes(true));
  return { prefix, decoded: tokens, isMatched, matches: isMatch.filter(Boolean).length, grams: known.length };
}
