/**
 * The patterns of .gitignore files, as git reads them: `#` comments, `!` negation, a trailing "/" for folders only, a
 * "/" elsewhere anchors to the file's folder, `*`, `?`, `[...]` within a name, `**` across folders. The last rule that
 * matches decides. An ignored folder is not entered, so nothing below it can be taken back (as in git).
 *
 * Source: gitignore(5). Tested against `git check-ignore`. Departure: a rule with a reversed range is dropped.
 *
 * @module
 */

/** One pattern, compiled for paths relative to the corpus root. */
export interface IgnoreRule {
  /** Matches whole paths, with "/" and without one at the end. */
  pattern: RegExp;
  /** Takes back what an earlier rule ignored. */
  negated: boolean;
  /** Ends in "/": no file matches. */
  folderOnly: boolean;
}

/**
 * Compiles the lines of a .gitignore file that lies in the folder `base` ("" is the root).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseIgnoreRules } from "./ignore_rules.ts";
 *
 * assertEquals(parseIgnoreRules("# nothing\n\n*.log\n", "").length, 1);
 * ```
 */
export function parseIgnoreRules(text: string, base: string): IgnoreRule[] {
  const rules: IgnoreRule[] = [];
  for (const raw of text.split(/\r?\n/)) {
    let line = raw.replace(/(?<!\\)[ \t]+$/, "");
    if (line === "" || line.startsWith("#")) continue;
    const negated = line.startsWith("!");
    if (negated) line = line.slice(1);
    const folderOnly = line.endsWith("/");
    if (folderOnly) line = line.slice(0, -1);
    if (line === "") continue;
    const anchored = line.includes("/");
    const body = translate(line.startsWith("/") ? line.slice(1) : line);
    const prefix = base ? `${escape(base)}/` : "";
    const pattern = compile(`^${prefix}${anchored ? "" : "(?:.*/)?"}${body}$`);
    if (pattern) rules.push({ pattern, negated, folderOnly });
  }
  return rules;
}

/** Null for a set that cannot be, such as "[z-a]": a rule with it matches nothing. */
function compile(source: string): RegExp | null {
  try {
    return new RegExp(source, "su");
  } catch {
    return null;
  }
}

/**
 * Whether a path is ignored by the last rule that matches it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isIgnored, parseIgnoreRules } from "./ignore_rules.ts";
 *
 * const rules = parseIgnoreRules("*.log\n!keep.log\nbuild/\n", "");
 * assertEquals(isIgnored("src/a.log", false, rules), true);
 * assertEquals(isIgnored("src/keep.log", false, rules), false);
 * assertEquals(isIgnored("build", false, rules), false);
 * ```
 */
export function isIgnored(path: string, isFolder: boolean, rules: readonly IgnoreRule[]): boolean {
  const last = rules.findLast(({ pattern, folderOnly }) => (isFolder || !folderOnly) && pattern.test(path));
  return last !== undefined && !last.negated;
}

function translate(glob: string): string {
  let source = "";
  for (let at = 0; at < glob.length;) {
    const rest = glob.slice(at);
    const set = /^\[([!^]?)((?:\\.|[^\]\\]|^\])+)\]/u.exec(rest);
    const [token, pattern] = rest.startsWith("**/") && (at === 0 || glob[at - 1] === "/")
      ? ["**/", "(?:.*/)?"]
      : rest === "**" && glob[at - 1] === "/"
      ? ["**", ".*"]
      : /^\*+/.test(rest)
      ? [/^\*+/.exec(rest)![0], "[^/]*"]
      : rest.startsWith("?")
      ? ["?", "[^/]"]
      : set
      ? [set[0], `(?!/)[${set[1] ? "^" : ""}${escapeSet(set[2] ?? "")}]`]
      : rest.startsWith("\\") && rest.length > 1
      ? [rest.slice(0, 2), escape(rest.slice(1, 2))]
      : [rest.slice(0, 1), escape(rest.slice(0, 1))];
    source += pattern;
    at += token!.length;
  }
  return source;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function escapeSet(text: string): string {
  return text.replace(/\\(.)/gu, "$1").replace(/[\\[\]^]/g, "\\$&");
}
