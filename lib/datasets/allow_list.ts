/**
 * An allow-list: what a person has looked at and knows to be no secret. One rule a line, `#` comments:
 *
 * - `fingerprint 3f2a...`: the value with this fingerprint, wherever it stands
 * - `path docs/**`: everything in these files, as .gitignore spells them
 * - `detector HexHighEntropy tests/**`: what one detector finds, in all files or in these
 *
 * @module
 */
import { type IgnoreRule, isIgnored, parseIgnoreRules } from "./ignore_rules.ts";

/** The rules; plain data that may be sent to a worker. */
export interface AllowList {
  /** Of values. */
  fingerprints: ReadonlySet<string>;
  /** Of files. */
  paths: readonly IgnoreRule[];
  /** Of detectors, with the files that they hold for. */
  detectors: readonly { name: string; paths: readonly IgnoreRule[] }[];
}

/** What a rule looks at. */
export interface FoundSecret {
  /** The document's id, a path for files. */
  doc_id: string;
  /** Its path, where it has one. */
  path: string | null;
  /** What found the secret. */
  detector: string;
  /** HMAC of its value. */
  fingerprint: string;
}

/**
 * Reads an allow-list.
 *
 * @param file a name for messages @param detectors the names that are known
 * @throws {SyntaxError} If a line is no rule.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { isAllowed, parseAllowList } from "./allow_list.ts";
 *
 * const list = parseAllowList("# known\ndetector Npm docs/\npath *.lock\n", "allow.txt", ["Npm"]);
 * const found = { doc_id: "a", path: "docs/a.md", detector: "Npm", fingerprint: "" };
 * assertEquals([isAllowed(found, list), isAllowed({ ...found, path: "src/a.md" }, list)], [true, false]);
 * assertThrows(() => parseAllowList("npm\n", "allow.txt", []), SyntaxError, 'Cannot read allow-list "allow.txt"');
 * ```
 */
export function parseAllowList(text: string, file: string, detectors: readonly string[]): AllowList {
  const list = {
    fingerprints: new Set<string>(),
    paths: [] as IgnoreRule[],
    detectors: [] as { name: string; paths: IgnoreRule[] }[],
  };
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const refuse = (what: string): never => {
      throw new SyntaxError(`Cannot read allow-list "${file}": line ${index + 1} ${what}`);
    };
    const [kind, argument = "", ...rest] = line.split(/[ \t]+/);
    if (kind === "fingerprint") {
      if (!/^[0-9a-f]{64}$/.test(argument) || rest.length > 0) refuse("has no fingerprint of 64 hex digits");
      list.fingerprints.add(argument);
    } else if (kind === "path") {
      const pattern = line.slice("path".length).trim();
      list.paths.push(...parseIgnoreRules(pattern, ""));
      if (pattern === "") refuse("has no pattern");
    } else if (kind === "detector") {
      if (!detectors.includes(argument)) {
        refuse(`names an unknown detector "${argument}": expected ${detectors.join(", ")}`);
      }
      list.detectors.push({ name: argument, paths: parseIgnoreRules(rest.join(" ") || "*", "") });
    } else refuse(`is no rule: expected "fingerprint", "path" or "detector"`);
  }
  return list;
}

/**
 * Whether a rule allows a secret.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isAllowed, parseAllowList } from "./allow_list.ts";
 *
 * const found = { doc_id: "7", path: null, detector: "AWS", fingerprint: "a".repeat(64) };
 * assertEquals(isAllowed(found, parseAllowList(`fingerprint ${"a".repeat(64)}`, "allow.txt", [])), true);
 * ```
 */
export function isAllowed({ doc_id, path, detector, fingerprint }: FoundSecret, list: AllowList): boolean {
  if (list.fingerprints.has(fingerprint)) return true;
  const file = path ?? doc_id;
  const isIn = (rules: readonly IgnoreRule[]) =>
    rules.length > 0 &&
    foldersOf(file).some((part, i, parts) => isIgnored(part, i < parts.length - 1, rules));
  return isIn(list.paths) || list.detectors.some(({ name, paths }) => name === detector && isIn(paths));
}

/** `a/b.py` as `a`, `a/b.py`: a rule that names a folder holds for what is in it. */
function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
