/**
 * What can go wrong with GitHub's search, each in one line that says what to do. Nothing that the server says is repeated
 * but the kind of its refusal.
 *
 * @module
 */

/**
 * A failure of the search, or of the way to it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SearchError } from "./github_error.ts";
 *
 * const busy = new SearchError("api.example", "it is asked too often", { waitMs: 1000 });
 * assertEquals(busy.message, 'Cannot search "api.example": it is asked too often');
 * assertEquals([busy.mayPass, busy.waitMs], [true, 1000]);
 * ```
 */
export class SearchError extends Error {
  override name = "SearchError";
  /** Whether another try may end better. */
  readonly mayPass: boolean;
  /** How long the server asks to wait, in milliseconds; null where it does not say. */
  readonly waitMs: number | null;

  /** @param host who was asked @param what went wrong */
  constructor(
    host: string,
    what: string,
    { mayPass = true, waitMs = null, cause }: { mayPass?: boolean; waitMs?: number | null; cause?: unknown } =
      {},
  ) {
    super(`Cannot search "${host}": ${what}`, { cause });
    this.mayPass = mayPass;
    this.waitMs = waitMs;
  }
}

/** A secondary limit that says no time is over after a minute, as GitHub's documentation has it. */
const SECONDARY_MS = 60_000;
/** Clocks differ: a limit that ends at a time is waited for a little longer. */
const CLOCK_MS = 2000;

/**
 * How long an answer asks to wait: `retry-after` in seconds, else until `x-ratelimit-reset` where nothing remains, else a
 * minute.
 *
 * @param now in milliseconds
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { waitAskedFor } from "./github_error.ts";
 *
 * assertEquals(waitAskedFor(new Headers({ "retry-after": "7" }), 0), 7000);
 * assertEquals(waitAskedFor(new Headers({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "10" }), 4000), 8000);
 * assertEquals(waitAskedFor(new Headers(), 0), 60_000);
 * ```
 */
export function waitAskedFor(headers: Headers, now: number): number {
  const seconds = (name: string) => {
    const value = headers.get(name);
    return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : null;
  };
  const after = seconds("retry-after");
  if (after !== null) return 1000 * after;
  const reset = seconds("x-ratelimit-reset");
  if (headers.get("x-ratelimit-remaining") !== "0" || reset === null) return SECONDARY_MS;
  return Math.max(0, 1000 * reset - now) + CLOCK_MS;
}

/**
 * What an answer that is no success means.
 *
 * @param now in milliseconds
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainAnswer } from "./github_error.ts";
 *
 * const refused = explainAnswer("api.example", new Response(null, { status: 401 }), 0);
 * assertEquals(refused.message, 'Cannot search "api.example": it refuses the token: renew GITHUB_TOKEN');
 * assertEquals(explainAnswer("api.example", new Response(null, { status: 502 }), 0).mayPass, true);
 * ```
 */
export function explainAnswer(host: string, { status, headers }: Response, now: number): SearchError {
  if (status === 401) {
    return new SearchError(host, "it refuses the token: renew GITHUB_TOKEN", { mayPass: false });
  }
  const isLimit = status === 429 ||
    (status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0"));
  if (isLimit) {
    const what = "it was asked too often: run it again later, it goes on from there";
    return new SearchError(host, what, { waitMs: waitAskedFor(headers, now) });
  }
  if (status === 403) {
    return new SearchError(host, "it forbids the search: look at what the token may do", { mayPass: false });
  }
  if (status >= 300 && status < 400) {
    return new SearchError(host, `it leads elsewhere (${status}): name that address by --endpoint`, {
      mayPass: false,
    });
  }
  const what = `it answers ${status}: ${
    status >= 500 ? "run it again later, it goes on from there" : "check --endpoint"
  }`;
  return new SearchError(host, what, { mayPass: status >= 500 });
}

/**
 * What an error of `fetch` means.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainFailure } from "./github_error.ts";
 *
 * const { message } = explainFailure("a.example", new TypeError('Requires net access to "a.example:443"'));
 * assertEquals(message, 'Cannot search "a.example": this run may not connect to it: add --allow-net=a.example:443 to Deno\'s options');
 * assertEquals(explainFailure("a.example", new TypeError("error reading a body")).mayPass, true);
 * ```
 */
export function explainFailure(host: string, cause: unknown): SearchError {
  const message = cause instanceof Error ? cause.message : "";
  const forbidden = /net access to "([^"]+)"/.exec(message)?.[1];
  if (forbidden) {
    const what = `this run may not connect to it: add --allow-net=${forbidden} to Deno's options`;
    return new SearchError(host, what, { mayPass: false, cause });
  }
  const isSilent = cause instanceof DOMException && cause.name === "TimeoutError";
  const isBroken = /reading a body|body from connection|connection closed|unexpected EOF|incomplete/i.test(
    message,
  );
  const what = isSilent ? "it is silent" : isBroken ? "the connection broke off" : "it cannot be reached";
  return new SearchError(host, `${what}: run it again, it goes on from there`, { cause });
}
