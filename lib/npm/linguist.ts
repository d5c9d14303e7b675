/**
 * GitHub's own list of languages and of how their files end, as data. Importing this loads nothing of it: it is a file a
 * language.
 *
 * @module
 */

/** What is used of a language. */
export interface LinguistLanguage {
  /** As GitHub spells it. */
  readonly name: string;
  /** Code is "programming". */
  readonly type: string;
  /** How its files end, the commonest first, with dots. */
  readonly extensions?: readonly string[];
  /** What else it is called. */
  readonly aliases?: readonly string[];
}

/**
 * All languages.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { importLinguist } from "./linguist.ts";
 *
 * const languages = await importLinguist();
 * assert(languages.some(({ name, extensions }) => name === "Lua" && extensions?.[0] === ".lua"));
 * ```
 */
export const importLinguist = async (): Promise<readonly LinguistLanguage[]> =>
  Object.values(await import("npm:linguist-languages@9.5.0"));
