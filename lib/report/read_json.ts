/**
 * A run's JSON files, of which nothing is taken for granted: they may be of an earlier version, or of anyone's making.
 *
 * @module
 */
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";

const MAX_JSON_BYTES = 2 ** 26;

/**
 * A file's JSON object; undefined where there is no file. What is no object has none of the keys that are looked for.
 *
 * @throws {SyntaxError} when it is no JSON
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readJson } from "./read_json.ts";
 *
 * assertEquals(await readJson(`${await Deno.makeTempDir()}/run.json`), undefined);
 * ```
 */
export async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!await exists(path)) return undefined;
  const text = await readRegularText(path, { what: "the run's", maxBytes: MAX_JSON_BYTES });
  try {
    return toRecord(JSON.parse(text));
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/**
 * An object's entries, none of what is no object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toRecord } from "./read_json.ts";
 *
 * assertEquals([toRecord({ a: 1 }), toRecord([1]), toRecord(null)], [{ a: 1 }, {}, {}]);
 * ```
 */
export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? value as Record<string, unknown> : {};
}

/**
 * Whether something stands there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exists } from "./read_json.ts";
 *
 * assertEquals(await exists("/nothing/of/this/name"), false);
 * ```
 */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
