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
export function findByRule(rule: ValueRule, text: string, add: Add): void {
  for (const match of text.matchAll(rule.pattern)) addValue(rule, match, add);
}

/**
 * {@linkcode findByRule} for a row whose matches begin at known places.
 *
 * @param places where they may begin, in any order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findAtPlaces } from "./find_by_rule.ts";
 *
 * const found: number[][] = [];
 * findAtPlaces({ pattern: /id=(\d+)/g }, { text: "id=1234", places: [0, 3] }, (start, end) => void found.push([start, end]));
 * assertEquals(found, [[3, 7]]);
 * ```
 */
export function findAtPlaces(
  rule: ValueRule,
  { text, places }: { text: string; places: readonly number[] },
  add: Add,
): void {
  let sticky = stickies.get(rule.pattern);
  if (!sticky) {
    stickies.set(
      rule.pattern,
      sticky = new RegExp(rule.pattern.source, rule.pattern.flags.replace("g", "y")),
    );
  }
  let end = 0;
  for (const place of places.toSorted((a, b) => a - b)) {
    if (place < end) continue;
    sticky.lastIndex = place;
    const match = sticky.exec(text);
    if (!match) continue;
    end = sticky.lastIndex;
    addValue(rule, match, add);
  }
}

type Add = (start: number, end: number) => void;
type ValueRule = Pick<SecretRule, "pattern" | "check" | "entropy" | "tag">;

const stickies = new WeakMap<RegExp, RegExp>();

function addValue({ check, entropy, tag }: ValueRule, match: RegExpExecArray, add: Add): void {
  const value = match.slice(1).find((group) => group !== undefined) ?? match[0];
  if (tag !== "HASH" && isDummy(value)) return;
  if (entropy !== undefined && bitsOf(value) < entropy) return;
  if (check && !check(value)) return;
  const start = match.index + match[0].lastIndexOf(value);
  add(start, start + value.length);
}

/** Bits a character. */
function bitsOf(value: string): number {
  return shannonEntropy(value, [...new Set(value)].join(""));
}
