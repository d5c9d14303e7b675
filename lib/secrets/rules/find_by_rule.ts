/**
 * What one row of the table of rules finds.
 *
 * @module
 */
import { shannonEntropy } from "../entropy.ts";
import { isDummy } from "../token_checks.ts";
import type { SecretRule } from "./secret_rule.ts";

/**
 * Adds the values of a text that a row finds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findByRule } from "./find_by_rule.ts";
 *
 * const found: number[][] = [];
 * findByRule({ pattern: /id=(\d+)/g, entropy: 1 }, "id=1234 id=1111", (start, end) => void found.push([start, end]));
 * assertEquals(found, [[3, 7]]);
 * ```
 */
export function findByRule(
  { pattern, check, entropy, tag }: Pick<SecretRule, "pattern" | "check" | "entropy" | "tag">,
  text: string,
  add: (start: number, end: number) => void,
): void {
  for (const match of text.matchAll(pattern)) {
    const value = match.slice(1).find((group) => group !== undefined) ?? match[0];
    if (tag !== "HASH" && isDummy(value)) continue;
    if (entropy !== undefined && bitsOf(value) < entropy) continue;
    if (check && !check(value)) continue;
    const start = match.index + match[0].lastIndexOf(value);
    add(start, start + value.length);
  }
}

/** Bits a character. */
function bitsOf(value: string): number {
  return shannonEntropy(value, [...new Set(value)].join(""));
}
