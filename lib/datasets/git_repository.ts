/**
 * A git repository, looked at before anything of it is read.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { askGit } from "./git_process.ts";

/** A repository and what of it is wanted. */
export interface GitHistory {
  /** The folder that was named. */
  folder: string;
  /** Where its objects are: nothing may be written there. */
  gitFolder: string;
  /** The folder that its paths start from; null of a bare one. */
  root: string | null;
  /** Whether its history is cut off. */
  isShallow: boolean;
  /** The commits, as words of `git rev-list`; null for all that a branch, a tag or a stash leads to. */
  revisions: readonly string[] | null;
  /** What the next commit would bring in, in place of a history. */
  isStaged: boolean;
  /** The index that this is read from, where it is another than the repository's own. */
  index: string | null;
  /** Changes when what is read does. */
  content: string;
}

/** Options of {@linkcode openHistory}. */
export interface OpenHistoryOptions {
  /** Commits, such as `main..HEAD`. */
  commits?: string | undefined;
  /** What the next commit would bring in. */
  isStaged?: boolean;
  /** The index, as git hands it to a hook. */
  index?: string | undefined;
}

/**
 * Looks at a repository: bare or not, its folder or one in it.
 *
 * @throws {Error} If there is none, it is broken or another user's, or has no such commits.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openHistory } from "./git_repository.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => openHistory(folder), Error, "as a git repository: there is none");
 * ```
 */
export async function openHistory(
  folder: string,
  { commits, isStaged = false, index }: OpenHistoryOptions = {},
): Promise<GitHistory> {
  const names = ["--absolute-git-dir", "--is-bare-repository", "--is-shallow-repository"];
  const [gitFolder, isBare, isShallow] = (await askGit(folder, ["rev-parse", ...names])).split("\n");
  const root = isBare === "true" ? null : await askGit(folder, ["rev-parse", "--show-toplevel"]);
  if (isStaged && root === null) {
    throw new Error(`Cannot read what is staged in "${folder}": it is a bare repository, which has no index`);
  }
  const env = indexVariable(index);
  const revisions = commits?.trim().split(/\s+/) ?? null;
  if (revisions?.some((one) => one.startsWith("-"))) {
    throw new RangeError(`Cannot read commits "${commits}": a name or range is needed, as main..HEAD`);
  }
  const content = isStaged
    ? await askGit(folder, ["ls-files", "--stage", "-z"], { env })
    : revisions
    ? await askGit(folder, ["rev-parse", "--revs-only", ...revisions, "--"])
    : await askGit(folder, ["for-each-ref", "--format=%(objectname) %(refname)"]) +
      await askGit(folder, ["rev-parse", "HEAD"]).catch(() => ""); // it leads nowhere yet
  return {
    folder,
    gitFolder: gitFolder!,
    root,
    isShallow: isShallow === "true",
    revisions,
    isStaged,
    index: index ?? null,
    content: `git:${createHash("sha256").update(content).digest("hex")}`,
  };
}

/**
 * The variable by which git is told of an index.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { indexVariable } from "./git_repository.ts";
 *
 * assertEquals(indexVariable("/a/index"), { GIT_INDEX_FILE: "/a/index" });
 * ```
 */
export function indexVariable(index: string | null | undefined): { [name: string]: string } {
  return index === null || index === undefined ? {} : { GIT_INDEX_FILE: index };
}
