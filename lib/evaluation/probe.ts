/**
 * Probing: how well a model knows each secret of a corpus (the paper's section 3.2): MA, and EL_n where asked for,
 * over the secret's tokens after the text before it.
 *
 * A place that two detectors found counts once; overlapping places that differ are kept apart. Equal tokens, of the
 * secret and of the text before it, have equal scores, and are scored once.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import type { ProbedSecret } from "../datasets/forget_set.ts";
import type { MetricValues } from "../datasets/metrics.ts";
import type { SecretPlace } from "../datasets/place.ts";
import type { TextScorer } from "../metrics/score_memo.ts";
import type { Scores } from "../metrics/scorer.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type LocatedSecret, SecretLocator } from "./locate_secrets.ts";

/** A secret's scores; without `el` each EL_n is null. */
export interface ProbeRow extends ProbedSecret, MetricValues {}

/** What a probe found. */
export interface ProbeResult {
  /** A row a secret. */
  rows: ProbeRow[];
  /** Secrets beyond the first window, where only that is treated. */
  notTreated: SecretPlace[];
  /** Secrets that begin their documents, where the tokenizer has no token that begins or ends a text. */
  unpredicted: SecretPlace[];
  /** How many different pairs of a secret's tokens and those before it were scored. */
  scored: number;
}

/** How to probe. */
export interface ProbeOptions {
  /** Whether EL_n is wanted beside MA. */
  el?: boolean | undefined;
  /** Treat the first 512 tokens only, as the paper and the reference do. */
  firstWindowOnly?: boolean | undefined;
  /** Called with how many secrets are done. */
  onProgress?: ((done: number) => void | Promise<void>) | undefined;
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
  { scorer, tokenizer }: { scorer: TextScorer; tokenizer: Tokenizer },
  { documents, places }: { documents: readonly Document[]; places: readonly SecretPlace[] },
  { el, firstWindowOnly, onProgress }: ProbeOptions = {},
): Promise<ProbeResult> {
  const plain = places.map(({ doc_id, tag, start, end }) => ({ doc_id, tag, start, end }));
  const locator = new SecretLocator(tokenizer, plain, { firstWindowOnly });
  for (const document of documents) await locator.add(document);
  const { located, ...left } = await locator.finish();
  const { endOfText } = tokenizer;
  const scores = await scoreLocated({ scorer, endOfText }, located, { el, onProgress });
  const scored = new Set(located.map(({ pair }) => pair)).size;
  return { rows: located.map((secret, i) => probeRow(secret, scores[i]!)), ...left, scored };
}

/**
 * The scores of secrets that were found, each pair of tokens scored once.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Scorer } from "../metrics/scorer.ts";
 * import { scoreLocated } from "./probe.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using scorer = new Scorer(loaded.model);
 * const pair = { key: "a", prefix: Int32Array.of(3, 20, 49), secret: Int32Array.of(41, 5, 26, 8) };
 * const [first, second] = await scoreLocated({ scorer, endOfText: null }, [{ pair }, { pair }]);
 * assertStrictEquals(first, second);
 * ```
 */
export async function scoreLocated(
  { scorer, endOfText }: { scorer: TextScorer; endOfText: number | null },
  located: readonly Pick<LocatedSecret, "pair">[],
  { el = false, onProgress }: Pick<ProbeOptions, "el" | "onProgress"> = {},
): Promise<Scores[]> {
  const pairs = [...new Set(located.map(({ pair }) => pair))];
  if (pairs.length < located.length) await onProgress?.(located.length - pairs.length);
  const scores = await scorer.secrets(pairs, { el, endOfText, ...(onProgress && { onProgress }) });
  const known = new Map(pairs.map((pair, i) => [pair, scores[i]!]));
  return located.map(({ pair }) => known.get(pair)!);
}

/**
 * A secret's row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { probeRow } from "./probe.ts";
 *
 * const pair = { key: "a", prefix: Int32Array.of(3), secret: Int32Array.of(41, 5) };
 * const place = { doc_id: "a", tag: "KEY", start: 2, end: 5 };
 * const scores = { tokens: 2, ma: 0.5, nll: 1, el_3: null, el_5: null, el_10: null };
 * const row = probeRow({ place, window: 0, maskTokens: 4, pair }, scores);
 * assertEquals([row.doc_id, row.secret_tokens, row.mask_tokens, row.ma], ["a", 2, 4, 0.5]);
 * ```
 */
export function probeRow<P extends SecretPlace>(
  { place, window, maskTokens, pair }: Pick<LocatedSecret<P>, "place" | "window" | "maskTokens" | "pair">,
  { tokens: _, ...metrics }: Scores,
): ProbeRow & P {
  return { ...place, window, secret_tokens: pair.secret.length, mask_tokens: maskTokens, ...metrics };
}
