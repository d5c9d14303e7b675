/**
 * The plain definition of MA and EL_n on our own engine: a full forward over the whole sequence for every token, no
 * cache, as the reference does, captured and through XLA so that the engine is the same. Far too slow to run whole, so
 * its time is added up from the time of one forward at each length and the number of forwards of that length.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { compile, type CompiledStep } from "../../lib/engine/compile.ts";
import { EL_ORDERS } from "../../lib/datasets/metrics.ts";
import type { Model } from "../../lib/models/model.ts";

/** Sequences are padded to multiples of this, so that few shapes are compiled. */
const UNIT = 8;

/** MA, EL_3, EL_5, EL_10 of a text. */
export type PlainScores = [number, number, number, number];

/** The definition, word for word; `using` frees its captured steps. */
export class PlainScorer implements Disposable {
  readonly #model: Model;
  readonly #next: CompiledStep<[Tensor, Tensor], Tensor>;

  /** @param model not owned */
  constructor(model: Model) {
    this.#model = model;
    this.#next = compile((ids: Tensor, last: Tensor) => this.#forward(ids, last), {
      name: "plain",
      xla: true,
    });
  }

  /** One forward for each row: the token that follows. */
  next(rows: readonly ArrayLike<number>[]): Int32Array {
    const length = rows[0]!.length;
    const padded = Math.ceil(length / UNIT) * UNIT;
    const ids = new Int32Array(rows.length * padded);
    rows.forEach((row, i) => ids.set(row, i * padded));
    return tf.tidy(() => {
      const input = tf.tensor2d(ids, [rows.length, padded], "int32");
      return this.#next(input, tf.tensor1d([length - 1], "int32")).dataSync() as Int32Array;
    });
  }

  /** Scores one text; the decodes of all its prefixes run side by side. */
  score(text: ArrayLike<number>): PlainScores {
    const truth = Array.from(text);
    const T = truth.length;
    let hits = 0;
    for (let t = 1; t < T; t++) if (this.next([truth.slice(0, t)])[0] === truth[t]) hits++;
    const prefixes = Array.from({ length: T - EL_ORDERS[0] }, (_, i) => i + 1);
    const rows = prefixes.map((prefix) => truth.slice(0, prefix));
    for (let t = 1; t < T; t++) {
      // The rows that have grown to t tokens; the shape is kept, so the others are filled up with zeros.
      const grown = this.next(rows.map((row) => Int32Array.from({ length: t }, (_, s) => row[s] ?? 0)));
      rows.forEach((row, i) => row.length === t && row.push(grown[i]!));
    }
    const el = (n: number) => {
      const shares = prefixes.filter((prefix) => prefix <= T - n).map((prefix) => {
        const grams = (tokens: number[]) =>
          Array.from(
            { length: T - prefix - n + 1 },
            (_, s) => tokens.slice(prefix + s, prefix + s + n).join(),
          );
        const wanted = new Set(grams(truth));
        return grams(rows[prefix - 1]!).filter((gram) => wanted.has(gram)).length / (T - prefix - n + 1);
      });
      return shares.reduce((sum, share) => sum + share, 0) / (T - n);
    };
    return [hits / (T - 1), el(3), el(5), el(10)];
  }

  /**
   * Seconds that the definition takes for `rows` texts of T tokens: each length's forward is timed once and counted as
   * often as it runs: once for MA, and once for each prefix up to that length that EL decodes from.
   *
   * @param decodes how many times EL's decodes run: once for all n, or once for each
   */
  estimate(texts: readonly ArrayLike<number>[], orders: readonly number[] = [EL_ORDERS[0]]): number {
    const T = texts[0]!.length;
    let total = 0;
    for (let end = UNIT; end < T + UNIT; end += UNIT) {
      const length = Math.min(end, T - 1);
      const rows = texts.map((text) => Array.from(text).slice(0, length));
      const start = performance.now();
      this.next(rows);
      const seconds = (performance.now() - start) / 1000;
      for (let t = end - UNIT + 1; t <= length; t++) {
        const decodes = orders.reduce((sum, n) => sum + Math.min(t, T - n), 0);
        total += seconds * (1 + decodes);
      }
    }
    return total;
  }

  /** As the reference's `model(ids).logits[:, -1]`: the logits of all positions, of which one is read. */
  #forward(ids: Tensor, last: Tensor): Tensor {
    const end = tf.gather(this.#model.logits(ids), last, 1); // [B, 1, V]
    return tf.reshape(tf.argMax(end, -1), [ids.shape[0]!]); // [B]
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]();
  }
}
