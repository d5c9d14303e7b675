/**
 * WCAG 2's contrast of two colours, for the tests of what readers see.
 *
 * @module
 */

/** Red, green and blue, or other three numbers. */
export type Vector = readonly [number, number, number];

/** The contrast ratio of two `#rrggbb` colours, from 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [a, b].map((color) => dot([0.2126, 0.7152, 0.0722], linear(color)))
    .toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** A colour's linear RGB in [0, 1]. */
export function linear(color: string): Vector {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4) as unknown as Vector;
}

/** The inner product. */
export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
