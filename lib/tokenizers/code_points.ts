/**
 * Offsets of a text in code points and in UTF-16 units. Python, the tokenizers and the project's files count code
 * points; JavaScript's strings count UTF-16 units. Both maps are one `Uint32Array` a document, so that every span of a
 * document is converted by two look-ups.
 *
 * A lone surrogate is one code point, as in Python. Maps hold one entry more than the text, for half-open ends.
 *
 * @module
 */

/**
 * UTF-16 index to code point index: entry `i` is the number of code points that start before unit `i`; the second half
 * of a surrogate pair belongs to its character. Length `text.length + 1`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toCodePoints } from "./code_points.ts";
 *
 * const text = 'e = "😀!"';
 * const points = toCodePoints(text);
 * assertEquals(points[text.indexOf("!")], 6); // seven UTF-16 units stand before it
 * assertEquals(points[text.length], 8);
 * ```
 */
export function toCodePoints(text: string): Uint32Array {
  const points = new Uint32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    points[i] = count;
    if (isPair(text, i)) points[++i] = count;
    count++;
  }
  points[text.length] = count;
  return points;
}

/**
 * Code point index to UTF-16 index: entry `c` is the unit at which code point `c` starts; the last entry is
 * `text.length`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fromCodePoints } from "./code_points.ts";
 *
 * const units = fromCodePoints('e = "😀!"');
 * assertEquals([units[5], units[6], units.length], [5, 7, 9]);
 * ```
 */
export function fromCodePoints(text: string): Uint32Array {
  const units = new Uint32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    units[count++] = i;
    if (isPair(text, i)) i++;
  }
  units[count++] = text.length;
  return units.slice(0, count);
}

function isPair(text: string, i: number): boolean {
  return (text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
}
