/**
 * An allow-list: what a person has looked at and knows to be no secret. One rule a line, `#` comments:
 *
 * - `fingerprint 3f2a...`: the value with this fingerprint, wherever it stands
 * - `path docs/**`: everything in these files, as .gitignore spells them
 * - `detector HexHighEntropy tests/**`: what one detector finds, in all files or in these
 *
 * @module
 */
import { readRegularText } from "../files/read_file.ts";
import { type IgnoreRule, type IgnoreRules, isPathIgnored, parseIgnoreRules } from "./ignore_rules.ts";
import type { FoundPlace } from "./place.ts";

const MAX_BYTES = 2 ** 24;
const MAX_PATH = 4096; // a system's longest; an id of a table may be of any length

/** The rules; plain data that may be sent to a worker. */
export interface AllowList {
  /** The fingerprints of the values that are allowed. */
  fingerprints: ReadonlySet<string>;
  /** The rules of the files that are allowed. */
  paths: readonly IgnoreRule[];
  /** The detectors whose finds are allowed, with the files that this holds for. */
  detectors: readonly { name: string; paths: readonly IgnoreRule[] }[];
}

/** What a rule looks at. */
export interface AllowedPlace extends Pick<FoundPlace, "doc_id" | "detector" | "fingerprint"> {
  /** The document's path, where it has one; else its id is taken for it. */
  path: string | null;
}

/**
 * Reads the file of an allow-list, of at most 16 MiB.
 *
 * @param detectors the names that are known
 * @throws {SyntaxError} If a line is no rule; {Error} as `readRegularText`.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readAllowList } from "./allow_list.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "path docs/**\n");
 * assertEquals((await readAllowList(path, [])).paths.length, 1);
 * await assertRejects(() => readAllowList("/dev/zero", []), TypeError, "it is a device");
 * ```
 */
export async function readAllowList(path: string, detectors: readonly string[]): Promise<AllowList> {
  const text = await readRegularText(path, { what: "allow-list", maxBytes: MAX_BYTES });
  return parseAllowList(text, path, detectors);
}

/**
 * The rules of an allow-list's text.
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
    detectors: [] as { name: string; paths: readonly IgnoreRule[] }[],
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
      const { rules } = parseIgnoreRules(line.slice("path".length).trim());
      if (rules.length === 0) refuse("has no pattern that matches anything");
      list.paths.push(...rules);
    } else if (kind === "detector") {
      if (!detectors.includes(argument)) {
        refuse(`names an unknown detector "${argument}": expected ${detectors.join(", ")}`);
      }
      const { rules } = parseIgnoreRules(rest.join(" ") || "*");
      if (rules.length === 0) refuse("has no pattern that matches anything");
      list.detectors.push({ name: argument, paths: rules });
    } else refuse(`is no rule: expected "fingerprint", "path" or "detector"`);
  }
  return list;
}

/**
 * Whether a rule allows a secret. No rule of paths holds for an id of more than 4,096 characters, which is no file's.
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
export function isAllowed({ doc_id, path, detector, fingerprint }: AllowedPlace, list: AllowList): boolean {
  if (list.fingerprints.has(fingerprint)) return true;
  const file = path ?? doc_id;
  const isIn = (rules: readonly IgnoreRule[]) =>
    file.length <= MAX_PATH && isPathIgnored(file, inRoot(rules));
  return isIn(list.paths) || list.detectors.some(({ name, paths }) => name === detector && isIn(paths));
}

function inRoot(rules: readonly IgnoreRule[]): IgnoreRules {
  return { rules, base: "", depth: 0, size: 0, outer: null };
}
