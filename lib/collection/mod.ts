/**
 * Where unseen code comes from: texts that are there twice or nearly so, texts that a training corpus holds, and samples
 * of what is left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SharedWindows } from "./mod.ts";
 *
 * const text = Array.from({ length: 60 }, (_, i) => `f(${i})`).join("\n");
 * const windows = new SharedWindows();
 * windows.add(text, 0);
 * assertEquals(windows.search(`# another beginning\n${text}`), [0]);
 * ```
 *
 * @module
 */
export {
  COMMENT_STYLES,
  type CommentedLanguage,
  commentedLanguage,
  type CommentStyle,
} from "./comment_styles.ts";
export { type Bands, bandsFor, MinHash, shareFound } from "./min_hash.ts";
export { type NearDuplicate, NearDuplicates } from "./near_duplicates.ts";
export { withoutOpeningComments, withoutOpeningLines } from "./opening_comments.ts";
export { LowestRanks, pythonRanks, SAMPLE_ORDERS } from "./sample_order.ts";
export { SeenTexts } from "./seen_texts.ts";
export { SHARED_TOKENS, SharedWindows } from "./shared_windows.ts";
export { jaccard, SHINGLE_WORDS, shinglesOf } from "./shingles.ts";
export { tokenHashes, type TokenHashesOptions } from "./token_hashes.ts";
