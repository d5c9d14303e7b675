/**
 * MA and EL_n by their definitions (Tirumala et al., 2022; Jang et al., 2023): one full forward for every token that is
 * predicted or generated, no cache, no batch, no savings. What the fast ones are compared with.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  LIKELIHOOD_NAMES,
  type LikelihoodName,
  type MetricValues,
  perMetric,
} from "../../lib/datasets/metrics.ts";
import { compile } from "../../lib/engine/compile.ts";
import type { Model } from "../../lib/models/model.ts";

/** The model's argmax after some tokens. */
export type Predict = (tokens: readonly number[]) => number;

/** Scores of a text or secret; null where one is not defined. */
export type PlainScores = MetricValues<"ma" | LikelihoodName>;

/** Every EL_n of one way to compute it. */
const everyEl = (el: (n: number) => number | null) =>
  perMetric(LIKELIHOOD_NAMES, (name) => el(Number(name.slice("el_".length))));

/** Runs the whole of the tokens through a model, for every token anew; `using` frees the step it compiles. */
export function predictWith(model: Model): Predict & Disposable {
  const known = new Map<string, number>(); // the same tokens are asked for by several prefixes
  const step = compile((ids: tf.Tensor) => tf.argMax(tf.reshape(model.logits(ids), [ids.shape[1]!, -1]), -1));
  const predict = (tokens: readonly number[]) => {
    const key = tokens.join();
    let next = known.get(key);
    if (next === undefined) {
      const ids = tf.tensor2d([...tokens], [1, tokens.length], "int32");
      const predictions = step(ids);
      known.set(key, next = predictions.dataSync().at(-1)!);
      tf.dispose([ids, predictions]);
    }
    return next;
  };
  return Object.assign(predict, { [Symbol.dispose]: () => step[Symbol.dispose]() });
}

/** MA over tokens 1..T-1 and EL_n over prefixes of 1..T-n tokens of a text. */
export function scoreText(predict: Predict, text: readonly number[]): PlainScores {
  const T = text.length;
  const el = (n: number) => {
    if (T < n + 1) return null;
    let total = 0;
    for (let i = 1; i <= T - n; i++) {
      total += overlap(decode(predict, text.slice(0, i), T - i), text.slice(i), n);
    }
    return total / (T - n);
  };
  return { ma: accuracy(predict, text.slice(0, 1), text.slice(1)), ...everyEl(el) };
}

/** MA over a secret's tokens and EL_n over i = 0..v-n of them, after a prefix; a generated end of text ends a decode. */
export function scoreSecret(
  predict: Predict,
  { prefix, secret, endOfText = null }: {
    prefix: readonly number[];
    secret: readonly number[];
    endOfText?: number | null;
  },
): PlainScores {
  const v = secret.length;
  if (v === 0) return { ma: null, ...everyEl(() => null) };
  const continuation = (i: number) => decode(predict, [...prefix, ...secret.slice(0, i)], v - i, endOfText);
  const el = (n: number) => {
    if (v < n) return continuation(0).join() === secret.join() ? 1 : 0;
    let total = 0;
    for (let i = 0; i <= v - n; i++) total += overlap(continuation(i), secret.slice(i), n);
    return total / (v - n + 1);
  };
  return { ma: accuracy(predict, prefix, secret), ...everyEl(el) };
}

function accuracy(predict: Predict, prefix: readonly number[], tokens: readonly number[]): number | null {
  if (tokens.length === 0) return null;
  const hits = tokens.filter((token, t) => predict([...prefix, ...tokens.slice(0, t)]) === token);
  return hits.length / tokens.length;
}

/** Greedy tokens after a prefix. */
function decode(
  predict: Predict,
  prefix: readonly number[],
  count: number,
  endOfText: number | null = null,
): number[] {
  const tokens: number[] = [];
  while (tokens.length < count && (endOfText === null || tokens.at(-1) !== endOfText)) {
    tokens.push(predict([...prefix, ...tokens]));
  }
  return tokens;
}

/** The decoded n-grams, counted with repeats, that occur in the truth, by the truth's number of n-grams. */
function overlap(decoded: readonly number[], truth: readonly number[], n: number): number {
  const among = new Set(grams(truth, n));
  return grams(decoded, n).filter((gram) => among.has(gram)).length / (truth.length - n + 1);
}

function grams(tokens: readonly number[], n: number): string[] {
  return Array.from({ length: Math.max(0, tokens.length - n + 1) }, (_, s) => tokens.slice(s, s + n).join());
}
