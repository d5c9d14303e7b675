/**
 * How many different tokens stand in each window of a text: code has many, rulers and tables of zeros have few.
 *
 * @module
 */

/**
 * The different tokens in each run of so many.
 *
 * @returns of each run, in order; nothing where there are fewer tokens
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { distinctTokens } from "./distinct_tokens.ts";
 *
 * assertEquals([...distinctTokens(Int32Array.of(7, 7, 7, 8, 9), 3)], [1, 2, 3]);
 * assertEquals([...distinctTokens(Int32Array.of(7, 7), 3)], []);
 * ```
 */
export function distinctTokens(tokens: Int32Array, width: number): Int32Array {
  const counts = new Int32Array(Math.max(0, tokens.length - width + 1));
  // each token is counted by the runs that hold it, and not an equal one before it; first where that begins and ends
  for (let i = 0; i < tokens.length; i++) {
    const from = Math.max(0, i - width + 1);
    let before = i - 1;
    while (before >= from && tokens[before] !== tokens[i]) before--;
    const first = Math.max(from, before + 1);
    if (first < counts.length) counts[first]!++;
    if (i + 1 < counts.length) counts[i + 1]!--;
  }
  for (let i = 1; i < counts.length; i++) counts[i]! += counts[i - 1]!;
  return counts;
}
