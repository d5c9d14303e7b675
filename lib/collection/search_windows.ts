/**
 * All repositories of a search that lists 1,000 results at most: the most starred first, and when these are read, what has
 * as many stars as the last of them or fewer, again and again. Where 1,000 and more have the same number of stars, their
 * dates of creation are halved until fewer are left. (The reference goes on with fewer stars than the last, and so loses
 * what ties with it.)
 *
 * @module
 */
import type { SearchRequest } from "./github_requests.ts";
import type { FoundRepository, SearchPage } from "./search_page.ts";

/** What is searched for. */
export interface RepositorySearch {
  /** As GitHub spells it. */
  language: string;
  /** A day, "2023-06-01": repositories were made after it. */
  createdAfter: string;
  minStars: number;
}

/** A part of a search that is listed in one go. */
export interface SearchWindow {
  /** The most stars; null without a bound. */
  maxStars: number | null;
  /** The fewest. */
  minStars: number;
  /** Between which seconds since 1970 the repositories were made, both included; null for all after the day. */
  created: readonly [from: number, to: number] | null;
}

/** How far a search is: plain data, to go on from. */
export interface SearchState {
  /** What is to be listed; the first is being listed. */
  windows: SearchWindow[];
  /** Where its next page begins. */
  cursor: string | null;
  /** What was listed of it, and the fewest stars there. */
  listed: number;
  fewest: number | null;
  /** When the search began, in seconds since 1970. */
  begun: number;
  /** Repositories that no search lists: too many were made in one second with as many stars. */
  unlisted: number;
}

/** As many as one search lists. */
export const WINDOW_RESULTS = 1000;
const PAGE_RESULTS = 100;

/**
 * Where a search begins.
 *
 * @param now in milliseconds
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { beginSearch } from "./search_windows.ts";
 *
 * const { windows } = beginSearch({ language: "Lua", createdAfter: "2023-06-01", minStars: 500 }, 0);
 * assertEquals(windows, [{ maxStars: null, minStars: 500, created: null }]);
 * ```
 */
export function beginSearch({ minStars }: RepositorySearch, now: number): SearchState {
  return {
    windows: [{ maxStars: null, minStars, created: null }],
    cursor: null,
    listed: 0,
    fewest: null,
    begun: Math.floor(now / 1000),
    unlisted: 0,
  };
}

/**
 * The next request of a search; null when all is listed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { beginSearch, nextRequest } from "./search_windows.ts";
 *
 * const search = { language: "Vim Script", createdAfter: "2023-06-01", minStars: 500 };
 * const { query } = nextRequest(search, beginSearch(search, 0))!;
 * assertEquals(query, 'language:"Vim Script" fork:false created:>2023-06-01 stars:>=500 sort:stars');
 * ```
 */
export function nextRequest(search: RepositorySearch, state: SearchState): SearchRequest | null {
  const [window] = state.windows;
  if (!window) return null;
  const { maxStars, minStars, created } = window;
  const language = /^\w+$/.test(search.language) ? search.language : `"${search.language}"`;
  const time = (seconds: number) => new Date(1000 * seconds).toISOString().replace(".000", "");
  const when = created ? `${time(created[0])}..${time(created[1])}` : `>${search.createdAfter}`;
  const stars = maxStars === null ? `>=${minStars}` : `${minStars}..${maxStars}`;
  const query = `language:${language} fork:false created:${when} stars:${stars} sort:stars`;
  return { query, cursor: state.cursor, size: PAGE_RESULTS };
}

/**
 * How far the search is after a page, and what of the page was asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { beginSearch, takePage } from "./search_windows.ts";
 *
 * const search = { language: "Lua", createdAfter: "2023-06-01", minStars: 5 };
 * const page = { count: 3000, listed: 1000, fewest: 7, found: [], next: null, remaining: null, resetAt: null };
 * const { state } = takePage(search, beginSearch(search, 0), page);
 * assertEquals(state.windows, [{ maxStars: 7, minStars: 5, created: null }]);
 * ```
 */
export function takePage(
  search: RepositorySearch,
  state: SearchState,
  page: SearchPage,
): { state: SearchState; found: FoundRepository[] } {
  const found = page.found.filter(({ created, stars }) =>
    created.slice(0, 10) > search.createdAfter && stars >= search.minStars
  );
  const listed = state.listed + page.listed;
  const both = [state.fewest, page.fewest].filter((stars) => stars !== null);
  const fewest = both.length > 0 ? Math.min(...both) : null;
  if (page.next !== null) return { state: { ...state, cursor: page.next, listed, fewest }, found };
  const [window, ...windows] = state.windows;
  const isCut = listed >= WINDOW_RESULTS && page.count > listed && fewest !== null;
  const smaller = isCut ? narrow(window!, fewest, { search, begun: state.begun }) : [];
  const isStuck = isCut && smaller.length === 0;
  return {
    state: {
      ...state,
      windows: [...smaller, ...windows],
      cursor: null,
      listed: 0,
      fewest: null,
      unlisted: state.unlisted + (isStuck ? page.count - listed : 0),
    },
    found,
  };
}

/** What of a window was not listed; of what ties with its last stars some is listed again. */
function narrow(
  { maxStars, minStars, created }: SearchWindow,
  fewest: number,
  { search, begun }: { search: RepositorySearch; begun: number },
): SearchWindow[] {
  if (maxStars === null || fewest < maxStars) return [{ maxStars: fewest, minStars, created }];
  const day = Date.parse(`${search.createdAfter}T00:00:00Z`) / 1000 + 86_400;
  const [from, to] = created ?? [Math.min(day, begun), begun];
  const middle = Math.floor((from + to) / 2);
  const halves = from === to ? [] : [[from, middle], [middle + 1, to]] as const;
  const rest = maxStars > minStars ? [{ maxStars: maxStars - 1, minStars, created }] : [];
  return [...halves.map((created) => ({ maxStars, minStars: maxStars, created })), ...rest];
}
