/**
 * A search for repositories that goes on where it was stopped: what was found so far and how far the search is stand in the
 * run's scratch folder, written after each page.
 *
 * @module
 */
import { join } from "node:path";
import type { GithubRequests } from "../collection/github_requests.ts";
import type { FoundRepository } from "../collection/search_page.ts";
import {
  beginSearch,
  nextRequest,
  type RepositorySearch,
  type SearchState,
  takePage,
} from "../collection/search_windows.ts";
import { openAppended } from "../files/append_file.ts";
import { makeFolder } from "../files/folders.ts";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import { syncFile, writeAll, writeFileAtomic } from "../files/write_file.ts";
import type { Context } from "./command.ts";

/** What is to be found, by whom. */
export interface CrawlOptions {
  search: RepositorySearch;
  /** Repositories, at most. */
  limit: number;
  requests: Pick<GithubRequests, "page">;
  /** Where the search's state is kept. */
  folder: string;
}

/** What was found. */
export interface Crawled {
  /** The most starred first. */
  repositories: FoundRepository[];
  /** Repositories that no search lists. */
  unlisted: number;
}

/** How far a search is, and how many bytes of what it found belong to that. */
interface Saved {
  state: SearchState;
  bytes: number;
}

const MAX_STATE_BYTES = 2 ** 24;
const MAX_FOUND_BYTES = 2 ** 28;

/**
 * Searches until all is found, or as many as are wanted.
 *
 * @throws {SearchError} as `GithubRequests.page`; {Error} if the state cannot be written or read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { crawlRepositories } from "./crawl_run.ts";
 *
 * const found = ["a", "b"].map((name, i) => ({
 *   ...{ repo: `ada/${name}`, url: `https://git.example/ada/${name}`, stars: 5 + i, created: "2024-02-29T12:00:00Z" },
 *   ...{ licence: "MIT", language: "Lua", kilobytes: 7 },
 * }));
 * const page = { count: 2, listed: 2, fewest: 5, found, next: null, remaining: null, resetAt: null };
 * const context = { progress: createProgress(), breathe: () => Promise.resolve() };
 * const { repositories } = await crawlRepositories({
 *   search: { language: "Lua", createdAfter: "2023-06-01", minStars: 5 },
 *   limit: 10,
 *   requests: { page: () => Promise.resolve(page) },
 *   folder: `${await Deno.makeTempDir()}/state`,
 * }, context);
 * assertEquals(repositories.map(({ repo }) => repo), ["ada/b", "ada/a"]);
 * ```
 */
export async function crawlRepositories(
  { search, limit, requests, folder }: CrawlOptions,
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
): Promise<Crawled> {
  await makeFolder(folder, { mode: 0o700 });
  const statePath = join(folder, "state.json");
  const foundPath = join(folder, "found.jsonl");
  let { state, bytes } = await readSaved(statePath) ?? { state: beginSearch(search, Date.now()), bytes: 0 };
  using file = await openAppended(foundPath, bytes);
  const found = await readFound(foundPath);
  const stage = progress.start("Searching", null, "repositories");
  stage.skip(found.size);
  while (found.size < limit) {
    const request = nextRequest(search, state);
    if (request === null) break;
    const taken = takePage(search, state, await requests.page(request));
    state = taken.state;
    const fresh = taken.found.filter(({ repo }) => !found.has(repo)).slice(0, limit - found.size);
    for (const one of fresh) found.set(one.repo, one);
    const lines = new TextEncoder().encode(fresh.map((one) => JSON.stringify(one) + "\n").join(""));
    if (lines.length > 0) {
      await writeAll(file, lines, foundPath);
      await syncFile(file, foundPath);
    }
    bytes += lines.length;
    await writeFileAtomic(statePath, JSON.stringify({ state, bytes }) + "\n");
    stage.advance(fresh.length, `${state.windows.length} searches left`);
    await breathe();
  }
  stage.done("");
  const repositories = [...found.values()].sort((a, b) => b.stars - a.stars || (a.repo < b.repo ? -1 : 1));
  return { repositories, unlisted: state.unlisted };
}

async function readSaved(path: string): Promise<Saved | undefined> {
  const text = await readOptional(path, MAX_STATE_BYTES);
  return text === undefined ? undefined : parse<Saved>(text, path);
}

async function readFound(path: string): Promise<Map<string, FoundRepository>> {
  const text = await readOptional(path, MAX_FOUND_BYTES) ?? "";
  const rows = text.split("\n").filter(Boolean).map((line) => parse<FoundRepository>(line, path));
  return new Map(rows.map((row) => [row.repo, row]));
}

async function readOptional(path: string, maxBytes: number): Promise<string | undefined> {
  if (await Deno.lstat(path).catch(() => undefined) === undefined) return undefined;
  return await readRegularText(path, { what: "the state of a search", maxBytes });
}

/** @throws {SyntaxError} If something else has written it */
function parse<T>(text: string, path: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot go on from "${path}": ${reasonOf(cause)}: give --force to begin anew`,
      { cause },
    );
  }
}
