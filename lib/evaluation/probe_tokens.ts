/**
 * Probing token by token: which tokens of a secret a model knows, and how sure it is of each. The tokens' texts are
 * masked: of a long secret two characters are shown, all others are dots.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import { type SecretPlace, spanFinder } from "../datasets/place.ts";
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import type { Scorer } from "../metrics/scorer.ts";
import { describeSecret, SECRET_DOT, shownLength, visibleCharacter } from "../secrets/fingerprint.ts";
import type { EncodedText, Tokenizer } from "../tokenizers/tokenizer.ts";
import { textsOf } from "./texts_of.ts";

/** A token of a secret. */
export interface ProbedToken {
  /** Its characters, masked. */
  text: string;
  /** Whether it is the model's first choice given all before it. */
  hit: boolean;
  /** Its log-probability, nats. */
  log_probability: number;
}

/** A secret, token by token; at most its first 32. */
export interface ProbedTokens extends SecretPlace {
  /** The secret's description, as `describeSecret` gives it. */
  description: string;
  /** The secret's tokens, in order. */
  tokens: ProbedToken[];
}

/**
 * Scores the tokens of secrets under a model.
 *
 * @param places of the secrets; a few: each result holds every token
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
 * import { probeTokens } from "./probe_tokens.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const sizes = { vocab_size: 257, n_positions: 64, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * using scorer = new Scorer(model);
 * const documents = [{ docId: "a", path: null, text: "k=aB3-;" }];
 * const place = { doc_id: "a", tag: "KEY", start: 2, end: 6 };
 * const [secret] = await probeTokens({ scorer, tokenizer }, { documents, places: [place] });
 * assertEquals(secret!.tokens.map(({ text }) => text), ["•", "•", "•", "•"]);
 * ```
 */
export async function probeTokens(
  { scorer, tokenizer }: { scorer: Scorer; tokenizer: Tokenizer },
  { documents, places }: { documents: readonly Document[]; places: readonly SecretPlace[] },
): Promise<ProbedTokens[]> {
  const ids = new Set(places.map(({ doc_id }) => doc_id));
  const texts = textsOf(documents, ids);
  const finders = new Map(Array.from(ids, (id) => [id, spanFinder(texts.get(id)!, "probe")]));
  const secrets = places.map((place) => {
    return { text: texts.get(place.doc_id)!, ...finders.get(place.doc_id)!(place) };
  });
  const values = secrets.map(({ text, start, end }) => text.slice(start, end));
  const encoded = await tokenizer.encodeBatch(values);
  const scores = await scorer.tokens(await tokenizeSecrets(tokenizer, secrets));
  return places.map(({ doc_id, tag, start, end }, i) => {
    const { hits, logProbabilities } = scores[i] ?? { hits: [], logProbabilities: [] };
    const shown = maskTokens(values[i]!, encoded[i]!);
    return {
      doc_id,
      tag,
      start,
      end,
      description: describeSecret(tag, values[i]!),
      tokens: hits.map((hit, t) => ({ text: shown[t]!, hit, log_probability: logProbabilities[t]! })),
    };
  });
}

/**
 * The texts of a secret's tokens with all but what `shownLength` allows as dots. A character that several
 * tokens share stands in the first of them only.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maskTokens } from "./probe_tokens.ts";
 *
 * assertEquals(maskTokens("ada@x", { starts: [0, 1, 3], ends: [1, 3, 5] }), ["•", "••", "••"]);
 * ```
 */
export function maskTokens(
  value: string,
  { starts, ends }: { [N in "starts" | "ends"]: ArrayLike<EncodedText[N][number]> },
): string[] {
  const shown = shownLength(value);
  let done = 0;
  return Array.from({ length: starts.length }, (_, t) => {
    const [from, to] = [Math.max(done, starts[t]!), ends[t]!];
    done = Math.max(done, to);
    const clear = Array.from(value.slice(from, Math.min(to, shown)), visibleCharacter);
    const dots = Array.from(value.slice(Math.max(from, shown), to), () => SECRET_DOT);
    return [...clear, ...dots].join("");
  });
}
