/**
 * Days and languages as options.
 *
 * @module
 */
import { findLanguage, type SourceLanguage } from "../collection/languages.ts";
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
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
