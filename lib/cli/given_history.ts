/**
 * A git repository in place of a corpus: its history, or what its next commit would bring in.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { openHistory } from "../datasets/git_repository.ts";
import type { CorpusSource } from "../datasets/resolve_corpus.ts";
import type { GivenCorpus } from "./corpus_options.ts";

/** What was asked of the repository. */
export interface HistoryValues {
  commits?: string | undefined;
  staged?: boolean;
  exclude?: readonly string[];
}

/** A repository that a command was given. */
export interface GivenRepository extends GivenCorpus {
  source: CorpusSource;
  /** The folder that its paths start from. */
  root: string | null;
  /** What a person should know of it. */
  notes: string[];
  /** Whether it may hold nothing: a commit may bring in no file. */
  mayBeEmpty: boolean;
}

/**
 * The repository that a command was given by a folder of it.
 *
 * @throws {Error} as `openHistory`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { givenHistory } from "./given_history.ts";
 *
 * await assertRejects(() => givenHistory(Deno.makeTempDirSync(), {}), Error, "there is none: leave --git out");
 * ```
 */
export async function givenHistory(
  path: string,
  { commits, staged = false, exclude = [] }: HistoryValues,
): Promise<GivenRepository> {
  const index = staged ? hookIndex() : undefined;
  const history = await openHistory(path, { commits, isStaged: staged, index });
  const { gitFolder, content, isShallow, root } = history;
  return {
    path,
    root,
    options: { exclude },
    input: { path: gitFolder, content },
    source: { path, tables: [], columns: null, others: 0, history },
    notes: isShallow && !staged
      ? ["The repository is shallow: commits before its cut are not here (git fetch --unshallow)"]
      : [],
    mayBeEmpty: staged || commits !== undefined,
    [Symbol.dispose]: () => {},
  };
}

/** The index of a commit under way: `git commit -a` and paths make one of their own, and name it to their hooks. */
function hookIndex(): string | undefined {
  const index = Deno.env.get("GIT_INDEX_FILE");
  if (index === undefined) return undefined;
  return isAbsolute(index) ? index : join(Deno.env.get("INIT_CWD") ?? Deno.cwd(), index); // hooks stand in the root
}
