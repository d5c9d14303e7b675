/**
 * Secrets and their controls as tokens: one text before them, and what may follow it.
 *
 * @module
 */
import { type TokenizedSecret, tokenizeSecrets } from "../datasets/secret_tokens.ts";
import { SECRET_TOKENS } from "../datasets/token_counts.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { ControlValues } from "./control_values.ts";
import type { PlacedSecret } from "./placed_secret.ts";

/** A secret with its controls. */
export interface ControlTokens {
  /** The tokens before the secret. */
  prefix: TokenizedSecret["prefix"];
  /** The secret's own tokens, then each control's, cut as the secret's are; no two alike. */
  suffixes: TokenizedSecret["secret"][];
}

/**
 * Draws controls and tokenizes them as the secret in whose place they stand. Those that are the same to a model, as they
 * differ beyond the tokens that are scored only, are one.
 *
 * @param options.controls of each secret, at most @param options.seed of the draws
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { controlTokens } from "./control_tokens.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const secret = { id: "a", text: "port = 80", tag: "KEY", start: 7, end: 9 };
 * const [{ prefix, suffixes }] = await controlTokens(tokenizer, [secret], { controls: 5, seed: 1 }) as [any];
 * assertEquals([prefix.length > 0, suffixes.length], [true, 6]);
 * ```
 */
export async function controlTokens(
  tokenizer: Tokenizer,
  secrets: readonly PlacedSecret[],
  { controls, seed }: { controls: number; seed: number },
): Promise<ControlTokens[]> {
  const values = new ControlValues(tokenizer);
  const made = await tokenizeSecrets(tokenizer, secrets.filter(({ tokens }) => !tokens));
  const tokens = secrets.map(({ tokens }) => tokens ?? made.shift()!);
  const drawn = await Promise.all(
    secrets.map(({ id, text, tag, start, end }) =>
      values.draw({ value: text.slice(start, end), tag }, { count: controls, place: id, seed })
    ),
  );
  const ids = await tokenizer.encodeIds(drawn.flat());
  return tokens.map(({ prefix, secret }, i) => {
    const own = ids.splice(0, drawn[i]!.length);
    return { prefix, suffixes: distinct([secret, ...own.map((control) => control.slice(0, SECRET_TOKENS))]) };
  });
}

/**
 * Rows of tokens without those that came before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { distinct } from "./control_tokens.ts";
 *
 * assertEquals(distinct([[1, 2], [1], [1, 2], [12]]), [[1, 2], [1], [12]]);
 * ```
 */
export function distinct<T extends ArrayLike<number>>(rows: readonly T[]): T[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = Array.from(row).join(" ");
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * The first place where two rows of tokens are not the same; the shorter one's length where it begins the other.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parting } from "./control_tokens.ts";
 *
 * assertEquals([parting([1, 2], [1, 3]), parting([1, 2], [1]), parting([], [1])], [1, 1, 0]);
 * ```
 */
export function parting(one: ArrayLike<number>, other: ArrayLike<number>): number {
  const shorter = Math.min(one.length, other.length);
  let at = 0;
  while (at < shorter && one[at] === other[at]) at++;
  return at;
}
