/**
 * GitHub's search for repositories by GraphQL: one page an answer, asked again after a limit or a break. The token goes to
 * the endpoint that was named and nowhere else, in a header only; no message holds it.
 *
 * @module
 */
import { wait } from "../hub/with_retries.ts";
import { explainAnswer, explainFailure, SearchError, waitAskedFor } from "./github_error.ts";
import { readSearchPage, type SearchPage } from "./search_page.ts";

/** Where GitHub's GraphQL is. */
export const GITHUB_ENDPOINT = "https://api.github.com/graphql";

/** Options of {@linkcode GithubRequests}. */
export interface GithubRequestsOptions {
  /** The address of a GraphQL of GitHub's: another for GitHub Enterprise. */
  endpoint?: string | undefined;
  token: string;
  /** Ends the asking and the waiting. */
  signal?: AbortSignal | undefined;
  /** Called before a wait of some length, with why. */
  onWait?: ((ms: number, why: string) => void) | undefined;
  /** What waits, and a clock in milliseconds: for tests. */
  waitFor?: typeof wait;
  now?: () => number;
}

/** What is asked. */
export interface SearchRequest {
  /** In the words of GitHub's search. */
  query: string;
  /** Where the page before it ended. */
  cursor: string | null;
  /** Repositories a page, 100 at most. */
  size: number;
}

const QUERY = `query($query: String!, $cursor: String, $size: Int!) {
  rateLimit { remaining resetAt }
  search(query: $query, type: REPOSITORY, first: $size, after: $cursor) {
    repositoryCount
    pageInfo { endCursor hasNextPage }
    nodes { ... on Repository {
      nameWithOwner url stargazerCount createdAt diskUsage isPrivate isDisabled isLocked isFork
      licenseInfo { spdxId }
      primaryLanguage { name }
    } }
  }
}`;

/** Waits before another try, where the server does not say how long; as many tries more. */
const WAITS_MS = [1000, 4000, 15_000, 60_000] as const;
/** GitHub's limits end within the hour. */
const LONGEST_WAIT_MS = 2 * 3600_000;
const SILENCE_MS = 60_000;

/**
 * Asks for pages.
 *
 * @example
 * ```ts
 * import { assertRejects, assertThrows } from "@std/assert";
 * import { GithubRequests } from "./github_requests.ts";
 *
 * assertThrows(() => new GithubRequests({ token: "" }), Error, "set GITHUB_TOKEN");
 * const elsewhere = new GithubRequests({ token: "made-up", endpoint: "http://localhost:4/graphql" }); // not allowed to tests
 * await assertRejects(() => elsewhere.page({ query: "x", cursor: null, size: 1 }), Error, "may not connect");
 * ```
 */
export class GithubRequests {
  readonly #options: GithubRequestsOptions;
  readonly #endpoint: URL;
  #notBefore = 0;

  /** @throws {Error} If there is no token, or it cannot be one; {RangeError} if the endpoint is no address */
  constructor(options: GithubRequestsOptions) {
    this.#endpoint = checkEndpoint(options.endpoint ?? GITHUB_ENDPOINT);
    this.#options = { ...options, token: checkToken(options.token) };
  }

  /**
   * A page of what is found.
   *
   * @throws {SearchError} in one line; the signal's reason
   */
  async page(asked: SearchRequest): Promise<SearchPage> {
    const { signal, waitFor = wait, now = Date.now, onWait } = this.#options;
    const rest = async (ms: number, why: string) => {
      if (ms <= 0) return;
      onWait?.(ms, why);
      await waitFor(ms, signal);
    };
    for (let tries = 0;; tries++) {
      await rest(this.#notBefore - now(), "the hour's requests are used up");
      this.#notBefore = 0;
      try {
        return await this.#ask(asked);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof SearchError) || !error.mayPass || tries === WAITS_MS.length) throw error;
        const ms = error.waitMs ?? WAITS_MS[tries]!;
        if (ms > LONGEST_WAIT_MS) throw error;
        await rest(ms, error.waitMs === null ? "it did not answer well" : "it asks to wait");
      }
    }
  }

  async #ask({ query, cursor, size }: SearchRequest): Promise<SearchPage> {
    const { token, signal, now = Date.now } = this.#options;
    const { host } = this.#endpoint;
    const silence = AbortSignal.timeout(SILENCE_MS);
    let response: Response, text: string;
    try {
      response = await fetch(this.#endpoint, {
        method: "POST",
        redirect: "manual", // the token is for this address only
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "user-agent": "codescrub",
        },
        body: JSON.stringify({ query: QUERY, variables: { query, cursor, size } }),
        signal: signal ? AbortSignal.any([signal, silence]) : silence,
      });
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw explainFailure(host, cause);
    }
    if (!response.ok) {
      const isLimit = response.status === 403 && /secondary rate limit|abuse/i.test(text.slice(0, 4096));
      if (!isLimit) throw explainAnswer(host, response, now());
      throw explainAnswer(host, new Response(null, { status: 429, headers: response.headers }), now());
    }
    const page = readSearchPage(text, host, () => waitAskedFor(response.headers, now()));
    const reset = Date.parse(page.resetAt ?? "");
    if (page.remaining === 0 && reset > now()) this.#notBefore = reset;
    return page;
  }
}

/** @throws {RangeError} If no token may be sent there */
function checkEndpoint(address: string): URL {
  const url = URL.parse(address);
  const isHere = url !== null && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const isFit = url?.protocol === "https:" || (url?.protocol === "http:" && isHere);
  if (url && isFit && !url.username && !url.password) return url;
  throw new RangeError(
    `Cannot use --endpoint: an address such as "${GITHUB_ENDPOINT}" is needed, by https and without a name or password`,
  );
}

/** @throws {Error} If it is none; the message does not hold it */
function checkToken(given: string): string {
  const token = given.trim();
  if (token === "") {
    throw new Error(
      "Cannot search GitHub without a token: set GITHUB_TOKEN to one (it needs no rights at all)",
    );
  }
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new RangeError("Cannot use the token of GITHUB_TOKEN: it holds characters that no token has");
}
