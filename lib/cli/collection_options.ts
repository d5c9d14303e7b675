/**
 * Days and languages as options.
 *
 * @module
 */
import { findLanguage, type SourceLanguage } from "../collection/languages.ts";
import type { SourceRule } from "../collection/source_text.ts";
import { reasonOf } from "../files/reason.ts";
import { UsageError } from "./command.ts";

/**
 * A day that was given, checked.
 *
 * @throws {UsageError} If it is none
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { readDay } from "./collection_options.ts";
 *
 * assertEquals(readDay("2024-02-29"), "2024-02-29");
 * assertThrows(() => readDay("2023-02-29"), Error, 'Cannot read the day "2023-02-29"');
 * ```
 */
export function readDay(given: string): string {
  const time = Date.parse(`${given}T00:00:00Z`);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(time) &&
    new Date(time).toISOString().startsWith(given);
  if (isDay) return given;
  throw new UsageError(`Cannot read the day "${given}": one such as 2023-06-01 is needed`);
}

/**
 * A language that was given.
 *
 * @throws {UsageError} If GitHub knows none of that name
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readLanguage } from "./collection_options.ts";
 *
 * assertEquals((await readLanguage("rust")).name, "Rust");
 * ```
 */
export async function readLanguage(given: string): Promise<SourceLanguage> {
  try {
    return await findLanguage(given);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(reasonOf(error), { cause: error });
    throw error;
  }
}

/**
 * What files are collected, by each name of a language that was given or stands in a table.
 *
 * @param path of the table, for messages
 * @throws {RangeError} If a language is missing or unknown; {UsageError} if an end of files is none
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { sourceRules } from "./collection_options.ts";
 *
 * const options = { extension: [], maxBytes: 99, minTokens: 1, path: "repos.csv" };
 * assertEquals((await sourceRules(["Rust"], options)).get("Rust")?.ends, [".rs", ".rs.in"]);
 * await assertRejects(() => sourceRules([null], options), RangeError, "row 0 has no language: give --language");
 * ```
 */
export async function sourceRules(
  names: readonly (string | null)[],
  { extension, maxBytes, minTokens, path }: {
    extension: readonly string[];
    maxBytes: number;
    minTokens: number;
    path: string;
  },
): Promise<Map<string, SourceRule>> {
  const given = extension.map((end) => (end.startsWith(".") ? end : `.${end}`).toLowerCase());
  const bad = given.find((end) => !/^(\.[^\s./\\]+)+$/.test(end));
  if (bad !== undefined) throw new UsageError(`Cannot read --extension "${bad}": one such as .rs is needed`);
  const rules = new Map<string, SourceRule>();
  for (const [row, name] of names.entries()) {
    if (name === null) {
      throw new RangeError(`Cannot read repositories "${path}": row ${row} has no language: give --language`);
    }
    if (rules.has(name)) continue;
    const language = await readLanguage(name);
    const ends = given.length > 0 ? given : language.ends;
    if (ends.length === 0) throw new RangeError(`Cannot collect ${language.name}: give --extension`);
    rules.set(name, { language: language.name, ends, maxBytes, minTokens });
  }
  return rules;
}
