/**
 * The source files of a repository, out of a shallow clone that holds no more than is read: one commit, its folders, and
 * the contents of the language's files where the server can leave out the rest.
 *
 * @module
 */
import { watchFolder } from "../setup/fetch_wheels.ts";
import { readBlobs, readTree, type TreeEntry } from "./git_blobs.ts";
import { GitError, type GitOptions, runGit } from "./git_command.ts";
import { endsAs, type SkipReason, type SourceRule, sourceText } from "./source_text.ts";

/** Options of {@linkcode cloneSources}. */
export interface CloneOptions {
  rule: SourceRule;
  /** Where the clone lies; it is not there yet, and is removed by who calls. */
  folder: string;
  /** The clone may have so many bytes. */
  maxBytes: number;
  /** And take so many seconds. */
  seconds: number;
  signal?: AbortSignal | undefined;
}

/** A source file. */
export interface SourceFile {
  /** Within the repository. */
  path: string;
  text: string;
}

/** What is in a repository. */
export interface ClonedSources {
  /** The commit. */
  version: string;
  /** The files, in the order of their paths; to be read before the folder is removed. */
  files: AsyncIterable<SourceFile>;
  /** How many files of the language were left out, by reason: whole when all files were read. */
  skipped: Map<SkipReason, number>;
}

/**
 * Why an address may not be cloned from; undefined where it may.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyNoAddress } from "./clone_repository.ts";
 *
 * assertEquals(["https://git.example/a/b", "file:///srv/a.git"].map(whyNoAddress), [undefined, undefined]);
 * assertEquals(whyNoAddress("ext::sh -c id"), "an address by https, http, ssh or file is needed");
 * assertEquals(whyNoAddress("https://ada:x@git.example/a"), "an address without a password is needed");
 * ```
 */
export function whyNoAddress(url: string): string | undefined {
  const parsed = /^(https?|ssh|file):\/\/[^\s\p{C}]+$/u.test(url) ? URL.parse(url) : null;
  if (!parsed) return "an address by https, http, ssh or file is needed";
  const hasUser = parsed.password !== "" || (parsed.username !== "" && parsed.protocol !== "ssh:");
  return hasUser ? "an address without a password is needed" : undefined;
}

/**
 * Clones a repository and tells its source files.
 *
 * @throws {GitError} If it cannot be cloned; {RangeError} if the address may not be; the signal's reason
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { cloneSources } from "./clone_repository.ts";
 *
 * const rule = { language: "Lua", ends: [".lua"], maxBytes: 2 ** 20, minTokens: 100 };
 * const options = { rule, folder: `${await Deno.makeTempDir()}/clone`, maxBytes: 2 ** 29, seconds: 9 };
 * await assertRejects(() => cloneSources("file:///nowhere.git", options), Error, "Cannot clone: not found");
 * ```
 */
export async function cloneSources(url: string, options: CloneOptions): Promise<ClonedSources> {
  const { rule, folder, maxBytes, signal } = options;
  const why = whyNoAddress(url);
  if (why !== undefined) throw new RangeError(`Cannot clone: ${why}`);
  const end = performance.now() + 1000 * options.seconds;
  const git = (): GitOptions => ({ folder, seconds: (end - performance.now()) / 1000, signal });
  const skipped = new Map<SkipReason, number>();
  const skip = (reason: SkipReason) => skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const { version, entries } = await within(folder, maxBytes, signal, async (signal) => {
    const cloned = ["clone", "--quiet", "--bare", "--depth=1", "--single-branch", "--no-tags", "--template="];
    const { folder: _, ...anywhere } = git();
    const { stderr } = await runGit([...cloned, "--filter=blob:none", "--", url, folder], {
      ...anywhere,
      signal,
    });
    const head = await runGit(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], { ...git(), signal })
      .catch((error) => {
        throw error instanceof GitError && error.failure === "broken" ? new GitError("empty") : error;
      });
    const version = new TextDecoder().decode(head.stdout).trim();
    const { stdout } = await runGit(["ls-tree", "-r", "-z", "--full-tree", version], { ...git(), signal });
    const entries = chooseEntries(readTree(stdout), rule.ends, skip);
    const isFiltered = !/filtering not recognized/.test(stderr);
    if (isFiltered && entries.length > 0) {
      const fetched = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"];
      const input = [...new Set(entries.map(({ id }) => id))].join("\n") + "\n";
      await runGit([...fetched, "--filter=blob:none", "--stdin", "origin"], { ...git(), signal, input });
    }
    return { version, entries };
  });
  async function* files(): AsyncGenerator<SourceFile> {
    const ids = entries.map(({ id }) => id);
    let at = 0;
    for await (const { size, bytes } of readBlobs(ids, { ...git(), maxBytes: rule.maxBytes })) {
      const { path } = entries[at++]!;
      if (bytes === null) {
        skip(size < 0 ? "missing" : "too large");
        continue;
      }
      const { text, reason } = await sourceText(bytes, rule);
      if (reason !== undefined) skip(reason);
      else yield { path, text };
    }
  }
  return { version, files: files(), skipped };
}

/** The files of the language, in the order of their paths. */
function chooseEntries(
  tree: Iterable<TreeEntry>,
  ends: readonly string[],
  skip: (reason: SkipReason) => void,
): { id: string; path: string }[] {
  const entries: { id: string; path: string }[] = [];
  for (const { mode, id, path } of tree) {
    if (mode === "160000") skip("submodule");
    else if (path === null) skip("name is not UTF-8");
    else if (!endsAs(path, ends)) continue;
    else if (mode === "120000") skip("link");
    else entries.push({ id, path });
  }
  return entries.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Does work that fills a folder, and stops it when the folder has more bytes than it may. */
async function within<T>(
  folder: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tooLarge = new AbortController();
  const stop = watchFolder(folder, (bytes) => {
    if (bytes > maxBytes) tooLarge.abort(new GitError("too large"));
  });
  try {
    return await work(signal ? AbortSignal.any([signal, tooLarge.signal]) : tooLarge.signal);
  } finally {
    await stop();
  }
}
