/**
 * Repositories as sources of `collect`: what a clone's failure means for one of them, or for all.
 *
 * @module
 */
import { cloneSources, whyNoAddress } from "../collection/clone_repository.ts";
import { GitError } from "../collection/git_command.ts";
import type { SkipReason, SourceRule } from "../collection/source_text.ts";
import { REPOSITORY_COLUMNS } from "../datasets/collection_columns.ts";
import { readRows } from "../datasets/row_table.ts";
import { wait } from "../hub/with_retries.ts";
import type { CollectedDocument, CollectOptions, OpenSource, SourceOutcome } from "./collect_sources.ts";

/** A repository to be cloned. */
export interface ListedRepository {
  repo: string;
  url: string;
  created: string | null;
  licence: string | null;
  language: string | null;
  kilobytes: number | null;
}

/** Columns that a table of one's own may lack. */
const COLUMNS = {
  ...REPOSITORY_COLUMNS,
  stars: "int?",
  created: "text?",
} as const;

/**
 * Reads a table of repositories: `crawl`'s, or one's own with `repo` and `url`.
 *
 * @throws {Error} If it cannot be read; {RangeError} if an address may not be cloned from, or a repository stands twice
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readRepositories } from "./collect_repositories.ts";
 *
 * const path = `${await Deno.makeTempDir()}/repos.csv`;
 * await Deno.writeTextFile(path, "repo,url\nada/engine,https://git.example/ada/engine\n");
 * assertEquals((await readRepositories(path))[0]?.licence, null);
 * await Deno.writeTextFile(path, "repo,url\nada/engine,--upload-pack=id\n");
 * await assertRejects(() => readRepositories(path), RangeError, "row 0: an address by https");
 * ```
 */
export async function readRepositories(path: string): Promise<ListedRepository[]> {
  const rows = await readRows(path, COLUMNS, {
    optional: ["stars", "created", "licence", "language", "kilobytes"],
  });
  const seen = new Set<string>();
  rows.forEach(({ repo, url }, row) => {
    const refuse = (what: string): never => {
      throw new RangeError(`Cannot read repositories "${path}", row ${row}: ${what}`);
    };
    const why = whyNoAddress(url);
    if (why !== undefined) refuse(why);
    if (!/^[^\p{C}\s]{1,300}$/u.test(repo)) refuse("a name without blanks is needed");
    if (seen.has(repo)) refuse("its name stands above already");
    seen.add(repo);
  });
  return rows.map(({ stars: _, ...row }) => row);
}

/** How repositories are collected. */
export interface RepositoryOptions {
  repositories: readonly ListedRepository[];
  /** What files of one are collected. */
  ruleOf: (repository: ListedRepository) => SourceRule;
  /** Of a clone. */
  maxBytes: number;
  /** A clone may take so many. */
  seconds: number;
  /** For messages. */
  out: string;
  /** What waits (for tests). */
  waitFor?: typeof wait;
}

const WAITS_MS = [2000, 10_000] as const;
/** So many that cannot be reached one after the other are no matter of theirs. */
const MOST_UNREACHED = 5;

/**
 * What opens a repository by its number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openRepositories } from "./collect_repositories.ts";
 *
 * const rule = { language: "Lua", ends: [".lua"], maxBytes: 2 ** 20, minTokens: 100 };
 * const repositories = [{ repo: "ada/gone", url: "file:///nowhere.git", created: null, licence: null, language: "Lua", kilobytes: null }];
 * const open = openRepositories({ repositories, ruleOf: () => rule, maxBytes: 2 ** 20, seconds: 9, out: "code" });
 * const gone = await open(0, `${await Deno.makeTempDir()}/clone`, new AbortController().signal);
 * assertEquals("reason" in gone && gone.reason, "not found");
 * ```
 */
