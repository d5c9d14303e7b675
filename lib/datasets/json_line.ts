/**
 * A line of a JSON lines file: its object, with an id that is exact, and the place of each of its values, so that one can
 * be changed and every other byte stays.
 *
 * @module
 */
import type { Replacement } from "./redact_text.ts";

/**
 * The object of one row of a JSON file; null for a blank line. An id that is a number is a text then, exact beyond 2^53
 * too.
 *
 * @param origin what messages name, the file and the row's place; the members that are ids
 * @throws {SyntaxError} If it is no JSON object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseJsonLine } from "./json_line.ts";
 *
 * const origin = { path: "a.jsonl", place: "line 1" };
 * assertEquals(parseJsonLine('{"doc_id":9007199254740993,"n":1}', origin), { doc_id: "9007199254740993", n: 1 });
 * assertEquals(parseJsonLine(" ", origin), null);
 * ```
 */
export function parseJsonLine(
  line: string,
  { path, place, ids = ["doc_id"] }: { path: string; place: string; ids?: readonly string[] },
): Record<string, unknown> | null {
  if (line.trim() === "") return null;
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch { // the parser's message quotes the line
    throw new SyntaxError(`Cannot read table "${path}": ${place} is not JSON`);
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new SyntaxError(`Cannot read table "${path}": ${place} is not a JSON object`);
  }
  const record = row as Record<string, unknown>;
  for (const name of ids) {
    const id = record[name];
    if (typeof id !== "number") continue;
    record[name] = Number.isSafeInteger(id) ? String(id) : literalOf(line, name);
  }
  return record;
}

function literalOf(line: string, name: string): string {
  const { start, end } = jsonMembers(line).get(name)!;
  return line.slice(start, end);
}

/**
 * Where the values of an object's own members stand. Of a name that stands twice the last counts, as for `JSON.parse`.
 *
 * @param json valid JSON of an object
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jsonMembers } from "./json_line.ts";
 *
 * const json = '{"a": [1, "}"], "\\u0062": "x", "a": 2}';
 * const { start, end } = jsonMembers(json).get("b")!;
 * assertEquals(json.slice(start, end), '"x"');
 * assertEquals(json[jsonMembers(json).get("a")!.start], "2");
 * ```
 */
export function jsonMembers(json: string): Map<string, { start: number; end: number }> {
  const members = new Map<string, { start: number; end: number }>();
  let at = skipBlanks(json, json.indexOf("{") + 1);
  while (json[at] === '"') {
    const nameEnd = stringEnd(json, at);
    const name: string = JSON.parse(json.slice(at, nameEnd));
    const start = skipBlanks(json, json.indexOf(":", nameEnd) + 1);
    const end = valueEnd(json, start);
    members.set(name, { start, end });
    at = skipBlanks(json, end);
    if (json[at] === ",") at = skipBlanks(json, at + 1);
  }
  return members;
}

function skipBlanks(json: string, at: number): number {
  while (/[ \t\r\n]/.test(json[at] ?? "")) at++;
  return at;
}

/** The index behind the closing quote. */
function stringEnd(json: string, at: number): number {
  for (at++; json[at] !== '"'; at++) if (json[at] === "\\") at++;
  return at + 1;
}

function valueEnd(json: string, at: number): number {
  if (json[at] === '"') return stringEnd(json, at);
  let depth = 0;
  for (;; at++) {
    const char = json[at];
    if (char === '"') at = stringEnd(json, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      if (depth === 0) return at; // the object's own end, behind a number or a word
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && /[,\s]/.test(char!)) return at;
  }
}

/**
 * A string with places of its value replaced; the rest of it stays as it is spelled.
 *
 * @param literal with its quotes
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spliceJsonString } from "./json_line.ts";
 *
 * const spliced = spliceJsonString('"\\u0041\\/\\nbc"', [{ start: 3, end: 4, text: '"' }]);
 * assertEquals(spliced, '"\\u0041\\/\\n\\"c"');
 * ```
 */
export function spliceJsonString(literal: string, replacements: readonly Replacement[]): string {
  let [at, unit, from, spliced] = [1, 0, 0, ""];
  const seek = (to: number) => {
    for (; unit < to; unit++) at += literal[at] !== "\\" ? 1 : literal[at + 1] === "u" ? 6 : 2;
    return at;
  };
  for (const { start, end, text } of replacements) {
    spliced += literal.slice(from, seek(start)) + JSON.stringify(text).slice(1, -1);
    from = seek(end);
  }
  return spliced + literal.slice(from);
}
