/**
 * The cases of secretlint's rules in a checkout of it: in an input of a folder `ng...` a rule finds something, in one of
 * `ok...` it must not.
 *
 * @module
 */
import { basename, dirname, join, relative } from "node:path";

/** A case of a rule as one document. */
export interface RuleCase {
  /** The rule's name. */
  rule: string;
  text: string;
  /** Whether something should be found. */
  isPositive: boolean;
}

/** Where the cases of a checkout stand. */
export const SECRETLINT_FOLDER = join("packages", "@secretlint");

/** The cases below a folder, by path; what is no text is left out. */
export async function readSecretlintCases(folder: string, root = folder): Promise<RuleCase[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const cases: RuleCase[] = [];
  for (const { name, isDirectory, isFile } of entries) {
    const path = join(folder, name);
    if (isDirectory) cases.push(...await readSecretlintCases(path, root));
    const kind = /^(ng|ok)\b/.exec(basename(folder))?.[1];
    if (!isFile || kind === undefined || !/^input(?:\.|$)/.test(name)) continue;
    if (basename(dirname(folder)) !== "snapshots") continue;
    const text = await Deno.readTextFile(path);
    const rule = relative(root, folder).split(/[\\/]/)[0]!;
    if (!text.includes("\0")) cases.push({ rule, text, isPositive: kind === "ng" });
  }
  return cases;
}
