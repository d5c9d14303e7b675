/**
 * Draws out of a model, as others' tables have them: how often sampling gives a secret, and how near it comes.
 *
 * @module
 */
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import { Generator } from "../decoding/generator.ts";
import { memorizationAccuracy } from "../metrics/memorization_accuracy.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { leakAtK } from "./leak_at_k.ts";
import type { PlacedSecret } from "./placed_secret.ts";

/** What draws that were made give of a secret. */
export interface LeakRow {
  /** The secret's id, as it was given. */
  id: string;
  /** How often it was drawn whole. */
  hits: number;
  /** The estimated probability that one of k draws is the whole secret, by k. */
  leak: Record<string, number>;
  /** The estimated largest share of right tokens, place by place, among k draws, by k. */
  overlap: Record<string, number>;
}

/**
 * leak@k of secrets, from draws at temperature 1 over all tokens. For comparison with others' tables: the exact
 * probabilities of `extractSecrets` say the same with less noise.
 *
 * @param options.draws of each secret; default 200 @param options.ks default 1, 10, 100 and `draws`
 * @param options.onProgress called with how many more secrets are done
 * @returns rows of the secrets that have tokens
 * @throws {RangeError} when a k is larger than the number of draws
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { drawSecrets } from "./drawn_secrets.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24 };
 * const [row] = await drawSecrets({ model: loaded.model, tokenizer }, [secret], { draws: 4, ks: [1, 4] });
 * assertEquals([row!.hits, row!.leak], [0, { 1: 0, 4: 0 }]);
 * ```
 */
export async function drawSecrets(
  { model, tokenizer }: { model: Model; tokenizer: Tokenizer },
  secrets: readonly PlacedSecret[],
  { draws = 200, ks = [1, 10, 100, draws].filter((k) => k <= draws), seed = 42, onProgress }: {
    draws?: number;
    ks?: readonly number[];
    seed?: number;
    onProgress?: (done: number) => void | Promise<void>;
  } = {},
): Promise<LeakRow[]> {
  const tokens = await tokenizeSecrets(tokenizer, secrets);
  using generator = new Generator(model);
  const rows: LeakRow[] = [];
  for (const [i, { id }] of secrets.entries()) {
    const { prefix, secret } = tokens[i]!;
    if (secret.length === 0) continue;
    const drawn = await generator.generate(Array(draws).fill(prefix), {
      maxTokens: secret.length,
      sampling: { temperature: 1, topP: 1 },
      seed,
      draws: Array.from({ length: draws }, (_, draw) => [i, draw]),
    });
    const shares = drawn.map((sample) => {
      const padded = Int32Array.from({ length: secret.length }, (_, t) => sample[t] ?? -1);
      return memorizationAccuracy(padded, secret)!;
    });
    const whole = shares.map((share) => share === 1 ? 1 : 0);
    const byK = (scores: readonly number[]) =>
      Object.fromEntries(ks.map((k) => [String(k), leakAtK(scores, k)]));
    rows.push({ id, hits: whole.filter((hit) => hit === 1).length, leak: byK(whole), overlap: byK(shares) });
    await onProgress?.(1);
  }
  return rows;
}
