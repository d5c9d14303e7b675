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

/** Whether two texts share so many words and marks in a row. */
export function plainShares(one: string, other: string, width: number): boolean {
  const windows = (text: string) => {
    const tokens = plainTokens(text);
    return new Set(tokens.slice(width - 1).map((_, i) => tokens.slice(i, i + width).join(" ")));
  };
  return windows(one).intersection(windows(other)).size > 0;
}
