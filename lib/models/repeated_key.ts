/**
 * What JSON.parse hides: of a key that stands twice in an object it keeps the last value.
 *
 * @module
 */

/**
 * A key that an object of valid JSON has twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([repeatedKey('{"a":1,"\\u0061":2}'), repeatedKey('{"a":{"a":1}}')], ["a", undefined]);
 * ```
 */
export function repeatedKey(text: string): string | undefined {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token === ":") {
      const key = JSON.parse(last) as string;
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
    last = token;
  }
  return undefined;
}
