/**
 * Whether a file of JSON is a table, of lines or of one array, or some other JSON, such as a configuration among source
 * code.
 *
 * @module
 */
import { chooseColumns } from "./corpus_columns.ts";
import { arrayElement } from "./json_row_ends.ts";
import { decodeRow, rowParts } from "./row_parts.ts";

/**
 * Whether a file holds more than one object as lines, an array of objects, or one object in a line that has a text.
 *
 * @throws {Error} If the file cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isJsonTable } from "./json_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.json`;
 * const isTable = async (json: string) => {
 *   await Deno.writeTextFile(path, json);
 *   return await isJsonTable(path);
 * };
 * assertEquals(await Promise.all([await isTable('[{"n": 1}]'), await isTable('{"n":1}\n{"n":2}')]), [true, true]);
 * assertEquals([await isTable('{\n "text": "x"\n}'), await isTable("[1, 2]"), await isTable('{"n":1}')], [false, false, false]);
 * ```
 */
export async function isJsonTable(path: string): Promise<boolean> {
  let first: Record<string, unknown> | null = null;
  try {
    for await (const part of rowParts(path)) {
      if (!part.isWhole) return true; // a row of more than 64 MiB
      const { text } = decodeRow(part, path);
      const element = part.style === "array" ? arrayElement(text, part.rowsBefore === 0) : null;
      const json = part.style === "array" ? text.slice(element?.start, element?.end) : text;
      if (element === null && part.style === "array") return part.rowsBefore > 0;
      if (json.trim() === "") continue;
      const row: unknown = JSON.parse(json);
      const isObject = typeof row === "object" && row !== null && !Array.isArray(row);
      if (!isObject) return false;
      if (first || part.style === "array") return true;
      first = row as Record<string, unknown>;
    }
  } catch (error) {
    if (error instanceof SyntaxError) return first !== null;
    throw error;
  }
  return first !== null && hasText(first, path);
}

function hasText(row: Readonly<Record<string, unknown>>, file: string): boolean {
  try {
    const found = Object.entries(row).map(([name, value]) => ({ name, isText: typeof value === "string" }));
    return typeof row[chooseColumns(found, { file }).text] === "string";
  } catch {
    return false;
  }
}
