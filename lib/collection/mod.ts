/**
 * Where unseen code comes from: repositories by GitHub's search, their source files and those of packages; texts that are
 * there twice or nearly so, or that a training corpus holds; and samples of what is left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findLanguage, hasTokens, SharedWindows } from "./mod.ts";
 *
 * const { name } = await findLanguage("lua");
 * assertEquals(await hasTokens("local x = 1", name, 7), true);
 * const text = Array.from({ length: 60 }, (_, i) => `f(${i})`).join("\n");
 * const windows = new SharedWindows();
 * windows.add(text, 0);
 * assertEquals(windows.search(`# another beginning\n${text}`), [0]);
 * ```
 *
 * @module
 */
export { type ArchivedFile, readArchive, type ReadArchiveOptions } from "./archives.ts";
export { type ClonedSources, type CloneOptions, cloneSources, type SourceFile } from "./clone_repository.ts";
export {
  COMMENT_STYLES,
  type CommentedLanguage,
  commentedLanguage,
  type CommentStyle,
} from "./comment_styles.ts";
export { GitError, type GitFailure } from "./git_command.ts";
export { SearchError } from "./github_error.ts";
export {
  GITHUB_ENDPOINT,
  GithubRequests,
  type GithubRequestsOptions,
  type SearchRequest,
} from "./github_requests.ts";
export { findLanguage, type SourceLanguage } from "./languages.ts";
export { hasTokens } from "./lexer_tokens.ts";
export { type Bands, bandsFor, MinHash, shareFound } from "./min_hash.ts";
export { type NearDuplicate, NearDuplicates } from "./near_duplicates.ts";
export { withoutOpeningComments, withoutOpeningLines } from "./opening_comments.ts";
export { LowestRanks, pythonRanks, SAMPLE_ORDERS } from "./sample_order.ts";
export type { FoundRepository, SearchPage } from "./search_page.ts";
export {
  beginSearch,
  nextRequest,
  type RepositorySearch,
  type SearchState,
  type SearchWindow,
  takePage,
} from "./search_windows.ts";
export { SeenTexts } from "../datasets/seen_texts.ts";
export {
  DISTINCT_TOKENS,
  SHARED_TOKENS,
  SharedWindows,
  type SharedWindowsOptions,
} from "./shared_windows.ts";
export { jaccard, SHINGLE_WORDS, shinglesOf } from "./shingles.ts";
export { type SkipReason, type SourceRule, type SourceText, sourceText } from "./source_text.ts";
export { tokenHashes, type TokenHashesOptions } from "./token_hashes.ts";
