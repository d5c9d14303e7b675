/**
 * How many tokens of what are taken, as the paper and the reference have them. A number that merely equals one of these,
 * such as a unit of padding, is not one of them.
 *
 * @module
 */

/** Most tokens of a secret. */
export const SECRET_TOKENS = 32;
/** Most tokens before a secret, where it is scored; a window that is opened for a secret begins as many before it. */
export const PREFIX_TOKENS = 128;
/** Most tokens of a window of a document, which is a row of a forget set. */
export const WINDOW_TOKENS = 512;

/**
 * Most tokens of a window for a model, which may have fewer positions than {@linkcode WINDOW_TOKENS}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { windowTokensOf } from "./token_counts.ts";
 *
 * assertEquals([256, 2048].map((maxPositions) => windowTokensOf({ maxPositions })), [256, 512]);
 * ```
 */
export function windowTokensOf({ maxPositions }: { maxPositions: number }): number {
  return Math.min(WINDOW_TOKENS, maxPositions);
}

/** Most tokens of a text that is scored as a whole, such as the unseen ones that thresholds are taken of. */
export const TEXT_TOKENS = 128;
/** Tokens of a retain text, which is scored as other texts are. */
export const RETAIN_TOKENS = TEXT_TOKENS;
/** The first of them, after which the model is to continue with the others. */
export const RETAIN_PREFIX_TOKENS = 64;
