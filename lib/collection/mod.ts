/**
 * Where unseen code comes from: repositories by GitHub's search, their source files, and those of packages.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findLanguage, hasTokens } from "./mod.ts";
 *
 * const { name } = await findLanguage("lua");
 * assertEquals(await hasTokens("local x = 1", name, 7), true);
 * ```
 *
 * @module
 */
export { type ArchivedFile, readArchive, type ReadArchiveOptions } from "./archives.ts";
export { type ClonedSources, type CloneOptions, cloneSources, type SourceFile } from "./clone_repository.ts";
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
export type { FoundRepository, SearchPage } from "./search_page.ts";
export {
  beginSearch,
  nextRequest,
  type RepositorySearch,
  type SearchState,
  type SearchWindow,
  takePage,
} from "./search_windows.ts";
export { type SkipReason, type SourceRule, type SourceText, sourceText } from "./source_text.ts";
