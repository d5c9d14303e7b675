/**
 * How alike two texts are, by the definition: the Jaccard index of the sets of their shingles, each five words in a row
 * (as BigCode compares code, without its empty words). A text of fewer words is one shingle, a text without words none.
 *
 * @module
 */
import { mix, tokenHashes } from "./token_hashes.ts";

/** Words of a shingle. */
export const SHINGLE_WORDS = 5;

const FACTOR = 0x9e3779b1; // odd: of the golden ratio

/**
 * The shingles of a text as different 32-bit hashes, sorted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shinglesOf } from "./shingles.ts";
 *
 * const found = ["a b c d e f", "a b c d e", "a  b, c; d (e)", "a", ""].map((text) => shinglesOf(text));
 * assertEquals(found.map(({ length }) => length), [2, 1, 1, 1, 0]);
 * assertEquals(found[1], found[2]);
 * ```
 */
export function shinglesOf(text: string): Uint32Array {
  const words = tokenHashes(text, { marks: false });
  const width = Math.min(SHINGLE_WORDS, words.length);
  if (width === 0) return words;
  const count = words.length - width + 1;
  const shingles = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let hash = width;
    for (let k = 0; k < width; k++) hash = Math.imul(hash, FACTOR) + words[i + k]!;
    shingles[i] = mix(hash);
  }
  shingles.sort();
  let size = 1;
  for (let i = 1; i < count; i++) if (shingles[i] !== shingles[i - 1]) shingles[size++] = shingles[i]!;
  return shingles.slice(0, size);
}

/**
 * The Jaccard index of two sets: what both have, of what either has. Two empty sets are not alike.
 *
 * @param a sorted, each once @param b the same
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jaccard } from "./shingles.ts";
 *
 * assertEquals(jaccard(Uint32Array.of(1, 2, 3), Uint32Array.of(2, 3, 4)), 0.5);
 * ```
 */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let [i, j, both] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i]!, b[j]!];
    if (x === y) both++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  const either = a.length + b.length - both;
  return either === 0 ? 0 : both / either;
}
