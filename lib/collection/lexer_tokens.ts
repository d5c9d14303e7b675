/**
 * How many tokens a source file has, white space included, as a lexer counts them: what is too short to tell anything is
 * not collected. Tree-sitter reads the languages that it has a grammar of here: each leaf of its tree is a token, each
 * comment and string is one, and so is each run of blanks between two. Of other languages each word, each other sign and
 * each run of blanks counts, comments and strings too.
 *
 * @module
 */
import { openCodeParser } from "../datasets/code_parser.ts";
import type { Tree } from "../npm/tree_sitter.ts";

/** The grammars by language, as GitHub spells it. C is read as C++, which reads it. */
const GRAMMARS: { readonly [language: string]: string } = {
  Python: "python",
  Java: "java",
  JavaScript: "javascript",
  TypeScript: "typescript",
  TSX: "tsx",
  C: "cpp",
  "C++": "cpp",
  "C#": "c-sharp",
  Go: "go",
  Rust: "rust",
  Ruby: "ruby",
  PHP: "php",
  Shell: "bash",
  Lua: "lua",
};

/** What is read of a file: what is no code of the language may take a parser the square of its length. */
const READ_CHARACTERS = 2 ** 16;
/** A node that is one token to a lexer, whatever it consists of. */
const WHOLE =
  /comment|^(string|string_literal|raw_string_literal|char_literal|encapsed_string|heredoc_body)$/;

/**
 * Whether a text has at least so many tokens in its first 65,536 characters.
 *
 * @param language as GitHub spells it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hasTokens } from "./lexer_tokens.ts";
 *
 * assertEquals(await hasTokens("x = 'a b' -- c d e", "Lua", 7), true); // x, blank, =, blank, 'a b', blank, comment
 * assertEquals(await hasTokens("x = 'a b' -- c d e", "Lua", 8), false);
 * assertEquals(await hasTokens("(defun f (x) x)", "Common Lisp", 11), true);
 * assertEquals(await hasTokens("(defun f (x) x)", "Common Lisp", 12), false);
 * ```
 */
export async function hasTokens(text: string, language: string, least: number): Promise<boolean> {
  const read = text.slice(0, READ_CHARACTERS);
  if (read.length < least) return false;
  const grammar = GRAMMARS[language];
  if (grammar === undefined) return countSigns(read, least);
  const tree = (await openCodeParser(grammar)).parse(read);
  if (tree === null) throw new Error(`Cannot parse ${language}: the parser gave no tree`);
  try {
    return countLeaves(tree, least);
  } finally {
    tree.delete(); // its memory is WebAssembly's
  }
}

function countSigns(text: string, least: number): boolean {
  let count = 0;
  for (const _ of text.matchAll(/[\p{L}\p{N}_]+|\s+|./gu)) if (++count >= least) return true;
  return false;
}

function countLeaves(tree: Tree, least: number): boolean {
  const cursor = tree.walk();
  let [count, end] = [0, 0];
  try {
    while (true) {
      const { nodeType, startIndex, endIndex } = cursor;
      if (!WHOLE.test(nodeType) && cursor.gotoFirstChild()) continue;
      if (endIndex > startIndex) {
        count += startIndex > end ? 2 : 1; // what is between two is blank
        end = endIndex;
        if (count >= least) return true;
      }
      while (!cursor.gotoNextSibling()) if (!cursor.gotoParent()) return false;
    }
  } finally {
    cursor.delete();
  }
}
