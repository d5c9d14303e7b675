/**
 * Code with other names: every identifier that is no word of a language is replaced, each by one and the same. By a lexer of
 * a few lines that knows strings, comments and words of the languages that most corpora hold; it need not be right about
 * all code, only change the names.
 *
 * @module
 */

/** Strings of one or more lines, comments, numbers, and identifiers. */
const LEXEMES =
  /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\d[\w.]*|[\p{L}_$][\p{L}\p{Nd}_$]*/gu;

/** Words of Python, JavaScript, TypeScript, Java, C, C++, Go and Rust, and names that any code may hold. */
const WORDS = new Set([
  ..."False None True and as assert async await break class continue def del elif else except finally for from"
    .split(
      " ",
    ),
  ..."global if import in is lambda nonlocal not or pass raise return try while with yield self cls super"
    .split(" "),
  ..."function var let const new this typeof instanceof void delete switch case default do throw catch extends"
    .split(
      " ",
    ),
  ..."export interface type enum implements static public private protected abstract readonly null undefined"
    .split(
      " ",
    ),
  ..."true false int long short char float double bool boolean byte string String struct union unsigned signed"
    .split(
      " ",
    ),
  ..."sizeof typedef extern register volatile goto include define namespace using template virtual override auto"
    .split(
      " ",
    ),
  ..."final package throws synchronized func go defer chan map range select var fn impl trait mod pub use mut"
    .split(
      " ",
    ),
  ..."match loop where unsafe crate move ref dyn print len str dict list set tuple object open".split(" "),
]);

/** What names become, in the order in which they come first; then with a number. */
const NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa omicron sigma tau upsilon omega"
  .split(" ");

/**
 * Renames the identifiers of code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renameIdentifiers } from "./rename_identifiers.ts";
 *
 * const code = 'def send(mail):  # mail\n    return post(mail, "mail")';
 * assertEquals(renameIdentifiers(code), 'def alpha(beta):  # mail\n    return gamma(beta, "mail")');
 * ```
 */
export function renameIdentifiers(code: string): string {
  const renamed = new Map<string, string>();
  return code.replace(LEXEMES, (lexeme) => {
    if (!/^[\p{L}_$]/u.test(lexeme) || WORDS.has(lexeme)) return lexeme;
    let name = renamed.get(lexeme);
    if (name === undefined) {
      const round = Math.floor(renamed.size / NAMES.length);
      name = NAMES[renamed.size % NAMES.length]! + (round === 0 ? "" : String(round + 1));
      renamed.set(lexeme, name);
    }
    return name;
  });
}
