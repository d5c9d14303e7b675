/**
 * The files of a folder in one order on every machine, one by one: what .gitignore and given patterns name is left out,
 * and so are .git and node_modules; links to folders are not followed. Memory is that of the folders on the way down,
 * not of the tree.
 *
 * @module
 */
import { join } from "node:path";
import { type IgnoreRule, isIgnored, parseIgnoreRules } from "./ignore_rules.ts";

/** A file, or a folder that cannot be read. */
export interface WalkedFile {
  /** Below the root, with "/". */
  path: string;
  /** Why a folder could not be read; files are not opened. */
  reason?: string;
}

/** Options of {@linkcode walkFolder}. */
export interface WalkOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[];
}

const NEVER_READ = [".git", "node_modules"];

/**
 * Walks a folder. Paths come in the order of plain comparison of whole paths; no locale takes part.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { walkFolder } from "./walk_folder.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/a`);
 * for (const name of ["a.py", "a/b.py", "a/c.log"]) await Deno.writeTextFile(`${folder}/${name}`, "");
 * const paths = Array.from(walkFolder(folder, { exclude: ["*.log"] }), ({ path }) => path);
 * assertEquals(paths, ["a.py", "a/b.py"]);
 * ```
 */
export function walkFolder(root: string, { exclude = [] }: WalkOptions = {}): Generator<WalkedFile> {
  return walk(root, "", parseIgnoreRules(exclude.join("\n"), ""));
}

function* walk(root: string, relative: string, outer: readonly IgnoreRule[]): Generator<WalkedFile> {
  let entries: Deno.DirEntry[];
  let rules = outer;
  try {
    entries = [...Deno.readDirSync(join(root, relative))];
    if (entries.some(({ name, isFile }) => isFile && name === ".gitignore")) {
      const text = Deno.readTextFileSync(join(root, relative, ".gitignore"));
      rules = [...outer, ...parseIgnoreRules(text, relative)];
    }
  } catch (error) {
    yield { path: relative || ".", reason: `unreadable (${(error as Error).name})` };
    return;
  }
  // What stands in a folder compares with its neighbours by the folder's name and the "/" after it.
  const keyed = entries.map((entry) => ({ entry, key: entry.isDirectory ? `${entry.name}/` : entry.name }));
  keyed.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  for (const { entry } of keyed) {
    const path = relative ? `${relative}/${entry.name}` : entry.name;
    if (NEVER_READ.includes(entry.name) || isIgnored(path, entry.isDirectory, rules)) continue;
    if (entry.isDirectory) yield* walk(root, path, rules);
    else yield { path };
  }
}
