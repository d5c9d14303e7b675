/**
 * The corpus of a request that names its own texts: where `scrub` is given no `--corpus`, the files and folders of the
 * request's `path:` lines are read, each as `--corpus` would read it, and nothing else.
 *
 * A corpus has one path and patterns of what is left out of it, and all stages, and later scrubs, read it by these. So of
 * several texts it is the folder that holds them all, with patterns that leave out all else.
 *
 * @module
 */
import { dirname, join, relative, sep } from "node:path";
import type { RequestEntry } from "../datasets/deletion_request.ts";
import { type CorpusOptions, resolveCorpus } from "../datasets/resolve_corpus.ts";
import { UsageError } from "./command.ts";
import { resolvePath } from "./options.ts";

/** A request's own texts. */
export interface RequestCorpus {
  /** A file or folder. */
  corpus: string;
  /** What to leave out of it, as in .gitignore. */
  exclude: string[];
  /** The request, its paths as documents of that corpus are called. */
  entries: RequestEntry[];
}

/** What a line names: a file or folder, and a pattern of what below it. */
interface NamedTexts {
  path: string;
  isFolder: boolean;
  /** Of a folder. */
  pattern: string;
}

/**
 * The texts that a request names.
 *
 * @param options.cwd where relative paths begin; the others as for `resolveCorpus`
 * @throws {UsageError} where it names none that are there; {Error} as `resolveCorpus`
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { requestCorpus } from "./request_corpus.ts";
 *
 * const cwd = await Deno.makeTempDir();
 * await Deno.mkdir(`${cwd}/leaked`);
 * const entry = { line: 1, kind: "path" as const, text: "leaked/*.py" };
 * const { corpus, exclude, entries } = await requestCorpus([entry], { cwd });
 * assertEquals([corpus, exclude, entries[0]!.text], [`${cwd}/leaked`, [], "*.py"]);
 * await assertRejects(() => requestCorpus([{ ...entry, text: "no/" }], { cwd }), Error, "names no file or folder");
 * ```
 */
export async function requestCorpus(
  entries: readonly RequestEntry[],
  { cwd, ...reading }: CorpusOptions & { cwd: string },
): Promise<RequestCorpus> {
  const named = new Map<RequestEntry, NamedTexts>();
  for (const entry of entries) {
    const texts = entry.kind === "path" ? await namedTexts(entry.text, cwd) : undefined;
    if (texts) named.set(entry, texts);
  }
  const roots = outermost([...named.values()]);
  if (roots.length === 0) {
    throw new UsageError(
      'Missing option "--corpus": the request names no file or folder that is there: give --corpus C, or lines of ' +
        "the request such as path:leaked/",
    );
  }
  const corpus = roots.length === 1 ? roots[0]!.path : commonFolder(roots.map(({ path }) => path));
  const exclude = [...roots.length === 1 ? [] : restTo(roots, corpus), ...reading.exclude ?? []];
  const { tables } = await resolveCorpus(corpus, { ...reading, exclude });
  // rows of tables are not called by their table's path: what is named whole is all that there is
  const isWhole = tables.length > 0 || (roots.length === 1 && !roots[0]!.isFolder);
  return {
    corpus,
    exclude,
    entries: entries.map((entry) => {
      const texts = named.get(entry);
      if (!texts) return entry;
      return { ...entry, text: isWhole && texts.pattern === ALL ? ALL : patternIn(texts, corpus) };
    }),
  };
}

const GLOB = /[*?[\]\\]/;
const ALL = "**";

async function namedTexts(text: string, cwd: string): Promise<NamedTexts | undefined> {
  const path = resolvePath(text, cwd).replace(/(.)[/\\]+$/, "$1");
  const info = await Deno.stat(path).catch(() => null);
  if (info) return { path, isFolder: info.isDirectory, pattern: ALL };
  const parts = text.split("/");
  const count = parts.findIndex((part) => GLOB.test(part));
  if (count < 1) return undefined; // `*.py` alone would be all below where the user stands: that is ./*.py
  const folder = resolvePath(parts.slice(0, count).join("/") || "/", cwd).replace(/(.)[/\\]+$/, "$1");
  const isFolder = await Deno.stat(folder).then((info) => info.isDirectory, () => false);
  return isFolder ? { path: folder, isFolder, pattern: parts.slice(count).join("/") } : undefined;
}

/** Each text once, without those that lie in others. */
function outermost(named: readonly NamedTexts[]): NamedTexts[] {
  const roots = [...new Map(named.map((texts) => [texts.path, texts])).values()];
  return roots.filter(({ path }) => !roots.some((other) => other.path !== path && isBelow(path, other.path)));
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0]!);
  while (!paths.every((path) => isBelow(path, folder))) folder = dirname(folder);
  return folder;
}

/** Patterns that leave out all but some texts, folder by folder from above: what is left out is not looked into. */
function restTo(roots: readonly NamedTexts[], base: string): string[] {
  const closed = new Map<string, Set<string>>([["", new Set()]]);
  for (const { path, isFolder } of roots) {
    const parts = relative(base, path).split(sep).map(escaped);
    parts.forEach((part, i) => {
      const above = parts.slice(0, i).map((name) => `/${name}`).join("");
      const isLast = i === parts.length - 1;
      const opened = closed.get(above) ?? new Set();
      closed.set(above, opened.add(`!${above}/${part}${!isLast || isFolder ? "/" : ""}`));
    });
  }
  return [...closed].sort(([a], [b]) => a.split("/").length - b.split("/").length)
    .flatMap(([above, opened]) => [`${above}/*`, ...opened]);
}

/** A line's pattern below the corpus. */
function patternIn({ path, isFolder, pattern }: NamedTexts, corpus: string): string {
  const own = relative(corpus, path).split(sep).filter((part) => part !== "").map(escaped);
  return join(...own, ...isFolder || own.length === 0 ? [pattern] : []);
}

/** A name as a pattern of itself. */
function escaped(name: string): string {
  return name.replace(/[*?[\]\\!# ]/g, "\\$&");
}
