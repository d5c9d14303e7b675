/**
 * The Kolmogorov-Smirnov test of values against the uniform distribution over [0, 1]: whether p-values of what was never
 * seen are spread as they must be.
 *
 * Sources: Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's distribution" (2003), exact up to 1,000 values; beyond
 * that the limit with Vrbik's correction ("Small-sample corrections to Kolmogorov-Smirnov test statistic", 2018).
 *
 * @module
 */

/** What the test found. */
export interface KsResult {
  /** The largest distance of the two distribution functions. */
  statistic: number;
  /** The probability of at least that distance. */
  p_value: number;
}

/** Beyond so many values the limit is used: its p-values differ from the exact ones by less than 0.0001. */
const EXACT = 1000;

/**
 * The two-sided test.
 *
 * @param values at least one
 * @throws {RangeError} when there is none or one is outside [0, 1]
 *
 * @example
 * ```ts
 * import { assert, assertAlmostEquals } from "@std/assert";
 * import { ksUniform } from "./ks_uniform.ts";
 *
 * const { statistic, p_value } = ksUniform([0.1, 0.4, 0.7]);
 * assertAlmostEquals(statistic, 0.3, 1e-12);
 * assert(p_value > 0.8);
 * assert(ksUniform([0.01, 0.02, 0.03, 0.04]).p_value < 0.001);
 * ```
 */
export function ksUniform(values: readonly number[]): KsResult {
  const n = values.length;
  if (n === 0) throw new RangeError("Cannot test whether values are uniform: there are none");
  const wrong = values.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot test whether values are uniform over [0, 1]: one is ${wrong}`);
  }
  const sorted = [...values].sort((a, b) => a - b);
  const statistic = sorted.reduce((most, value, i) => Math.max(most, value - i / n, (i + 1) / n - value), 0);
  return { statistic, p_value: Math.min(1, Math.max(0, upperTail(n, statistic))) };
}

/** The probability of a distance of at least `d`. */
function upperTail(n: number, d: number): number {
  const s = n * d * d;
  if (n > EXACT) {
    const x = Math.sqrt(n) * d;
    return limitTail(x + 1 / (6 * Math.sqrt(n)) + (x - 1) / (4 * n));
  }
  // where the tail is thin, its first term gives seven digits (the authors')
  if (s > 7.24 || (s > 3.76 && n > 99)) {
    return 2 * Math.exp(-(2.000071 + 0.331 / Math.sqrt(n) + 1.409 / n) * s);
  }
  return 1 - exactBelow(n, d);
}

/** Kolmogorov's limit: 2 sum of (-1)^(j - 1) exp(-2 j^2 x^2). */
function limitTail(x: number): number {
  if (x < 0.2) return 1; // the sum is 1 there to twelve digits, and needs many terms
  let sum = 0;
  for (let j = 1; j <= 100; j++) sum += (j % 2 === 1 ? 2 : -2) * Math.exp(-2 * (j * x) ** 2);
  return sum;
}

/** The probability of a distance below `d`: n! / n^n times an entry of the n-th power of a matrix. */
function exactBelow(n: number, d: number): number {
  const k = Math.floor(n * d) + 1;
  const [size, h] = [2 * k - 1, k - n * d];
  const H = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) H[i * size + j] = i - j + 1 < 0 ? 0 : 1;
  }
  for (let i = 0; i < size; i++) {
    H[i * size]! -= h ** (i + 1);
    H[(size - 1) * size + i]! -= h ** (size - i);
  }
  if (2 * h - 1 > 0) H[(size - 1) * size]! += (2 * h - 1) ** size;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) for (let g = 2; g <= i - j + 1; g++) H[i * size + j]! /= g;
  }
  let { values, logarithm } = power({ values: H, logarithm: 0 }, n, { size, middle: (k - 1) * (size + 1) });
  let entry = values[(k - 1) * (size + 1)]!;
  for (let i = 1; i <= n; i++) {
    entry *= i / n;
    if (entry > 1e-140 || entry === 0) continue;
    entry *= 1e140;
    logarithm -= 140;
  }
  return entry * 10 ** logarithm;
}

/** A matrix times a power of ten. */
interface Scaled {
  values: Float64Array;
  logarithm: number;
}

function power(matrix: Scaled, n: number, shape: { size: number; middle: number }): Scaled {
  if (n === 1) return matrix;
  const half = power(matrix, Math.floor(n / 2), shape);
  let result = product(half, half, shape.size);
  if (n % 2 === 1) result = product(matrix, result, shape.size);
  if (result.values[shape.middle]! > 1e140) {
    result = { values: result.values.map((value) => value * 1e-140), logarithm: result.logarithm + 140 };
  }
  return result;
}

function product(a: Scaled, b: Scaled, size: number): Scaled {
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let t = 0; t < size; t++) {
      const factor = a.values[i * size + t]!;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) values[i * size + j]! += factor * b.values[t * size + j]!;
    }
  }
  return { values, logarithm: a.logarithm + b.logarithm };
}
