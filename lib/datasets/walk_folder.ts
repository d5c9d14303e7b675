/**
 * The files of a folder in one order on every machine, one by one: what .gitignore and given patterns name is left out,
 * and so are .git and node_modules. Nothing outside the folder is looked into: links are followed to files in it only,
 * and links to folders never. Memory is that of the folders on the way down, not of the tree.
 *
 * A name that is not UTF-8 cannot be opened from here: the system's names become strings with U+FFFD in them, which lead
 * nowhere, or to another file. Such files and folders are given with that reason.
 *
 * @module
 */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readRegularFileSync } from "../files/read_file.ts";
import { type IgnoreRules, isIgnored, parseIgnoreRules } from "./ignore_rules.ts";
import { MAX_FILE_BYTES, whyUnreadable } from "./read_text.ts";

/** A file, or what cannot be read as one. */
export type WalkedFile = RegularFile | UnreadFile;

/** A file that may be opened. */
export interface RegularFile {
  /** Below the root, with "/". */
  path: string;
  /** Bytes, behind the link where it is one. */
  size: number;
  /** When it was last modified, in milliseconds since 1970. */
  modified: number;
  reason?: undefined;
}

/** A file or folder that may not. */
export interface UnreadFile {
  /** Below the root, with "/"; "." for the root itself. */
  path: string;
  /** Why. */
  reason: string;
  /** Its name is not UTF-8: the path leads nowhere, or to another file. */
  isUnnamed?: true;
}

/** Options of {@linkcode walkFolder}. */
export interface WalkOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[];
  /** The size of a file that is not read any more; 256 MiB by default. */
  maxBytes?: number;
}

/** A folder on the way down. */
interface OpenFolder {
  /** Below the root; "" for the root itself. */
  path: string;
  /** Sorted; a folder's ends in "/". */
  names: string[];
  /** How many of them were looked at. */
  done: number;
  rules: IgnoreRules;
}

/** Where runs keep what they know of the files that they wrote into a folder: never a part of a corpus. */
export const RECORDS_FOLDER = ".codescrub";

const NEVER_READ = [".git", "node_modules", RECORDS_FOLDER];
const MAX_IGNORE_BYTES = 2 ** 22; // of all .gitignore files on the way down

/**
 * Walks a folder; a root that is a file is walked as the only file of its folder. Paths come in the order of plain
 * comparison of whole paths; no locale takes part.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { walkFolder } from "./walk_folder.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/a`);
 * for (const name of ["a.py", "a/b.py", "a/c.log"]) await Deno.writeTextFile(`${folder}/${name}`, "");
 * await Deno.symlink("/etc/passwd", `${folder}/b.py`);
 * const found = Array.from(walkFolder(folder, { exclude: ["*.log"] }), ({ path, reason }) => [path, reason]);
 * assertEquals(found, [["a.py", undefined], ["a/b.py", undefined], ["b.py", "link out of the corpus"]]);
 * ```
 */
export function* walkFolder(
  root: string,
  { exclude = [], maxBytes = MAX_FILE_BYTES }: WalkOptions = {},
): Generator<WalkedFile> {
  const base = walkRoot(root);
  if (base !== root) return yield lookAt(base, basename(root), { isInside: () => true, maxBytes }); // the user named it: link or not
  const way: OpenFolder[] = []; // not a call in a call: folders may be deeper than calls
  const enter = (path: string, rules: IgnoreRules): UnreadFile[] => {
    const opened = openFolder(root, path, rules);
    if ("reason" in opened) return [opened];
    way.push(opened);
    return [];
  };
  const isInside = insideOf(root);
  yield* enter("", parseIgnoreRules(exclude.join("\n")));
  for (let folder = way.at(-1); folder; folder = way.at(-1)) {
    const entry = folder.names[folder.done++];
    if (entry === undefined) {
      way.pop();
      continue;
    }
    const isFolder = entry.endsWith("/");
    const name = isFolder ? entry.slice(0, -1) : entry;
    const path = folder.path ? `${folder.path}/${name}` : name;
    if (NEVER_READ.includes(name) || isIgnored(path, isFolder, folder.rules)) continue;
    const isTwin = entry === folder.names[folder.done - 2];
    if (name.includes("\ufffd") && (isTwin || !isNamed(join(root, path), isFolder))) {
      yield { path, reason: `${isFolder ? "folder" : "file"} name is not UTF-8`, isUnnamed: true };
    } else if (isFolder) yield* enter(path, folder.rules);
    else yield lookAt(root, path, { isInside, maxBytes });
  }
}

