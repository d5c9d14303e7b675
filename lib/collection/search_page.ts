/**
 * A page of GitHub's search, read from what it answers, with its shape checked.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { SearchError } from "./github_error.ts";

/** A repository as the search finds it. */
export interface FoundRepository {
  /** "owner/name". */
  repo: string;
  /** Its address for git. */
  url: string;
  stars: number;
  /** When it was made: "2024-02-29T12:00:00Z". */
  created: string;
  /** The SPDX name of its licence, where GitHub knows it. */
  licence: string | null;
  /** What most of it is written in. */
  language: string | null;
  /** Its size on GitHub's disk, in kilobytes. */
  kilobytes: number | null;
}

/** One answer. */
export interface SearchPage {
  /** How many there are, of which a search lists 1,000 at most. */
  count: number;
  /** What the page listed, also what may not be used. */
  listed: number;
  /** The fewest stars on the page; null where it is empty. */
  fewest: number | null;
  /** Public repositories that are no forks and not closed. */
  found: FoundRepository[];
  /** Where the next page begins; null for the last. */
  next: string | null;
  /** How many more requests the hour has, and when it ends, where that is said. */
  remaining: number | null;
  resetAt: string | null;
}

type Node = { [name: string]: unknown };

/**
 * Reads an answer.
 *
 * @param host who gave it, for messages
 * @param limitWait how long to wait where it is a limit, in milliseconds
 * @throws {SearchError} If it is none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readSearchPage } from "./search_page.ts";
 *
 * const node = { nameWithOwner: "ada/engine", url: "https://git.example/ada/engine", stargazerCount: 7, createdAt: "2024-02-29T12:00:00Z" };
 * const search = { repositoryCount: 1, pageInfo: { hasNextPage: false, endCursor: "x" }, nodes: [node, null] };
 * const { found, next, listed } = readSearchPage(JSON.stringify({ data: { search } }), "api.example", () => 0);
 * assertEquals([found[0]?.repo, found[0]?.licence, next, listed], ["ada/engine", null, null, 2]);
 * ```
 */
export function readSearchPage(text: string, host: string, limitWait: () => number): SearchPage {
  let answer: { data?: { search?: Node | null; rateLimit?: Node | null } | null; errors?: unknown };
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new SearchError(host, `its answer is broken (${reasonOf(cause)}): run it again`, { cause });
  }
  const search = answer?.data?.search;
  if (!search) throw explainErrors(host, answer?.errors, limitWait);
  const { repositoryCount: count, nodes, pageInfo } = search as Node;
  const { hasNextPage, endCursor } = (pageInfo ?? {}) as Node;
  const isWhole = isCount(count) && Array.isArray(nodes) && typeof hasNextPage === "boolean" &&
    (!hasNextPage || typeof endCursor === "string");
  if (!isWhole) throw strangeAnswer(host);
  const all = nodes.filter((node): node is Node => typeof node === "object" && node !== null);
  const read = all.map((node) => readNode(node, host));
  const limit = answer.data?.rateLimit;
  return {
    count,
    listed: nodes.length,
    fewest: read.length > 0 ? Math.min(...read.map(({ stars }) => stars)) : null,
    found: read.filter((_, i) =>
      ["isPrivate", "isDisabled", "isLocked", "isFork"].every((name) => all[i]![name] !== true)
    ),
    next: hasNextPage ? endCursor as string : null,
    remaining: isCount(limit?.remaining) ? limit.remaining : null,
    resetAt: typeof limit?.resetAt === "string" ? limit.resetAt : null,
  };
}

function readNode(node: Node, host: string): FoundRepository {
  const { nameWithOwner: repo, url, stargazerCount: stars, createdAt: created, diskUsage } = node;
  const isFit = typeof repo === "string" && /^[\w.-]+\/[\w.-]+$/.test(repo) &&
    typeof url === "string" && /^https?:\/\/[^\s\p{C}]+$/u.test(url) && isCount(stars) &&
    typeof created === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(created);
  if (!isFit) throw strangeAnswer(host);
  const { spdxId } = (node.licenseInfo ?? {}) as Node;
  const { name } = (node.primaryLanguage ?? {}) as Node;
  return {
    repo,
    url,
    stars,
    created,
    licence: typeof spdxId === "string" && spdxId !== "NOASSERTION" ? spdxId : null,
    language: typeof name === "string" ? name : null,
    kilobytes: isCount(diskUsage) ? diskUsage : null,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function strangeAnswer(host: string): SearchError {
  return new SearchError(host, "its answer is not that of GitHub's search: check --endpoint");
}

/** What it means that an answer holds no search. */
function explainErrors(host: string, errors: unknown, limitWait: () => number): SearchError {
  if (!Array.isArray(errors) || errors.length === 0) return strangeAnswer(host);
  const [{ type, extensions }] = errors as [Node];
  const code = (extensions as Node | undefined)?.code;
  if (type === "RATE_LIMITED" || type === "RATE_LIMIT") {
    const what = "the hour's requests are used up: run it again later, it goes on from there";
    return new SearchError(host, what, { waitMs: limitWait() });
  }
  const kind = [type, code].find((one) => typeof one === "string" && /^[A-Za-z_]{1,40}$/.test(one));
  if (kind === undefined) return new SearchError(host, "it could not search just now: run it again later");
  return new SearchError(host, `it refuses the search (${kind})`, { mayPass: false });
}
