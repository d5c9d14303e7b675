/**
 * Weights rounded to blocks of 256: each group's scale, and offset where it has one, is searched for by least squares over
 * some twenty candidates, then rounded itself. Every operation is rounded to float32 as in ggml's reference
 * (ggml-quants.c), so that the bytes are the same.
 *
 * @module
 */
import { float16At, writeFloat16 } from "./ggml_scales.ts";

const f = Math.fround;
const SIZE = 256;
const TENTH = f(0.1);
/** Groups whose largest weight is below are taken for zero. */
const LEAST = f(1e-15);

/** Rounds to the nearest whole number, halves to even, by the sum that leaves no bits below one. */
function nearest(value: number): number {
  return f(f(value) + 12582912) - 12582912;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

const group = new Float32Array(32);
const importance = new Float32Array(32);
const tried = new Uint8Array(32);
const scales = new Float32Array(16);
const offsets = new Float32Array(8);
const weights = new Uint8Array(SIZE);

/**
 * Rounds 256 weights to Q4_K: four bits, eight groups of 32 with scales and offsets of six bits.
 *
 * @param bytes zero from `at` on
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { encodeQ4K } from "./ggml_encode_k.ts";
 * import { q4K } from "./ggml_k_blocks.ts";
 *
 * const [bytes, read] = [new Uint8Array(144), new Float32Array(256)];
 * encodeQ4K(Float32Array.from({ length: 256 }, (_, i) => i % 16), 0, bytes, 0);
 * q4K(bytes, 0, read, 0);
 * for (let i = 0; i < 256; i++) assertAlmostEquals(read[i]!, i % 16, 0.1);
 * ```
 */
export function encodeQ4K(values: Float32Array, from: number, bytes: Uint8Array, at: number): void {
  for (let g = 0; g < 8; g++) {
    group.set(values.subarray(from + 32 * g, from + 32 * g + 32));
    ({ scale: scales[g], offset: offsets[g] } = fitWithOffset(32 * g));
  }
  const largest = scales.subarray(0, 8).reduce((most, scale) => Math.max(most, scale), 0);
  const lowest = offsets.reduce((most, offset) => Math.max(most, offset), 0);
  const [ofScales, ofOffsets] = [largest, lowest].map((most) => most > 0 ? f(63 / most) : 0) as [
    number,
    number,
  ];
  writeFloat16(f(largest / 63), bytes, at);
  writeFloat16(f(lowest / 63), bytes, at + 2);
  const [scaleOfAll, offsetOfAll] = [float16At(bytes, at), float16At(bytes, at + 2)];
  for (let g = 0; g < 8; g++) {
    const scale = Math.min(63, nearest(f(ofScales * scales[g]!)));
    const offset = Math.min(63, nearest(f(ofOffsets * offsets[g]!)));
    writeSixBits(bytes, at + 4, { group: g, scale, offset });
    const step = f(scaleOfAll * scale);
    const below = f(offsetOfAll * offset);
    for (let i = 32 * g; i < 32 * g + 32; i++) {
      if (step !== 0) weights[i] = clamp(nearest(f(f(values[from + i]! + below) / step)), 0, 15);
    }
  }
  for (let i = 0; i < 128; i++) {
    const low = (i >> 5) * 64 + (i & 31);
    bytes[at + 16 + i] = weights[low]! | weights[low + 32]! << 4;
  }
}

/** Twelve bytes hold eight scales and eight offsets of six bits; see `q4K`. */
function writeSixBits(
  bytes: Uint8Array,
  at: number,
  { group, scale, offset }: { group: number; scale: number; offset: number },
): void {
  if (group < 4) {
    bytes[at + group]! |= scale;
    bytes[at + 4 + group]! |= offset;
    return;
  }
  bytes[at + 4 + group] = scale & 15 | (offset & 15) << 4;
  bytes[at + group - 4]! |= (scale >> 4) << 6;
  bytes[at + group]! |= (offset >> 4) << 6;
}

/**
 * The scale and offset by which four bits give the 32 weights of `group` with the least error, large weights counting more.
 * A weight is scale times number less offset; the offset is not negative.
 *
 * @param to where the numbers go in `weights`
 */
function fitWithOffset(to: number): { scale: number; offset: number } {
  let squares = 0;
  for (const value of group) squares = f(squares + f(value * value));
  const average = f(Math.sqrt(f(squares / 32)));
  let [least, most, sumW, sumX] = [group[0]!, group[0]!, 0, 0];
  group.forEach((value, i) => {
    const weight = importance[i] = f(average + Math.abs(value));
    least = Math.min(least, value);
    most = Math.max(most, value);
    sumW = f(sumW + weight);
    sumX = f(sumX + f(weight * value));
  });
  least = Math.min(0, least);
  if (most === least) {
    weights.fill(0, to, to + 32);
    return { scale: 0, offset: 0 - least };
  }
  const start = f(15 / f(most - least));
  roundGroup(start, least);
  weights.set(tried, to);
  let best = { scale: f(1 / start), least, error: errorOf(f(1 / start), least) };
  for (let i = 0; i <= 20; i++) {
    roundGroup(f(f(f(-1 + f(TENTH * i)) + 15) / f(most - best.least)), best.least);
    let [sumL, sumL2, sumXL] = [0, 0, 0];
    for (let k = 0; k < 32; k++) {
      const weighted = f(importance[k]! * tried[k]!);
      sumL = f(sumL + weighted);
      sumL2 = f(sumL2 + f(weighted * tried[k]!));
      sumXL = f(sumXL + f(weighted * group[k]!));
    }
    const D = f(f(sumW * sumL2) - f(sumL * sumL));
    if (!(D > 0)) continue;
    let scale = f(f(f(sumW * sumXL) - f(sumX * sumL)) / D);
    let offset = f(f(f(sumL2 * sumX) - f(sumL * sumXL)) / D);
    if (offset > 0) [offset, scale] = [0, f(sumXL / sumL2)];
    const error = errorOf(scale, offset);
    if (error >= best.error) continue;
    best = { scale, least: offset, error };
    weights.set(tried, to);
  }
  return { scale: best.scale, offset: 0 - best.least };
}

function roundGroup(inverse: number, least: number): void {
  for (let i = 0; i < 32; i++) tried[i] = clamp(nearest(f(inverse * f(group[i]! - least))), 0, 15);
}

function errorOf(scale: number, least: number): number {
  let error = 0;
  for (let i = 0; i < 32; i++) {
    const difference = f(f(f(scale * tried[i]!) + least) - group[i]!);
    error = f(error + f(importance[i]! * f(difference * difference)));
  }
  return error;
}

/**
 * Rounds 256 weights to Q6_K: six bits, sixteen groups of 16 with scales of a signed byte.
 *
 * @param bytes zero from `at` on
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { encodeQ6K } from "./ggml_encode_k.ts";
 * import { q6K } from "./ggml_k_blocks.ts";
 *
 * const [bytes, read] = [new Uint8Array(210), new Float32Array(256)];
 * encodeQ6K(Float32Array.from({ length: 256 }, (_, i) => i % 32 - 16), 0, bytes, 0);
 * q6K(bytes, 0, read, 0);
 * for (let i = 0; i < 256; i++) assertAlmostEquals(read[i]!, i % 32 - 16, 0.3);
 * ```
 */
export function encodeQ6K(values: Float32Array, from: number, bytes: Uint8Array, at: number): void {
  let largest = 0;
  for (let g = 0; g < 16; g++) {
    scales[g] = fit(values.subarray(from + 16 * g, from + 16 * g + 16), 16 * g);
    if (Math.abs(scales[g]!) > Math.abs(largest)) largest = scales[g]!;
  }
  if (Math.abs(largest) < LEAST) return;
  const inverse = f(-128 / largest);
  writeFloat16(f(1 / inverse), bytes, at + 208);
  const scaleOfAll = float16At(bytes, at + 208);
  for (let g = 0; g < 16; g++) {
    const scale = Math.min(127, nearest(f(inverse * scales[g]!)));
    bytes[at + 192 + g] = scale;
    const step = f(scaleOfAll * scale);
    for (let i = 16 * g; i < 16 * g + 16; i++) {
      if (step !== 0) weights[i] = 32 + clamp(nearest(f(values[from + i]! / step)), -32, 31);
    }
  }
  for (let i = 0; i < 64; i++) { // 32 positions of each half: their four weights' low and high bits
    const [half, place] = [i >> 5, i & 31];
    const four = [0, 1, 2, 3].map((k) => weights[128 * half + 32 * k + place]!);
    bytes[at + 64 * half + place] = four[0]! & 15 | (four[2]! & 15) << 4;
    bytes[at + 64 * half + 32 + place] = four[1]! & 15 | (four[3]! & 15) << 4;
    bytes[at + 128 + 32 * half + place] = four.reduce((bits, weight, k) => bits | (weight >> 4) << 2 * k, 0);
  }
}

/**
 * The scale by which -32 to 31 give 16 weights with the least squared error, large weights counting by their squares.
 *
 * @param to where the numbers go in `weights`
 */
function fit(values: Float32Array, to: number): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(largest)) largest = value;
  if (Math.abs(largest) < LEAST) {
    weights.fill(0, to, to + 16);
    return 0;
  }
  const numberOf = (value: number, inverse: number) => clamp(nearest(f(inverse * value)), -32, 31);
  const keep = (inverse: number) =>
    values.forEach((value, i) => weights[to + i] = 32 + numberOf(value, inverse));
  const sumsFor = (inverse: number) => {
    let [sumLX, sumL2] = [0, 0];
    for (const value of values) {
      const l = numberOf(value, inverse);
      const weight = f(value * value);
      sumLX = f(sumLX + f(f(weight * value) * l));
      sumL2 = f(sumL2 + f(f(weight * l) * l));
    }
    return { sumLX, sumL2 };
  };
  const start = f(-32 / largest);
  keep(start);
  const { sumLX, sumL2 } = sumsFor(start);
  let scale = sumL2 === 0 ? 0 : f(sumLX / sumL2);
  let best = f(scale * sumLX);
  for (let i = -9; i <= 9; i++) {
    if (i === 0) continue;
    const inverse = f(-f(32 + f(TENTH * i)) / largest);
    const { sumLX, sumL2 } = sumsFor(inverse);
    if (!(sumL2 > 0 && f(sumLX * sumLX) > f(best * sumL2))) continue;
    keep(inverse);
    scale = f(sumLX / sumL2);
    best = f(scale * sumLX);
  }
  return scale;
}
