/**
 * Which tokens begin and end a text, as the files beside a tokenizer say: tokenizer_config.json by their texts
 * (`bos_token`, `eos_token`, `add_bos_token`), else config.json by their ids (`bos_token_id`, `eos_token_id`).
 *
 * @module
 */

/** Tokens by their texts or ids, in the order in which they are looked for. */
export interface SpecialTokens {
  /** What ends a text. */
  ends?: readonly (string | number)[];
  /** What begins a text. */
  starts?: readonly (string | number)[];
  /** Whether the tokenizer puts the token that begins a text before it. Without it, its template says so. */
  addsStart?: boolean;
}

/** JSON objects. */
type Json = Readonly<Record<string, unknown>>;

/**
 * The tokens of both files.
 *
 * @param tokenizerConfig tokenizer_config.json, or nothing @param config config.json, or nothing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = { eos_token: { content: "<end>" }, add_bos_token: true };
 * const tokens = specialTokensOf(tokenizer, { bos_token_id: 1, eos_token_id: [2, 3] });
 * assertEquals(tokens, { ends: ["<end>", 2, 3], starts: [1], addsStart: true });
 * ```
 */
export function specialTokensOf(tokenizerConfig: Json, config: Json): SpecialTokens {
  const { add_bos_token: addsStart } = tokenizerConfig;
  return {
    ends: [...textOf(tokenizerConfig.eos_token), ...idsOf(config.eos_token_id)],
    starts: [...textOf(tokenizerConfig.bos_token), ...idsOf(config.bos_token_id)],
    ...typeof addsStart === "boolean" && { addsStart },
  };
}

/** A token is written as its text, or as an object that has it. */
function textOf(token: unknown): string[] {
  const text = token !== null && typeof token === "object" ? (token as Json).content : token;
  return typeof text === "string" ? [text] : [];
}

/** One id, or several where a turn of a chat ends too. */
function idsOf(value: unknown): number[] {
  return [value].flat().filter((id): id is number =>
    Number.isSafeInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31
  );
}
