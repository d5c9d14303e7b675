/**
 * What JSON.parse hides: of a key that stands twice in an object it keeps the last value, of a number like 1e1 or 2.0
 * the value alone, and of a text with millions of values it makes as many objects before anyone can count them.
 *
 * @module
 */

/** What a JSON text is made of; of one that is no JSON, anything. */
export interface JsonParts {
  /** A key that an object has twice. */
  repeatedKey: string | undefined;
  /** A number that is not written as an index is: 0, or up to 16 digits without a zero before them. */
  oddNumber: string | undefined;
  /** How many objects it has. */
  objects: number;
  /** How many commas, so about as many values. */
  commas: number;
}

/**
 * Looks through a JSON text, in one walk, which ends where there is more than what is allowed.
 *
 * @param most objects and commas; no bound by default
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { repeatedKey, oddNumber, objects, commas } = scanJson('{"a":[1,{"b":"2.0"}],"\\u0061":1e1}');
 * assertEquals([repeatedKey, oddNumber, objects, commas], ["a", "1e1", 2, 2]);
 * ```
 */
export function scanJson(
  text: string,
  most: Pick<JsonParts, "objects" | "commas"> = { objects: Infinity, commas: Infinity },
): JsonParts {
  const parts: JsonParts = { repeatedKey: undefined, oddNumber: undefined, objects: 0, commas: 0 };
  const open: (Set<string> | null)[] = [];
  let last = "";
  for (let at = 0; at < text.length; at++) {
    if (parts.objects > most.objects || parts.commas > most.commas) break;
    const character = text[at]!;
    if (character === '"') {
      const end = stringEnd(text, at);
      last = text.slice(at, end);
      at = end - 1;
    } else if (character === ":") {
      const keys = open.at(-1);
      const key = keyOf(last);
      if (keys?.has(key)) parts.repeatedKey ??= key;
      keys?.add(key);
    } else if (character === "{") {
      parts.objects++;
      open.push(new Set());
    } else if (character === "[") open.push(null);
    else if (character === "}" || character === "]") open.pop();
    else if (character === ",") parts.commas++;
    else if (character === "-" || (character >= "0" && character <= "9")) {
      const number = numberAt(text, at);
      if (!/^(?:0|[1-9]\d{0,15})$/.test(number)) parts.oddNumber ??= number;
      at += number.length - 1;
    }
  }
  return parts;
}

/** The index after a string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function keyOf(string: string): string {
  if (!string.includes("\\")) return string.slice(1, -1);
  try {
    return JSON.parse(string);
  } catch {
    return string; // it is no JSON: whoever parses it will say so
  }
}

function numberAt(text: string, start: number): string {
  let end = start + 1;
  while (end < text.length && /[-+.0-9A-Za-z]/.test(text[end]!)) end++;
  return text.slice(start, end);
}
