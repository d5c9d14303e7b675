/**
 * The patterns of .gitignore files, as git reads them: `#` comments, `!` negation, a trailing "/" for folders only, a
 * "/" elsewhere anchors to the file's folder, `*`, `?`, `[...]` within a name, `**` across folders. The last rule that
 * matches decides. An ignored folder is not entered, so nothing below it can be taken back (as in git).
 *
 * Matching takes time in proportion to the rules' length times the path's, whatever they are.
 *
 * Source: gitignore(5), git's dir.c. Tested against `git check-ignore`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { bytesOf, compileGlob, type Glob, matchesGlob } from "./glob.ts";

/** The rules that hold in a folder: those of its own file and those from above. Plain data that may be sent to a worker. */
export interface IgnoreRules {
  /** The rules of this file, in its order. */
  rules: readonly IgnoreRule[];
  /** The bytes of the folder's path, with "/" at the end; "" for the root. */
  base: string;
  /** How many folders the base names. */
  depth: number;
  /** Bytes of the file and of those above. */
  size: number;
  /** Those of the folders above; a rule further down wins. */
  outer: IgnoreRules | null;
}

/** One pattern. */
export interface IgnoreRule {
  /** The pattern of a path below the file's folder, or of a name. */
  glob: Glob;
  /** It has a "/": matches whole paths. */
  anchored: boolean;
  /** Takes back what an earlier rule ignored. */
  negated: boolean;
  /** Ends in "/": no file matches. */
  folderOnly: boolean;
}

/** Options of {@linkcode parseIgnoreRules}. */
export interface ParseIgnoreRulesOptions {
  /** The folder that the file lies in, "" for the root. */
  base?: string;
  /** The rules of the folders above. */
  outer?: IgnoreRules | null;
}

/**
 * Compiles the lines of a .gitignore file. A pattern that can match nothing is left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseIgnoreRules } from "./ignore_rules.ts";
 *
 * assertEquals(parseIgnoreRules("# nothing\n\n*.log\n").rules.length, 1);
 * ```
 */
export function parseIgnoreRules(
  content: string | Uint8Array<ArrayBuffer>,
  { base = "", outer = null }: ParseIgnoreRulesOptions = {},
): IgnoreRules {
  const bytes = typeof content === "string"
    ? bytesOf(content)
    : Buffer.from(content.buffer, content.byteOffset, content.length).toString("latin1");
  const lines = bytes.replace(/^\xef\xbb\xbf/, "").split("\n");
  return {
    rules: lines.map(parseRule).filter((rule) => rule !== null),
    base: base === "" ? "" : `${bytesOf(base)}/`,
    depth: base === "" ? 0 : base.split("/").length,
    size: bytes.length + (outer?.size ?? 0),
    outer,
  };
}

function parseRule(raw: string): IgnoreRule | null {
  if (raw.startsWith("#")) return null;
  let line = trimEnd(raw);
  const negated = line.startsWith("!");
  if (negated) line = line.slice(1);
  const folderOnly = line.endsWith("/");
  if (folderOnly) line = line.slice(0, -1);
  if (line === "") return null;
  const anchored = line.includes("/");
  const glob = compileGlob(line.startsWith("/") ? line.slice(1) : line);
  return glob && { glob, anchored, negated, folderOnly };
}

/** Without a carriage return, what follows a NUL, and blanks at the end, of which a backslash keeps the first. */
function trimEnd(line: string): string {
  const nul = line.indexOf("\0");
  let end = nul >= 0 ? nul : line.endsWith("\r") ? line.length - 1 : line.length;
  const whole = end;
  while (line[end - 1] === " ") end--;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? Math.min(end + 1, whole) : end);
}

/**
 * Whether a path is ignored by the last rule that matches it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isIgnored, parseIgnoreRules } from "./ignore_rules.ts";
 *
 * const rules = parseIgnoreRules("*.log\n!keep.log\nbuild/\n");
 * assertEquals(isIgnored("src/a.log", false, rules), true);
 * assertEquals(isIgnored("src/keep.log", false, rules), false);
 * assertEquals(isIgnored("build", false, rules), false);
 * ```
 */
export function isIgnored(path: string, isFolder: boolean, innermost: IgnoreRules): boolean {
  const bytes = bytesOf(path);
  const names = bytes.split("/");
  for (let file: IgnoreRules | null = innermost; file; file = file.outer) {
    const { rules, base, depth } = file;
    if (rules.length === 0 || !bytes.startsWith(base)) continue;
    const last = rules.findLast(({ glob, anchored, folderOnly }) =>
      (isFolder || !folderOnly) && matchesGlob(names, glob, anchored ? depth : names.length - 1)
    );
    if (last) return !last.negated;
  }
  return false;
}

/**
 * Whether a file is ignored by its path, or by that of a folder that it lies in.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPathIgnored, parseIgnoreRules } from "./ignore_rules.ts";
 *
 * const rules = parseIgnoreRules("build/\n");
 * assertEquals(["build/a.py", "src/build.py"].map((path) => isPathIgnored(path, rules)), [true, false]);
 * ```
 */
export function isPathIgnored(path: string, rules: IgnoreRules): boolean {
  if (rules.rules.length === 0) return false;
  const parts = path.split("/");
  return parts.some((_, i) => isIgnored(parts.slice(0, i + 1).join("/"), i < parts.length - 1, rules));
}
