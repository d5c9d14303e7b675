/**
 * What can go wrong with the Hub, each in one line that says what to do.
 *
 * @module
 */
import type { HubSettings } from "./hub_settings.ts";

/** Why the Hub gave nothing. */
export type HubFailure =
  /** The model or its revision is not there, or not for this user. */
  | "unknown"
  /** There is no way to the Hub. */
  | "unreachable"
  /** It was there and fell silent, broke off or asked to wait. */
  | "busy"
  /** All else: another try would end as this one. */
  | "final";

/**
 * A failure of the Hub or of the way to it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HubError } from "./hub_error.ts";
 *
 * assertEquals(new HubError("Cannot download model", "busy").failure, "busy");
 * ```
 */
export class HubError extends Error {
  override name = "HubError";
  /** Which kind of failure. */
  readonly failure: HubFailure;
  /** How long the Hub asks to wait, in milliseconds; null where it does not say. */
  readonly waitMs: number | null;

  /** `waitMs` is what the Hub asked for, `cause` what was thrown. */
  constructor(
    message: string,
    failure: HubFailure,
    options: { waitMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.failure = failure;
    this.waitMs = options.waitMs ?? null;
  }
}

/** Who asks whom for what, for messages. */
export interface HubAsked {
  /** The model as the user named it. */
  label: string;
  /** "org/name". */
  repository: string;
  settings: HubSettings;
}

/**
 * What an answer that is no success means.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainStatus } from "./hub_error.ts";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const settings = readHubSettings((name) => name === "HF_HOME" ? "/nowhere" : undefined);
 * const asked = { label: "ada/coder@v9", repository: "ada/coder", settings };
 * const answer = new Response(null, { status: 404, headers: { "X-Error-Code": "RevisionNotFound" } });
 * assertEquals(
 *   explainStatus(answer, asked).message,
 *   'Cannot download model "ada/coder@v9": it has no such revision: name a branch, a tag or a commit of it',
 * );
 * ```
 */
export function explainStatus({ status, headers, url }: Response, asked: HubAsked): HubError {
  const { token, endpoint } = asked.settings;
  const code = headers.get("X-Error-Code");
  const say = (what: string, failure: HubFailure) =>
    new HubError(`Cannot download model "${asked.label}": ${what}`, failure, {
      waitMs: waitOf(headers.get("Retry-After")),
    });
  const page = `${endpoint}/${asked.repository}`;
  if (code === "GatedRepo") {
    return token
      ? say(
        `it is gated and the token of ${token.origin} may not read it: ask for access at ${page}`,
        "final",
      )
      : say(`it is gated: ask for access at ${page} and set HF_TOKEN`, "final");
  }
  if (status === 401 && token) {
    return say(`the Hub refuses the token of ${token.origin}: renew or unset it`, "final");
  }
  if (status === 404 && code === "RevisionNotFound") {
    return say("it has no such revision: name a branch, a tag or a commit of it", "unknown");
  }
  if (status === 404 && code === "EntryNotFound") {
    return say(`it has no ${JSON.stringify(lastPart(url))}`, "final");
  }
  if (status === 401 || status === 404) {
    const whose = token ? `for the token of ${token.origin}` : "for who has no token (HF_TOKEN)";
    return say(`the Hub has no such model ${whose}: check its name`, "unknown");
  }
  if (status === 403) return say("the Hub forbids it: look at " + page, "final");
  if (status === 429) return say("the Hub was asked too often: try again later, or set HF_TOKEN", "busy");
  return say(`${hostOf(url)} answers ${status}: try again later`, status >= 500 ? "busy" : "final");
}

/**
 * What an error of `fetch` means.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainFetch } from "./hub_error.ts";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const settings = readHubSettings((name) => name === "HF_HOME" ? "/nowhere" : undefined);
 * const asked = { label: "ada/coder", repository: "ada/coder", settings };
 * const error = new TypeError("Fetch failed: Maximum number of redirects (20) reached");
 * assertEquals(explainFetch(error, new URL(settings.endpoint), asked).failure, "final");
 * ```
 */
export function explainFetch(error: unknown, { href, host }: URL, asked: HubAsked): HubError {
  const say = (what: string, failure: HubFailure) =>
    new HubError(`Cannot download model "${asked.label}": ${what}`, failure, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  const forbidden = /net access to "([^"]+)"/.exec(message)?.[1];
  if (forbidden) {
    return say(
      `this run may not connect to "${forbidden}": add --allow-net=${forbidden} to Deno's options`,
      "final",
    );
  }
  if (/redirect/.test(message)) return say(`"${host}" redirects too often`, "final");
  if (/reading a body|connection closed|unexpected EOF/i.test(message)) {
    return say(`the connection to "${host}" broke off: run it again, it goes on from there`, "busy");
  }
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause.message : message;
  const reason = inner.replaceAll(href, "").replace(/^.*client error \(\w+\): /s, "").slice(0, 200);
  return say(
    `"${host}" cannot be reached (${reason}): check the network, or copy the model into "${asked.settings.cache}"`,
    "unreachable",
  );
}

function waitOf(retryAfter: string | null): number | null {
  return retryAfter !== null && /^\d+$/.test(retryAfter) ? 1000 * Number(retryAfter) : null;
}

function hostOf(url: string): string {
  return `"${URL.parse(url)?.host ?? "the Hub"}"`;
}

function lastPart(url: string): string {
  const name = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
