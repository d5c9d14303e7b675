/**
 * Secrets as a model meets them: the value tokenized on its own and cut to 32 tokens, the text before it tokenized
 * and cut to its last 128 tokens (the paper's section 3.2).
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { PREFIX_TOKENS, SECRET_TOKENS } from "./token_counts.ts";

/** A secret in its text. */
export interface SecretInText extends Span {
  /** The document's text. */
  text: string;
}

/** A secret's tokens and those of what stands before it. */
export interface TokenizedSecret {
  /** The tokens before the secret, at least one: the one that begins a text where there is no text. */
  prefix: Int32Array | readonly number[];
  /** The secret's own tokens, at most 32. */
  secret: Int32Array | readonly number[];
}

/**
 * Tokenizes secrets and what stands before them. A secret with no text before it is conditioned on the
 * tokenizer's beginning-of-text token, or its end-of-text token where it has none (the reference: on padding only).
 *
 * @throws {RangeError} when a secret begins its text and the tokenizer has no end-of-text token
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 * import { trainTokenizer } from "./train_tokenizer.ts";
 *
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const [tokens] = await tokenizeSecrets(tokenizer, [{ text: "key = aB3", start: 6, end: 9 }]);
 * assertEquals([tokens!.prefix.length, tokens!.secret.length], [6, 3]);
 * ```
 */
export async function tokenizeSecrets(
  tokenizer: Tokenizer,
  secrets: readonly SecretInText[],
): Promise<TokenizedSecret[]> {
  const values = await tokenizer.encodeIds(secrets.map(({ text, start, end }) => text.slice(start, end)));
  const prefixes = await tokenizer.encodeEnds(
    secrets.map(({ text, start }) => text.slice(0, start)),
    PREFIX_TOKENS,
  );
  const begin = await tokenizer.startOfText();
  return secrets.map(({ start }, i) => {
    const before = prefixes[i]!;
    if (before.length === 0 && begin === null) {
      throw new RangeError(
        `Cannot score the secret at ${start} as no text stands before it: the tokenizer has no end-of-text token`,
      );
    }
    return {
      prefix: before.length > 0 ? before : Int32Array.of(begin!),
      secret: values[i]!.slice(0, SECRET_TOKENS),
    };
  });
}
