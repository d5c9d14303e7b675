/**
 * The retain set: memorized code without secrets (the paper's section 4.2). A text of at least 128 tokens is kept when
 * the greedy continuation of its tokens 0..63 agrees with tokens 64..127 by BLEU-4 >= 0.95, computed as the reference
 * does: on characters, with NLTK's smoothing method 4.
 *
 * @module
 */
import { SET_ROWS } from "../datasets/forget_set.ts";
import { PythonRandom } from "../datasets/python_random.ts";
import { RETAIN_PREFIX_TOKENS, RETAIN_TOKENS } from "../datasets/token_counts.ts";
import { bleu } from "../metrics/bleu.ts";
import type { Decoder } from "../decoding/decoder.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { greedyContinuations } from "./continuations.ts";

/** The least BLEU-4. */
export const RETAIN_BLEU = 0.95;

/** A text's score. */
export interface RetainRow {
  /** The document. */
  doc_id: string;
  /** BLEU-4 of the continuation; null where any text is taken. */
  bleu4: number | null;
}

/**
 * BLEU-4 of each text's greedy continuation.
 *
 * @param texts token ids, each at least 128
 * @param onProgress told how many texts are done
 * @throws {RangeError} when a text is shorter
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { trainTokenizer } from "../datasets/train_tokenizer.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Decoder } from "../decoding/decoder.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { newModel } from "../models/new_model.ts";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const sizes = { vocab_size: 257, n_positions: 128, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * using decoder = new Decoder(model);
 * const [score] = await continuationBleu({ decoder, tokenizer }, [new Int32Array(128).map((_, t) => 1 + t)]);
 * assert(score! < 0.95); // it never saw the text
 * ```
 */
export async function continuationBleu(
  { decoder, tokenizer }: { decoder: Decoder; tokenizer: Tokenizer },
  texts: readonly Int32Array[],
  onProgress?: (done: number) => void | Promise<void>,
): Promise<number[]> {
  const scores: number[] = [];
  for (let first = 0; first < texts.length; first += decoder.batch) {
    const chunk = texts.slice(first, first + decoder.batch).map((ids) => ids.subarray(0, RETAIN_TOKENS));
    const short = chunk.findIndex((ids) => ids.length < RETAIN_TOKENS);
    if (short >= 0) {
      throw new RangeError(
        `Cannot continue text ${first + short}: it has ${
          chunk[short]!.length
        } tokens, ${RETAIN_TOKENS} are needed`,
      );
    }
    const prefixed = chunk.map((ids) => ({ ids, from: RETAIN_PREFIX_TOKENS }));
    const written = await greedyContinuations(decoder, prefixed, { nameOf: (i) => `text ${first + i}` });
    for (const [i, continuation] of written.entries()) {
      const truth = chunk[i]!.subarray(RETAIN_PREFIX_TOKENS);
      const isEqual = continuation.every((token, t) => token === truth[t]);
      const [reference, hypothesis] = [await tokenizer.decode(truth), await tokenizer.decode(continuation)];
      scores.push(isEqual ? 1 : bleu(hypothesis, reference));
    }
    await onProgress?.(chunk.length);
  }
  return scores;
}

/** How to choose a retain set. */
export interface RetainOptions {
  /** Texts of the set. Default 32, or as many as there are where fewer pass. */
  k?: number | undefined;
  /** The seed of the shuffle. */
  seed: number;
  /** The least BLEU-4, {@linkcode RETAIN_BLEU} by default; null takes any text. */
  minBleu?: number | null;
  /** How many texts were too short to be continued; for the error's text. */
  tooShort?: number;
}

/**
 * Keeps what passes the bound, shuffles, and takes the first k.
 *
 * @throws {RangeError} when fewer than k pass
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const rows = [{ doc_id: "a", bleu4: 1 }, { doc_id: "b", bleu4: 0.5 }];
 * assertEquals(chooseRetainSet(rows, { k: 1, seed: 42 }), [{ doc_id: "a", bleu4: 1 }]);
 * ```
 */
export function chooseRetainSet(
  rows: readonly RetainRow[],
  { k, seed, minBleu = RETAIN_BLEU, tooShort = 0 }: RetainOptions,
): RetainRow[] {
  const kept = rows.filter(({ bleu4 }) => minBleu === null || (bleu4 !== null && bleu4 >= minBleu));
  const most = k ?? Math.min(SET_ROWS, kept.length);
  if (kept.length < Math.max(1, most)) {
    const short = tooShort > 0 ? `; ${tooShort} have fewer than ${RETAIN_TOKENS} tokens` : "";
    const helps = [...(k === undefined ? [] : ["a smaller --k"]), "more texts"];
    const best = rows.reduce((most, { bleu4 }) => Math.max(most, bleu4 ?? 0), 0);
    const found = minBleu === null
      ? `${kept.length} texts are there: give ${helps.join(" or ")}`
      : `${kept.length} texts reach BLEU-4 ${minBleu}, the best has ${best.toFixed(2)}: ` +
        `give ${helps.join(", ")}, a smaller --min-bleu, or --any for texts that need not be memorized`;
    throw new RangeError(`Cannot choose a retain set of ${k ?? SET_ROWS}: ${found}${short}`);
  }
  return new PythonRandom(seed).shuffle(kept).slice(0, most);
}
