/**
 * Probing: how well a model knows each secret of a corpus (the paper's section 3.2): MA, and EL_n where asked for,
 * over the secret's tokens after the text before it.
 *
 * A place that two detectors found counts once; overlapping places that differ are kept apart.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import type { ProbedSecret } from "../datasets/forget_set.ts";
import type { MetricValues } from "../datasets/metrics.ts";
import { type SecretPlace, secretPlaceKey, spanFinder } from "../datasets/place.ts";
import { secretWindows } from "../datasets/secret_mask.ts";
import { type SecretInText, tokenizeSecrets } from "../datasets/secret_tokens.ts";
import type { Scorer, Scores } from "../metrics/scorer.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { textsOf } from "./texts_of.ts";

/** A secret's scores; without `el` each EL_n is null. */
export interface ProbeRow extends ProbedSecret, MetricValues {}

/** What a probe found. */
export interface ProbeResult {
  /** A row a secret. */
  rows: ProbeRow[];
  /** Secrets beyond the first window, where only that is treated. */
  notTreated: SecretPlace[];
}

/** How to probe. */
export interface ProbeOptions {
  /** Whether EL_n is wanted beside MA. */
  el?: boolean;
  /** Treat the first 512 tokens only, as the paper and the reference do. */
  firstWindowOnly?: boolean;
  /** Told how many secrets are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

interface Located extends SecretInText {
  place: SecretPlace;
  window: number;
  maskTokens: number;
}

/**
 * Scores the secrets of a corpus under a model.
 *
 * @param places of the secrets; those of documents that are not in `documents` are refused
 * @throws {RangeError} when a secret lies outside its document or in none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { trainTokenizer } from "../datasets/train_tokenizer.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Scorer } from "../metrics/scorer.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { newModel } from "../models/new_model.ts";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const sizes = { vocab_size: 257, n_positions: 64, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * using scorer = new Scorer(model);
 * const documents = [{ docId: "a", path: null, text: "k=aB3;" }];
 * const place = { doc_id: "a", tag: "KEY", start: 2, end: 5 };
 * const { rows } = await probeSecrets({ scorer, tokenizer }, { documents, places: [place, place] });
 * assertEquals(rows.map(({ secret_tokens, mask_tokens }) => [secret_tokens, mask_tokens]), [[3, 5]]);
 * ```
 */
export async function probeSecrets(
  { scorer, tokenizer }: { scorer: Scorer; tokenizer: Tokenizer },
  { documents, places }: { documents: readonly Document[]; places: readonly SecretPlace[] },
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const { located, notTreated } = await locateSecrets(tokenizer, { documents, places }, options);
  const tokens = await tokenizeSecrets(tokenizer, located);
  const scores = await scorer.secrets(tokens, {
    el: options.el ?? false,
    endOfText: tokenizer.endOfText,
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  return {
    rows: located.map((secret, i) => toRow(secret, tokens[i]!.secret.length, scores[i]!)),
    notTreated,
  };
}

function toRow({ place, window, maskTokens }: Located, secretTokens: number, scores: Scores): ProbeRow {
  const { tokens: _, ...metrics } = scores;
  return { ...place, window, secret_tokens: secretTokens, mask_tokens: maskTokens, ...metrics };
}

/** The secrets with their texts and windows, each place once. */
async function locateSecrets(
  tokenizer: Tokenizer,
  { documents, places }: { documents: readonly Document[]; places: readonly SecretPlace[] },
  { firstWindowOnly = false }: ProbeOptions,
): Promise<{ located: Located[]; notTreated: SecretPlace[] }> {
  const distinct = new Map(places.map((place) => [secretPlaceKey(place), place]));
  const byDocument = Map.groupBy(distinct.values(), ({ doc_id }) => doc_id);
  const ids = [...byDocument.keys()];
  const texts = textsOf(documents, ids);
  const encoded = await tokenizer.encodeBatch(ids.map((id) => texts.get(id)!));
  const located: Located[] = [];
  const notTreated: SecretPlace[] = [];
  ids.forEach((id, i) => {
    const text = texts.get(id)!;
    const spanOf = spanFinder(text, "probe");
    const spans = byDocument.get(id)!.map(({ doc_id, tag, start, end }) => {
      const place = { doc_id, tag, start, end };
      return { ...spanOf(place), place, text };
    });
    const cut = secretWindows(encoded[i]!, spans, { firstOnly: firstWindowOnly });
    notTreated.push(...cut.notTreated.map(({ place }) => place));
    for (const { window, mask, secrets } of cut.windows) {
      const maskTokens = mask.reduce((sum, bit) => sum + bit, 0);
      for (const secret of secrets) located.push({ ...secret, window, maskTokens });
    }
  });
  return { located, notTreated };
}