/**
 * The folder that the paths of a walk start from: its root, or the folder of a root that is a file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { walkRoot } from "./walk_folder.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "");
 * assertEquals([walkRoot(folder), walkRoot(`${folder}/a.py`)], [folder, folder]);
 * ```
 */
export function walkRoot(root: string): string {
  return statSync(root, { throwIfNoEntry: false })?.isFile() ? dirname(root) : root;
}

/** Reads the names in a folder, and the rules that hold there. */
function openFolder(root: string, path: string, outer: IgnoreRules): OpenFolder | UnreadFile {
  const folder = join(root, path);
  const names: string[] = [];
  let rules = outer;
  try {
    for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
      // What stands in a folder compares with its neighbours by the folder's name and the "/" after it.
      names.push(isDirectory ? `${name}/` : name);
      if (name !== ".gitignore" || !isFile) continue; // git follows no link here either
      const maxBytes = MAX_IGNORE_BYTES - outer.size;
      const content = readRegularFileSync(join(folder, name), { what: name, maxBytes });
      rules = parseIgnoreRules(content, { base: path, outer });
    }
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    return {
      path: path || ".",
      reason: error instanceof RangeError ? ".gitignore over 4 MiB" : whyUnreadable(cause),
    };
  }
  names.sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  return { path, names, done: 0, rules };
}

/** Whether a name with U+FFFD in it is the one that stands there, not what became of another. */
function isNamed(path: string, isFolder: boolean): boolean {
  try {
    return Deno.lstatSync(path).isDirectory === isFolder;
  } catch {
    return false;
  }
}

function lookAt(
  root: string,
  path: string,
  { isInside, maxBytes }: { isInside: (real: string) => boolean; maxBytes: number },
): WalkedFile {
  const place = join(root, path);
  try {
    let info = Deno.lstatSync(place);
    if (info.isSymlink) {
      if (!isInside(Deno.realPathSync(place))) return { path, reason: "link out of the corpus" };
      info = Deno.statSync(place);
      if (info.isDirectory) return { path, reason: "link to a folder" };
    }
    if (!info.isFile) return { path, reason: "not a regular file" };
    if (info.size > maxBytes) return { path, reason: "over 256 MiB" };
    return { path, size: info.size, modified: info.mtime?.getTime() ?? 0 };
  } catch (error) {
    return { path, reason: whyUnreadable(error) };
  }
}

/**
 * Whether a real path lies in a folder, which may be behind links itself. A snapshot in the Hub's cache, whose files are
 * links to the blobs beside it, has those too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { insideOf } from "./walk_folder.ts";
 *
 * const folder = await Deno.realPath(await Deno.makeTempDir());
 * const isInside = insideOf(folder);
 * assertEquals([isInside(`${folder}/a`), isInside(`${folder}b/a`), isInside("/etc/passwd")], [true, false, false]);
 * ```
 */
export function insideOf(root: string): (real: string) => boolean {
  let folders: string[] | undefined; // few folders have links
  return (real) => {
    if (!folders) {
      const own = Deno.realPathSync(root);
      const snapshots = dirname(own);
      folders = [own, ...(basename(snapshots) === "snapshots" ? [join(snapshots, "../blobs")] : [])];
    }
    return folders.some((folder) => `${real}/`.startsWith(folder === "/" ? "/" : `${folder}/`));
  };
}
