/**
 * Merges of a vocabulary that only has scores, as SentencePiece keeps it: a token is made of any two tokens that spell
 * it, better scores first.
 *
 * @module
 */

/**
 * The merges in the order in which they are tried: by the made token's score, then those with longer parts first.
 *
 * @param vocabulary tokens and their numbers @param scores by number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const vocabulary = new Map([["a", 0], ["b", 1], ["ab", 2], ["aa", 3], ["aab", 4]]);
 * assertEquals(mergesOfScores(vocabulary, [-1, -2, -4, -5, -3]), [["aa", "b"], ["a", "ab"], ["a", "b"], ["a", "a"]]);
 * ```
 */
export function mergesOfScores(
  vocabulary: ReadonlyMap<string, number>,
  scores: readonly number[],
): string[][] {
  const merges: { pair: [string, string]; score: number }[] = [];
  for (const [token, id] of vocabulary) {
    for (let at = token.length - 1; at > 0; at--) {
      if (isInsidePair(token, at)) continue;
      const pair: [string, string] = [token.slice(0, at), token.slice(at)];
      if (vocabulary.has(pair[0]) && vocabulary.has(pair[1])) merges.push({ pair, score: scores[id]! });
    }
  }
  merges.sort((a, b) =>
    b.score - a.score || b.pair[0].length - a.pair[0].length || b.pair[1].length - a.pair[1].length
  );
  return merges.map(({ pair }) => pair);
}

/** Whether a place is within one code point of two units. */
function isInsidePair(text: string, at: number): boolean {
  return text.codePointAt(at - 1)! > 0xffff;
}
