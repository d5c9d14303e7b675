/**
 * Settings as JSON that stand in a file beside what they decided: their one spelling, and how those of two files differ, in
 * words.
 *
 * @module
 */

/** A value that JSON holds. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Settings by name. */
export type Settings = { [name: string]: Json };

/** A setting that two files have otherwise; undefined is one that was not given. */
export interface SettingDifference {
  /** Its name. */
  key: string;
  /** What it was. */
  before: Json | undefined;
  /** What it is. */
  now: Json | undefined;
}

/**
 * JSON that is the same for the same values, in whatever order their keys stand.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalJson } from "./settings.ts";
 *
 * assertEquals(canonicalJson({ b: [2, { d: 1, c: null }], a: "x" }), '{"a":"x","b":[2,{"c":null,"d":1}]}');
 * ```
 */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, sortKeys);
}

function sortKeys(_key: string, value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * The settings that are not equal, by name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { differingSettings } from "./settings.ts";
 *
 * assertEquals(differingSettings({ k: 32, n: 1 }, { k: 16, n: 1 }), [{ key: "k", before: 32, now: 16 }]);
 * ```
 */
export function differingSettings(before: Settings, now: Settings): SettingDifference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
    .map((key) => ({ key, before: before[key], now: now[key] }))
    .filter(({ before, now }) => show(before) !== show(now));
}

/**
 * How settings differ, in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeDifferences } from "./settings.ts";
 *
 * assertEquals(describeDifferences({ k: 32 }, { k: 16, any: true }), ['"any" was not given, is true', '"k" was 32, is 16']);
 * ```
 */
export function describeDifferences(before: Settings, now: Settings): string[] {
  return differingSettings(before, now).map(({ key, before, now }) =>
    `"${key}" was ${show(before)}, is ${show(now)}`
  );
}

function show(value: Json | undefined): string {
  return value === undefined ? "not given" : canonicalJson(value);
}
