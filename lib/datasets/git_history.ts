/**
 * A git history as documents: each content of a file once, under the first commit and path that it stood at. Commits come
 * with those before them first, so what is found is found where it was brought in. Names and contents are streamed; only
 * the names of contents that were seen are held, some 100 bytes each.
 *
 * @module
 */
import { ByteReader } from "./byte_reader.ts";
import type { Shard, SkippedDocument } from "./corpus_piece.ts";
import { BlobSizes, type HistoryBlob } from "./git_blobs.ts";
import { askGit, startGit } from "./git_process.ts";
import { type GitHistory, indexVariable } from "./git_repository.ts";
import { isPathIgnored, parseIgnoreRules } from "./ignore_rules.ts";
import { MAX_FILE_BYTES } from "./read_text.ts";

/** A content that a commit brought in. */
export interface BroughtIn {
  /** Null of what is staged. */
  commit: string | null;
  path: string;
  object: string;
}

/** How git lists the changes of commits: contents by their whole names, each path ended by a NUL. */
const LISTING = ["--raw", "-z", "-r", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-relative"];

/**
 * What commits brought in, in their order; a merge's own changes too. Links and submodules are left out.
 *
 * @throws {Error} with git's own words, if a commit or a folder of it is broken
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { broughtIn } from "./git_history.ts";
 * import type { GitHistory } from "./git_repository.ts";
 *
 * const history = { folder: Deno.makeTempDirSync(), revisions: null, isStaged: false } as GitHistory;
 * await assertRejects(() => Array.fromAsync(broughtIn(history)), Error, "there is none");
 * ```
 */
export async function* broughtIn(history: GitHistory): AsyncGenerator<BroughtIn> {
  const { folder, revisions, isStaged } = history;
  if (isStaged) {
    const before = await askGit(folder, ["rev-parse", "--verify", "HEAD"])
      .catch(() => askGit(folder, ["hash-object", "-t", "tree", "--stdin"])); // of no file
    const env = indexVariable(history.index);
    await using changes = startGit(folder, ["diff-index", "--cached", ...LISTING, before], { env });
    yield* listed(changes.output);
    return await changes.end();
  }
  await using commits = startGit(folder, [
    "rev-list",
    "--topo-order",
    "--reverse",
    ...revisions ?? ["--all"],
    "--",
  ]);
  const tree = ["diff-tree", "--stdin", "--root", "-c", ...LISTING];
  await using changes = startGit(folder, tree, { takesInput: true });
  const passed = changes.take(commits.output);
  yield* listed(changes.output);
  await passed;
  await changes.end();
  await commits.end();
}

const NUL = 0;
const FILE_MODE = /^100/;

async function* listed(output: ReadableStream<Uint8Array>): AsyncGenerator<BroughtIn> {
  await using reader = new ByteReader(output);
  const decoder = new TextDecoder();
  let commit: string | null = null;
  for (let token = await reader.until(NUL); token; token = await reader.until(NUL)) {
    const line = decoder.decode(token);
    const colons = /^:*/.exec(line)![0].length;
    if (colons === 0) {
      commit = line;
      continue;
    }
    const path = await reader.until(NUL);
    if (path === null) return; // git was ended
    const words = line.slice(colons).split(" "); // a mode and an object of each parent and the commit
    const [mode, object] = [words[colons], words[2 * colons + 1]];
    if (FILE_MODE.test(mode!)) yield { commit, path: pathOf(path), object: object! };
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name; bytes that are not UTF-8 as `\xff`, so that two names stay two. */
function pathOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    const escape = (byte: number) => byte < 128 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`;
    return Array.from(bytes, escape).join("");
  }
}

/** Options of {@linkcode historyBlobs}. */
export interface HistoryBlobsOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[];
  shard: Shard;
  /** How many contents are asked for at once. */
  count: number;
}

/** Contents with their sizes, and what gives none. */
export interface HistoryPart {
  blobs: (HistoryBlob & { bytes: number })[];
  skipped: SkippedDocument[];
}

/**
 * The contents of a history, each once, by parts of at most `count`.
 *
 * @throws {Error} As `broughtIn`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { historyBlobs } from "./git_history.ts";
 * import type { GitHistory } from "./git_repository.ts";
 *
 * const history = { folder: Deno.makeTempDirSync(), revisions: null, isStaged: false } as GitHistory;
 * const options = { shard: { index: 0, count: 1 }, count: 256 };
 * await assertRejects(() => Array.fromAsync(historyBlobs(history, options)), Error, "there is none");
 * ```
 */
export async function* historyBlobs(
  history: GitHistory,
  { exclude = [], shard, count }: HistoryBlobsOptions,
): AsyncGenerator<HistoryPart> {
  const rules = parseIgnoreRules(exclude.join("\n"));
  const seen = new Set<string>();
  await using sizes = new BlobSizes(history.folder);
  let blobs: HistoryBlob[] = [];
  const take = async (): Promise<HistoryPart> => {
    const part: HistoryPart = { blobs: [], skipped: [] };
    const found = await sizes.of(blobs.map(({ object }) => object));
    for (const [i, blob] of blobs.entries()) {
      const bytes = found[i] ?? 0; // who reads it says that it is not there
      if (bytes > MAX_FILE_BYTES) part.skipped.push({ path: blob.path, reason: "over 256 MiB" });
      else part.blobs.push({ ...blob, bytes });
    }
    blobs = [];
    return part;
  };
  for await (const { commit, path, object } of broughtIn(history)) {
    if (seen.has(object) || isPathIgnored(path, rules)) continue;
    seen.add(object);
    const number = seen.size - 1;
    if (number % shard.count !== shard.index) continue;
    blobs.push({ number, docId: `${commit ?? ""}:${path}`, path, commit, object });
    if (blobs.length === count) yield await take();
  }
  if (blobs.length > 0) yield await take();
}
