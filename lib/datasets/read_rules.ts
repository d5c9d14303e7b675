/**
 * Files of rules in gitleaks' format, with those that they build on. A path in `[extend]` is taken from the folder of the
 * file that names it; `useDefault` means the rules of the extended profile.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { parseToml, TomlError } from "../npm/smol_toml.ts";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import { extendRules, finishRules, readRuleFile, type RuleFile, type RuleSet } from "../secrets/rule_set.ts";

const MAX_BYTES = 2 ** 24;

/** Rules that were read. */
export interface ReadRules {
  set: RuleSet;
  /** Whether the scanner's own rules are wanted too. */
  useDefault: boolean;
  /** The files, by a name for each. */
  files: { [name: string]: string };
  /** What a person should know of them. */
  lines: string[];
}

/**
 * Reads rules, from files of at most 16 MiB.
 *
 * @throws {SyntaxError} If a file is no TOML, says what no rule can, or builds on itself; {Error} as `readRegularText`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRules } from "./read_rules.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "[[rules]]\nid = 'mine'\nregex = 'mine_[a-z]+'\n");
 * assertEquals((await readRules(path)).set.rules.map(({ id }) => id), ["mine"]);
 * ```
 */
export async function readRules(path: string): Promise<ReadRules> {
  const paths: string[] = [];
  let useDefault = false;
  const read = async (path: string): Promise<RuleFile> => {
    const isCyclic = paths.includes(path);
    paths.push(path);
    if (isCyclic) throw unreadable(path, "it builds on itself by extend.path: remove one of these lines");
    const text = await readRegularText(path, { what: "rules", maxBytes: MAX_BYTES });
    let own: RuleFile;
    try {
      own = readRuleFile(parseToml(text));
    } catch (cause) {
      throw unreadable(path, cause instanceof TomlError ? whyNoToml(cause) : reasonOf(cause), cause);
    }
    if (own.extension === null) return own;
    if (own.extension.path !== null) {
      return extendRules(own, await read(resolve(dirname(path), own.extension.path)));
    }
    useDefault = true;
    return own;
  };
  const file = await read(resolve(path));
  try {
    const set = finishRules(file);
    return {
      set,
      useDefault,
      files: Object.fromEntries(paths.map((path, i) => [i === 0 ? "rules" : `rules ${i + 1}`, path])),
      lines: [describeRules(set)],
    };
  } catch (cause) {
    throw unreadable(path, reasonOf(cause), cause);
  }
}

/** The first line of the parser's words: it shows the file's own below. */
function whyNoToml({ line, column, message }: TomlError): string {
  const [first = ""] = message.split("\n");
  return `no TOML at line ${line}, column ${column}: ${first.replace(/^Invalid TOML document: /, "")}`;
}

function unreadable(path: string, reason: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read rules "${path}": ${reason}`, { cause });
}

function describeRules({ rules }: RuleSet): string {
  const ofNames = rules.filter(({ regex }) => regex === null).length;
  return `${rules.length - ofNames} rules` +
    (ofNames > 0 ? `; ${ofNames} of files' names alone, which find no place, left out` : "");
}
