/**
 * BLEU-4 of two texts, character by character, as NLTK's `sentence_bleu` computes it with smoothing method 4 (Chen and
 * Cherry 2014, as NLTK 3.10 has it): the retain rule of the paper compares a greedy continuation with the truth so.
 *
 * The four precisions are counted in one pass over both texts: an n-gram is numbered by the number of its first n-1
 * characters and its last character, and an n-gram of the hypothesis can occur in the reference only where its first
 * n-1 characters do. Time is linear in the lengths.
 *
 * @module
 */

const MAX_ORDER = 4;
/** NLTK's `SmoothingFunction(k=5)`. */
const SMOOTHING_K = 5;

/**
 * The BLEU-4 score in [0, 1] of `hypothesis` against one `reference`, on characters (code points), uniform weights,
 * smoothing method 4. Not symmetric: a short hypothesis is punished, a long one by its precision only.
 *
 * As in NLTK: 0 when no character is shared; an order without a match counts as 1 / (2^i * 5 / ln(length)) matches,
 * i = 1, 2, ... over such orders; a hypothesis of one character, whose logarithm is 0, leaves such orders out.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { bleu } from "./bleu.ts";
 *
 * assertEquals(bleu("return x", "return x"), 1);
 * assertEquals(bleu("abc", "xyz"), 0);
 * assert(bleu("return x + 1", "return x + 2") > 0.9);
 * ```
 */
export function bleu(hypothesis: string, reference: string): number {
  const hypothesisCodes = codePoints(hypothesis);
  const referenceCodes = codePoints(reference);
  const length = hypothesisCodes.length;
  const matches = countMatches(hypothesisCodes, referenceCodes);
  if (matches[0] === 0) return 0;
  let logarithms = 0;
  let smoothed = 0;
  for (let order = 1; order <= MAX_ORDER; order++) {
    let numerator = matches[order - 1]!;
    if (numerator === 0 && length > 1) {
      smoothed++;
      numerator = 1 / (2 ** smoothed * SMOOTHING_K / Math.log(length));
    }
    if (numerator > 0) logarithms += Math.log(numerator / Math.max(1, length - order + 1)) / MAX_ORDER;
  }
  const brevity = length > referenceCodes.length ? 1 : Math.exp(1 - referenceCodes.length / length);
  return brevity * Math.exp(logarithms);
}

function codePoints(text: string): Uint32Array {
  const codes = new Uint32Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    if (code > 0xffff) i++;
    codes[count++] = code;
  }
  return codes.subarray(0, count);
}

/** Clipped matches of order 1 to 4: an n-gram matches at most as often as the reference holds it. */
function countMatches(hypothesis: Uint32Array, reference: Uint32Array): number[] {
  const letters = new Map<number, number>();
  const referenceLetters = reference.map((code) => letterOf(letters, code));
  const radix = letters.size;
  // The number of the (n-1)-gram that starts at each position; -1 where the reference does not hold it.
  let referenceGrams = new Int32Array(reference.length);
  const hypothesisGrams = new Int32Array(hypothesis.length);
  const counts: number[] = [];
  for (let order = 1; order <= MAX_ORDER; order++) {
    const numbers = new Map<number, number>();
    const left = new Int32Array(reference.length);
    const next = new Int32Array(reference.length);
    for (let i = 0; i + order <= reference.length; i++) {
      const key = referenceGrams[i]! * radix + referenceLetters[i + order - 1]!;
      next[i] = letterOf(numbers, key);
      left[next[i]!]!++;
    }
    let count = 0;
    for (let i = 0; i + order <= hypothesis.length; i++) {
      const letter = letters.get(hypothesis[i + order - 1]!);
      const gram = hypothesisGrams[i]!;
      const number = letter === undefined || gram < 0 ? undefined : numbers.get(gram * radix + letter);
      hypothesisGrams[i] = number ?? -1;
      if (number !== undefined && left[number]! > 0) {
        left[number]!--;
        count++;
      }
    }
    counts.push(count);
    referenceGrams = next;
  }
  return counts;
}

/** The number of `key`, the next free one at its first sight. */
function letterOf(numbers: Map<number, number>, key: number): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}
