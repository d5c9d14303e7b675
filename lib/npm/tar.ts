/**
 * npm's own reader of tar archives, packed by gzip or not: entry by entry, nothing is written.
 *
 * @module
 */

/**
 * What reads an archive.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { importTarParser } from "./tar.ts";
 *
 * const { Parser } = await importTarParser();
 * assertEquals(typeof new Parser().write, "function");
 * ```
 */
export const importTarParser = async () => await import("npm:tar@7.5.23");