export function openRepositories(
  { repositories, ruleOf, maxBytes, seconds, out, waitFor = wait }: RepositoryOptions,
): CollectOptions["open"] {
  let unreached = 0;
  return async (index, folder, signal) => {
    const repository = repositories[index]!;
    for (let tries = 0;; tries++) {
      try {
        const opened = await openRepository(repository, {
          ...{ rule: ruleOf(repository), folder, maxBytes, seconds, signal },
        });
        unreached = 0;
        return opened;
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
        if (error.failure === "unreachable" && tries < WAITS_MS.length) {
          await waitFor(WAITS_MS[tries]!, signal);
          continue;
        }
        unreached = error.failure === "unreachable" ? unreached + 1 : 0;
        if (unreached >= Math.min(MOST_UNREACHED, repositories.length)) {
          throw new Error(
            `Cannot clone into "${out}": ${unreached} repositories in a row cannot be reached: check the network and run it again, it goes on from there`,
            { cause: error },
          );
        }
        return failedSource(repository, error, out);
      }
    }
  };
}

/**
 * What became of a repository that could not be cloned.
 *
 * @throws {Error} If it is no matter of the repository
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { GitError } from "../collection/git_command.ts";
 * import { failedSource } from "./collect_repositories.ts";
 *
 * const repository = { repo: "ada/a", created: null, licence: "MIT" };
 * assertEquals(failedSource(repository, new GitError("too long"), "code").reason, "too long");
 * assertThrows(() => failedSource(repository, new GitError("no space"), "code"), Error, "no space is left");
 * ```
 */
export function failedSource(
  { repo, created, licence }: Pick<ListedRepository, "repo" | "created" | "licence">,
  error: GitError,
  out: string,
): SourceOutcome {
  if (error.failure === "no space") {
    throw new Error(`Cannot clone into "${out}": no space is left: make space and run it again`, {
      cause: error,
    });
  }
  if (error.failure === "no git") {
    throw new Error('Cannot clone: "git" and "timeout" are needed on the PATH: install them', {
      cause: error,
    });
  }
  return { repo, version: null, created, licence, documents: 0, skipped: {}, reason: error.failure };
}

async function openRepository(
  { repo, url, created, licence }: ListedRepository,
  options: Parameters<typeof cloneSources>[1],
): Promise<OpenSource> {
  const { version, files, skipped } = await cloneSources(url, options);
  return {
    documents: documentsOf(
      files,
      { name: repo, repo, licence, created, language: options.rule.language },
      skipped,
    ),
    outcome: () => ({
      ...{ repo, version, created, licence, reason: null },
      skipped: Object.fromEntries(skipped),
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Source files as documents; of two with one path the first.
 *
 * @param about what their documents say; `name` begins their ids
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { documentsOf } from "./collect_repositories.ts";
 *
 * const about = { name: "ada-1.0", repo: "ada", licence: null, created: null, language: "Lua" };
 * const files = [1, 2].map((i) => ({ path: "a.lua", text: `x = ${i}` }));
 * const skipped = new Map();
 * const documents = await Array.fromAsync(documentsOf(files, about, skipped), ({ doc_id }) => doc_id);
 * assertEquals([documents, [...skipped]], [["ada-1.0/a.lua"], [["name stands twice", 1]]]);
 * ```
 */
export async function* documentsOf(
  files: AsyncIterable<{ path: string; text: string }> | Iterable<{ path: string; text: string }>,
  { name, ...about }: { name: string } & Omit<CollectedDocument, "doc_id" | "path" | "content">,
  skipped: Map<SkipReason, number>,
): AsyncGenerator<CollectedDocument> {
  const seen = new Set<string>();
  for await (const { path, text } of files) {
    if (seen.has(path)) {
      skipped.set("name stands twice", (skipped.get("name stands twice") ?? 0) + 1);
      continue;
    }
    seen.add(path);
    const { repo, licence, created, language } = about;
    yield { doc_id: `${name}/${path}`, repo, path, content: text, licence, created, language };
  }
}
