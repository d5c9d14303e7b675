/**
 * How comments are written in the languages that code is collected of, by the end of a file's path.
 *
 * @module
 */

/** How a language's comments are written. */
export interface CommentStyle {
  /** How its files end. */
  ends: readonly string[];
  /** What a comment up to the end of its line begins with. */
  line?: readonly string[];
  /** What a comment of many lines begins and ends with. */
  block?: readonly (readonly [start: string, end: string])[];
  /** A first line that is no comment and stays, with comments behind it. */
  head?: RegExp;
}

const SLASHES = { line: ["//"], block: [["/*", "*/"]] } as const;
const HASH = { line: ["#"] } as const;

/** The languages by name. */
export const COMMENT_STYLES = {
  python: { ends: ["py", "pyi", "pyw"], ...HASH, block: [['"""', '"""'], ["'''", "'''"]] },
  ruby: { ends: ["rb", "rake", "gemspec"], ...HASH, block: [["=begin", "=end"]] },
  php: { ends: ["php"], line: ["//", "#"], block: [["/*", "*/"]], head: /^<\?php\s*$/ },
  rust: { ends: ["rs"], ...SLASHES },
  lua: { ends: ["lua"], line: ["--"], block: [["--[[", "]]"], ["--[=[", "]=]"], ["--[==[", "]==]"]] },
  javascript: { ends: ["js", "jsx", "mjs", "cjs"], ...SLASHES, head: /^#!/ },
  typescript: { ends: ["ts", "tsx", "mts", "cts"], ...SLASHES, head: /^#!/ },
  java: { ends: ["java"], ...SLASHES },
  kotlin: { ends: ["kt", "kts"], ...SLASHES },
  scala: { ends: ["scala"], ...SLASHES },
  swift: { ends: ["swift"], ...SLASHES },
  dart: { ends: ["dart"], ...SLASHES },
  c: { ends: ["c", "h"], ...SLASHES },
  cpp: { ends: ["cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx"], ...SLASHES },
  csharp: { ends: ["cs"], ...SLASHES },
  go: { ends: ["go"], ...SLASHES },
  bash: { ends: ["sh", "bash"], ...HASH },
  perl: { ends: ["pl", "pm"], ...HASH, block: [["=pod", "=cut"]] },
  r: { ends: ["r"], ...HASH },
  julia: { ends: ["jl"], ...HASH, block: [["#=", "=#"]] },
  elixir: { ends: ["ex", "exs"], ...HASH },
  haskell: { ends: ["hs"], line: ["--"], block: [["{-", "-}"]] },
  sql: { ends: ["sql"], line: ["--"], block: [["/*", "*/"]] },
} as const satisfies { [language: string]: CommentStyle };

/** A name of {@linkcode COMMENT_STYLES}. */
export type CommentedLanguage = keyof typeof COMMENT_STYLES;

const BY_END = new Map<string, CommentedLanguage>(
  (Object.keys(COMMENT_STYLES) as CommentedLanguage[]).flatMap((name) =>
    COMMENT_STYLES[name].ends.map((end) => [end, name] as const)
  ),
);

/**
 * The language of a document by the end of its path, or of its id where it has no path; null where that tells none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commentedLanguage } from "./comment_styles.ts";
 *
 * assertEquals(commentedLanguage({ docId: "owner/repo/init.LUA", path: null }), "lua");
 * assertEquals(commentedLanguage({ docId: "HumanEval/0", path: null }), null);
 * ```
 */
export function commentedLanguage(
  { docId, path }: { docId: string; path: string | null },
): CommentedLanguage | null {
  const end = /\.([^./\\]+?)(?:#\d+)?$/.exec(path ?? docId)?.[1];
  return end === undefined ? null : BY_END.get(end.toLowerCase()) ?? null;
}
