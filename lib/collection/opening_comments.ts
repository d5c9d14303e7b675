/**
 * Texts without the comments that they begin with: licences and headers that stand in thousands of files, so that a model
 * may know them whatever it has seen of the rest.
 *
 * @module
 */
import { splitLines, strip, universalNewlines } from "../secrets/python_text.ts";
import { COMMENT_STYLES, type CommentedLanguage, type CommentStyle } from "./comment_styles.ts";

/**
 * A text without the blank lines and comments at its beginning, and without white space at its end; its lines end in \n. A
 * language of which nothing is known has no comments. A text of nothing but comments becomes empty.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutOpeningComments } from "./opening_comments.ts";
 *
 * const text = "\n/* Licence\n of many lines *\/\n// by Ada\n\n#![no_std]\nfn main() {}\n";
 * assertEquals(withoutOpeningComments(text, "rust"), "#![no_std]\nfn main() {}");
 * assertEquals(withoutOpeningComments("# Licence\nx = 1", "ruby"), "x = 1");
 * assertEquals(withoutOpeningComments("<?php\n// Licence\necho 1;", "php"), "<?php\necho 1;");
 * assertEquals(withoutOpeningComments("# Title\n", null), "# Title");
 * ```
 */
export function withoutOpeningComments(text: string, language: CommentedLanguage | null): string {
  const lines = strip(text).split(/\r\n|\n|\r/);
  const style: CommentStyle = language === null ? { ends: [] } : COMMENT_STYLES[language];
  const head = style.head?.test(lines[0]!) ? 1 : 0;
  const start = firstCodeLine(lines, head, style);
  return [...lines.slice(0, start === lines.length ? 0 : head), ...lines.slice(start)].join("\n");
}

/** The first line from `at` on that is neither blank nor of a comment; how many lines there are where none is. */
function firstCodeLine(
  lines: readonly string[],
  at: number,
  { line = [], block = [] }: CommentStyle,
): number {
  while (at < lines.length) {
    const stripped = lines[at]!.trim();
    const begun = block.find(([start]) => stripped.startsWith(start)); // "--[[" before "--"
    if (begun) {
      const [start, end] = begun;
      let [rest, to] = [stripped.slice(start.length), at];
      while (!rest.includes(end) && ++to < lines.length) rest = lines[to]!;
      const isCode = to < lines.length && rest.slice(rest.indexOf(end) + end.length).trim() !== "";
      if (to === lines.length || isCode) return at; // one that does not end is none; code behind it keeps it
      at = to + 1;
    } else if (stripped === "" || line.some((start) => stripped.startsWith(start))) at++;
    else return at;
  }
  return at;
}

/**
 * The same as the reference's code does it, whatever the language: it skips blank lines, lines that begin with `#` (Rust's
 * attributes too) and blocks of Python's triple quotes, which end with the next line that ends in quotes; a block on one
 * line goes on. A text of nothing but comments stays as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutOpeningLines } from "./opening_comments.ts";
 *
 * assertEquals(withoutOpeningLines("#![no_std]\r\n\r\nfn main() {}\r\n"), "fn main() {}");
 * assertEquals(withoutOpeningLines('"""Module."""\nx = """y"""\nz = 1'), "z = 1");
 * assertEquals(withoutOpeningLines("// Licence\nx"), "// Licence\nx");
 * assertEquals(withoutOpeningLines("# only"), "# only");
 * ```
 */
export function withoutOpeningLines(text: string): string {
  const lines = splitLines(strip(universalNewlines(text)));
  let isBlock = false;
  const start = lines.findIndex((line) => {
    const stripped = strip(line);
    const isQuoted = (at: "startsWith" | "endsWith") => stripped[at]('"""') || stripped[at]("'''");
    if (isBlock) {
      if (isQuoted("endsWith")) isBlock = false;
      return false;
    }
    if (stripped === "" || stripped.startsWith("#")) return false;
    isBlock = isQuoted("startsWith");
    return !isBlock;
  });
  return lines.slice(Math.max(0, start)).join("\n");
}
