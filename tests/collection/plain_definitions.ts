/** What the collection computes, as plainly as it can be said. */

/** The words of a text. */
export function plainWords(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}_]+/gu) ?? [];
}

/** The words and marks of a text. */
export function plainTokens(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]/gu) ?? [];
}

/** The Jaccard index of the sets of five words in a row. */
export function plainJaccard(one: string, other: string): number {
  const [a, b] = [one, other].map((text) => {
    const words = plainWords(text);
    const width = Math.min(5, words.length);
    return new Set(
      words.slice(0, words.length - width + 1).map((_, i) => words.slice(i, i + width).join(" ")),
    );
  }) as [Set<string>, Set<string>];
  return a.size + b.size === 0 ? 0 : a.intersection(b).size / a.union(b).size;
}

/** The rows of so many words and marks of which so many are different. */
export function plainWindows(
  text: string,
  { width, distinct }: { width: number; distinct: number },
): string[] {
  const tokens = plainTokens(text);
  const all = tokens.slice(width - 1).map((_, i) => tokens.slice(i, i + width));
  return all.filter((window) => new Set(window).size >= distinct).map((window) => window.join(" "));
}

/** Whether two texts share such a row. */
export function plainShares(one: string, other: string, rule: { width: number; distinct: number }): boolean {
  return new Set(plainWindows(one, rule)).intersection(new Set(plainWindows(other, rule))).size > 0;
}
