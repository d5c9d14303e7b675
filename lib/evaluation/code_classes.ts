/**
 * What each character of a source file is: part of an identifier, a keyword, a literal, an operator or punctuation, a
 * comment, or white space. Tree-sitter parses; a leaf of its tree is told by the name of its kind, which grammars choose
 * alike, and by its text. It parses what is broken too, so any text has classes.
 *
 * @module
 */
import { openCodeParser } from "../datasets/code_parser.ts";
import type { Tree } from "../npm/tree_sitter.ts";
import { CODE_LANGUAGES, type CodeLanguage } from "./code_languages.ts";

/** The classes, numbered by their place: what no grammar knows, or could not read, is `other`. */
export const CODE_CLASSES = [
  "identifier",
  "keyword",
  "literal",
  "operator",
  "comment",
  "whitespace",
  "other",
] as const;

/** A name of {@linkcode CODE_CLASSES}. */
export type CodeClass = typeof CODE_CLASSES[number];

/** The number of each class. */
export const CLASS_NUMBERS = Object.fromEntries(CODE_CLASSES.map((name, i) => [name, i])) as Readonly<
  Record<CodeClass, number>
>;

/** How the grammars name strings, numbers, symbols and regular expressions, and the parts of these. */
const LITERAL =
  /^(?!hash_key_symbol$|string_interpolation$|heredoc_redirect$)(.*_)?(string|number|integer|int|float|floating_point|real|imaginary|character|char|rune|symbol|regex|heredoc|nowdoc|escape)(_(?!type$).*)?$|^(jsx_text|format_specifier|type_conversion|template_literal_type|user_defined_literal|literal_suffix|complex|rational)$/;
const COMMENT = /comment|^hash_bang_line$|^shebang/;
/** Named kinds of words that a language reserves. */
const KEYWORD =
  /^(primitive|predefined|void|boolean|this|implicit)_type$|^(null_literal|boolean|php_tag|php_end_tag)$|_(modifier|specifier|directive)$/;
const IDENTIFIER = /identifier|variable|constant|symbol|name|label|^word$/;
/** What an unnamed leaf is called that is a word of the language. */
const WORD = /^[#@]?[\p{L}_][\p{L}\p{N}_]*( \p{L}+)*[?!]?$/u;

/**
 * The class of each UTF-16 unit of a text, a number of {@linkcode CODE_CLASSES}.
 *
 * Blanks and line breaks are white space but within a literal or a comment. Cost: a parse, a megabyte a second; but what is
 * no code of the language may take the square of its length, so a long text is better given in part.
 *
 * @param language null where none is known: what is not white space is `other` then
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifyCode, CODE_CLASSES } from "./code_classes.ts";
 *
 * const classes = await classifyCode("if x: 'a b' # c", "python");
 * const letters = Array.from(classes, (number) => CODE_CLASSES[number]![0]).join("");
 * assertEquals(letters, "kkwiowlllllwccc");
 * ```
 */
export async function classifyCode(text: string, language: CodeLanguage | null): Promise<Uint8Array> {
  const classes = new Uint8Array(text.length);
  clear({ text, classes }, { start: 0, end: text.length });
  if (language === null) return classes;
  const parser = await openCodeParser(CODE_LANGUAGES[language].grammar);
  const tree = parser.parse(text);
  if (tree === null) throw new Error(`Cannot parse ${language}: the parser gave no tree`);
  try {
    paintTree(tree, { text, classes });
  } finally {
    tree.delete(); // its memory is WebAssembly's
  }
  return classes;
}

/** A text and what is known of it so far. */
interface Painting {
  text: string;
  classes: Uint8Array;
}

/** Paints from the root down, so that what stands within a literal has its own class. */
function paintTree(tree: Tree, painting: Painting): void {
  const cursor = tree.walk();
  /** Of each node on the way down: whether it is a literal or a comment. */
  const around: (CodeClass | null)[] = [];
  try {
    while (true) {
      const { nodeType: type, nodeIsNamed: isNamed, startIndex, endIndex } = cursor;
      const span = isNamed ? spanClass(type) : null;
      if (span !== null) paint(painting, { start: startIndex, end: endIndex, as: span });
      if (cursor.gotoFirstChild()) {
        const isCode = span === null && (around.at(-1) ?? null) !== null; // within a literal
        if (isCode) clear(painting, { start: startIndex, end: endIndex });
        around.push(span);
        continue;
      }
      if (span === null && endIndex > startIndex) {
        const own = painting.text.slice(startIndex, endIndex);
        const as = isNamed ? namedClass(type, own) : around.at(-1) ?? unnamedClass(type);
        paint(painting, { start: startIndex, end: endIndex, as });
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return;
        around.pop();
      }
    }
  } finally {
    cursor.delete();
  }
}

/** Makes a stretch what it is before anything is known of it. */
function clear({ text, classes }: Painting, { start, end }: { start: number; end: number }): void {
  for (let i = start; i < end; i++) {
    classes[i] = isBlank(text, i) ? CLASS_NUMBERS.whitespace : CLASS_NUMBERS.other;
  }
}

/** Blanks keep their class outside literals and comments; the line break that ends a comment is not of it. */
function paint(
  { text, classes }: Painting,
  { start, end, as }: { start: number; end: number; as: CodeClass },
): void {
  const isWhole = as === "literal" || as === "comment";
  while (as === "comment" && end > start && /[\r\n]/.test(text[end - 1]!)) end--;
  for (let i = start; i < end; i++) if (isWhole || !isBlank(text, i)) classes[i] = CLASS_NUMBERS[as];
}

function spanClass(type: string): CodeClass | null {
  return COMMENT.test(type) ? "comment" : LITERAL.test(type) ? "literal" : null;
}

function namedClass(type: string, text: string): CodeClass {
  if (KEYWORD.test(type) || type === text.toLowerCase()) return "keyword";
  if (IDENTIFIER.test(type)) return "identifier";
  if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(text)) return "identifier";
  return /[\p{L}\p{N}]/u.test(text) ? "other" : "operator";
}

function unnamedClass(type: string): CodeClass {
  return WORD.test(type) && /\p{L}/u.test(type) ? "keyword" : "operator";
}

function isBlank(text: string, i: number): boolean {
  const unit = text.charCodeAt(i);
  return unit === 32 || (unit >= 9 && unit <= 13) || (unit > 127 && /\s/.test(text[i]!));
}
