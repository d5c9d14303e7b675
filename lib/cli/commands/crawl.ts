/**
 * `crawl`: repositories that were made after a day, as GitHub's search finds them, for `collect`. The token comes from
 * GITHUB_TOKEN or GH_TOKEN and is written nowhere.
 *
 * @module
 */
import { GITHUB_ENDPOINT, GithubRequests } from "../../collection/github_requests.ts";
import { beginSearch, nextRequest } from "../../collection/search_windows.ts";
import { REPOSITORY_COLUMNS } from "../../datasets/collection_columns.ts";
import { writeRows } from "../../datasets/row_table.ts";
import { readDay, readLanguage } from "../collection_options.ts";
import { defineCommand } from "../command.ts";
import { crawlRepositories } from "../crawl_run.ts";
import { formatSeconds } from "../progress.ts";
import { openRunFiles } from "../run_files.ts";

/** The most that GitHub lets one ask in an hour, and what a page takes as a rule. */
const [PAGE_RESULTS, PAGE_MS] = [100, 1500];

/**
 * The command `crawl`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./crawl.ts";
 *
 * assertEquals(command.options.minStars.default, 500);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    language: { kind: "string", describe: "as GitHub spells it: Rust", metavar: "L", required: true },
    createdAfter: {
      kind: "string",
      describe: "a day; repositories that were made after it: 2023-06-01",
      metavar: "D",
      required: true,
    },
    minStars: { kind: "int", describe: "the fewest stars", default: 500, min: 0 },
    limit: { kind: "int", describe: "repositories, at most", default: 25_000, min: 1 },
    endpoint: {
      kind: "string",
      describe: "address of the GraphQL to ask, as of a GitHub Enterprise",
      metavar: "URL",
      default: GITHUB_ENDPOINT,
    },
    plan: { kind: "flag", describe: "ask how many there are and say how long it takes; write nothing" },
    out: { kind: "path", describe: "table of the repositories", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ language: given, createdAfter, minStars, limit, endpoint, plan, out }, context) {
    const { name: language } = await readLanguage(given);
    const search = { language, createdAfter: readDay(createdAfter), minStars };
    const requests = new GithubRequests({
      endpoint,
      token: Deno.env.get("GITHUB_TOKEN") || Deno.env.get("GH_TOKEN") || "",
      signal: context.signal,
      onWait: (ms, why) => context.log(`Waiting ${formatSeconds(ms)} for GitHub: ${why}`),
    });
    if (plan) {
      const first = nextRequest(search, beginSearch(search, Date.now()))!;
      const { count } = await requests.page({ ...first, size: 1 });
      const repositories = Math.min(count, limit);
      const pages = Math.ceil(repositories / PAGE_RESULTS);
      return {
        text: `Repositories: ${count}${count > limit ? `, of which ${limit} are taken` : ""}\n` +
          `Requests: about ${pages}, some ${formatSeconds(pages * PAGE_MS)}; an hour has 5000`,
        summary: { plan: true, repositories, requests: pages },
      };
    }
    using run = await openRunFiles([out], { command: "crawl", context, hasScratch: true });
    const { repositories, unlisted } = await crawlRepositories(
      { search, limit, requests, folder: run.scratch },
      context,
    );
    if (repositories.length === 0) {
      throw new Error(
        `Cannot write "${out}": no repository of ${search.language} after ${createdAfter} has ${minStars} stars`,
      );
    }
    const summary = { repositories: repositories.length, unlisted, language: search.language, out };
    await run.finish(summary, () => writeRows(out, repositories, REPOSITORY_COLUMNS));
    const rest = unlisted > 0 ? `\nnot listed: ${unlisted}, as too many are alike` : "";
    return { text: `${repositories.length} repositories of ${search.language}${rest}`, summary };
  },
});
