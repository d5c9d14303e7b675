/**
 * Which texts are long enough, without the tokens of all that they have.
 *
 * @module
 */
import type { Tokenizer } from "../tokenizers/tokenizer.ts";

/** Characters of a text that are looked at first, a token asked for. */
const HEAD_CHARACTERS = 16;

/** A text, and the number by which errors call it. */
type NumberedText = { text: string; row: number };

/**
 * Whether each text has so many tokens. A text's head tells where it has twice as many: how a text goes on changes the
 * tokens at its head's end only. Other texts are tokenized whole.
 *
 * @param tokens at least 1
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { haveTokens } from "./have_tokens.ts";
 *
 * const texts = [{ text: "x = 1\n".repeat(1000), row: 0 }, { text: "x", row: 1 }];
 * assertEquals(await haveTokens(await openTokenizer("data/model"), texts, 128), [true, false]);
 * ```
 */
export async function haveTokens(
  tokenizer: Tokenizer,
  texts: readonly NumberedText[],
  tokens: number,
): Promise<boolean[]> {
  const count = async (of: readonly NumberedText[]) => {
    const ids = await tokenizer.encodeIds(of.map(({ text }) => text), {
      nameOf: (i) => `text ${of[i]!.row}`,
    });
    return ids.map(({ length }) => length);
  };
  const characters = HEAD_CHARACTERS * tokens;
  const heads = await count(
    texts.map(({ text, row }) => ({ text: text.slice(0, characters).toWellFormed(), row })),
  );
  const isOpen = texts.map(({ text }, i) => text.length > characters && heads[i]! < 2 * tokens);
  const whole = await count(texts.filter((_, i) => isOpen[i]));
  return heads.map((length, i) => (isOpen[i] ? whole.shift()! : length) >= tokens);
}
