/**
 * `collect --plan`: what a collection would take, said without asking anyone.
 *
 * @module
 */
import type { ListedPackage } from "../collection/package_list.ts";
import type { ListedRepository } from "./collect_repositories.ts";
import type { CommandResult } from "./command.ts";
import { formatSeconds } from "./progress.ts";

interface Limits {
  workers: number;
  timeout: number;
  maxMegabytes: number;
}

/**
 * Says what repositories would take.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planRepositories } from "./collect_plan.ts";
 *
 * const one = { repo: "a/b", url: "https://git.example/a/b", created: null, licence: null, language: null, kilobytes: 2e6 };
 * const { summary } = planRepositories([one], { workers: 4, timeout: 60, maxMegabytes: 100 });
 * assertEquals([summary.repositories, summary.seconds], [1, 60]);
 * ```
 */
export function planRepositories(
  repositories: readonly ListedRepository[],
  { workers, timeout, maxMegabytes }: Limits,
): CommandResult {
  const known = repositories.filter(({ kilobytes }) => kilobytes !== null);
  const gigabytes = known.reduce((sum, { kilobytes }) => sum + kilobytes!, 0) / 1e6;
  const seconds = Math.ceil(repositories.length / workers) * timeout;
  return {
    text: [
      `Repositories: ${repositories.length}, ${workers} at once`,
      ...known.length > 0
        ? [
          `Size: at most ${
            gigabytes.toFixed(1)
          } GB with all their history, of which a small part is fetched (known of ${known.length})`,
        ]
        : [],
      `Time: at most ${
        formatSeconds(1000 * seconds)
      }, as each may take ${timeout} s; a few seconds each as a rule`,
      `Space: clones of at most ${
        workers * maxMegabytes
      } MB at once, and twice the texts, packed, until the end`,
    ].join("\n"),
    summary: {
      plan: true,
      repositories: repositories.length,
      seconds,
      gigabytes: Number(gigabytes.toFixed(3)),
    },
  };
}

/**
 * Says what packages would take.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planPackages } from "./collect_plan.ts";
 *
 * const { summary } = planPackages([{ name: "ada", version: null }], { workers: 4, timeout: 60, maxMegabytes: 100 });
 * assertEquals(summary, { plan: true, packages: 1, requests: 2 });
 * ```
 */
export function planPackages(
  packages: readonly ListedPackage[],
  { workers, maxMegabytes }: Limits,
): CommandResult {
  return {
    text: [
      `Packages: ${packages.length}, ${workers} at once`,
      `Requests: ${
        2 * packages.length
      } of the registry: a package's dates, and its archive of at most ${maxMegabytes} MB`,
      "Time: some seconds each as a rule",
    ].join("\n"),
    summary: { plan: true, packages: packages.length, requests: 2 * packages.length },
  };
}
