/**
 * The languages that code is collected of: GitHub's own, with the ends of their files.
 *
 * @module
 */
import { importLinguist, type LinguistLanguage } from "../npm/linguist.ts";

/** A language. */
export interface SourceLanguage {
  /** As GitHub spells it. */
  name: string;
  /** How its files end, with dots, in small letters. */
  ends: readonly string[];
}

let known: Promise<readonly LinguistLanguage[]> | undefined;

/**
 * Finds a language by its name or another name of it, in capitals or not. Its files end as no other language's do, or as
 * is commonest for it: ".rs" is Rust although XML files may end so too, ".inc" is not PHP.
 *
 * @throws {RangeError} If there is none of that name
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { findLanguage } from "./languages.ts";
 *
 * assertEquals(await findLanguage("lua"), { name: "Lua", ends: [".lua", ".nse", ".p8", ".pd_lua", ".rbxs", ".rockspec", ".wlua"] });
 * assertEquals((await findLanguage("golang")).ends, [".go"]);
 * await assertRejects(() => findLanguage("Klingon"), RangeError, 'Unknown language "Klingon"');
 * ```
 */
export async function findLanguage(given: string): Promise<SourceLanguage> {
  const languages = await (known ??= importLinguist());
  const name = given.trim().toLowerCase();
  const language = languages.find((one) => one.name.toLowerCase() === name) ??
    languages.find(({ aliases = [] }) => aliases.includes(name));
  if (!language) {
    const near = languages.filter((one) =>
      one.type === "programming" && one.name.toLowerCase().startsWith(name[0] ?? "")
    );
    const some = near.slice(0, 3).map((one) => `"${one.name}"`).join(", ");
    throw new RangeError(
      `Unknown language "${given}": expected a name of GitHub's${some && `, such as ${some}`}`,
    );
  }
  const all = (language.extensions ?? []).map((end) => end.toLowerCase());
  const isShared = (end: string) =>
    languages.some(({ name, extensions = [] }) => name !== language.name && extensions.includes(end));
  return { name: language.name, ends: [...new Set(all.filter((end, i) => i === 0 || !isShared(end)))] };
}
