/**
 * Weights rounded as deployed formats round them, and widened again: what is left of what unlearning changed.
 *
 * Integers are symmetric and to nearest, with one scale for 64 neighbouring inputs of a row, or for the whole tensor. NF4 is
 * QLoRA's (Dettmers et al., 2023) as bitsandbytes has it: sixteen values that are equally likely of a normal distribution,
 * times the largest of 64 weights. The other formats are llama.cpp's, through its own blocks.
 *
 * @module
 */
import { narrow, widen } from "../checkpoints/float_types.ts";
import { type BlockName, blockWeights, throughBlocks } from "../checkpoints/ggml_encode.ts";

/** Weights that share a scale. */
export const GROUP = 64;

/** bitsandbytes' table (`get_4bit_type("nf4")`). */
const NF4 = Float32Array.of(
  -1,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1,
);

/** A matrix. */
export interface Matrix {
  /** Row after row: the weights of one output together. */
  values: Float32Array;
  /** Inputs, the length of a row. */
  columns: number;
}

/** The formats by name: each gives the matrix's values as they are read back. */
export const ROUNDINGS = {
  bfloat16: ({ values }) => throughBfloat16(values),
  int8: (matrix) => throughIntegers(matrix, 8, GROUP),
  int8_tensor: (matrix) => throughIntegers(matrix, 8, Infinity),
  int4: (matrix) => throughIntegers(matrix, 4, GROUP),
  int4_tensor: (matrix) => throughIntegers(matrix, 4, Infinity),
  nf4: ({ values }) => throughNf4(values),
  q8_0: (matrix) => throughGgml(matrix, "Q8_0"),
  q4_0: (matrix) => throughGgml(matrix, "Q4_0"),
  q4_k: (matrix) => throughGgml(matrix, "Q4_K"),
  q6_k: (matrix) => throughGgml(matrix, "Q6_K"),
} as const satisfies Record<string, (matrix: Matrix) => Float32Array>;

/** The name of a format. */
export type RoundingName = keyof typeof ROUNDINGS;

/**
 * A matrix's weights after a format.
 *
 * @returns new values, row after row
 * @throws {RangeError} when the values are no whole number of rows
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { roundWeights } from "./round_weights.ts";
 *
 * const matrix = { values: Float32Array.of(7, 2.4, -2.6, 0.2), columns: 4 };
 * assertEquals([...roundWeights(matrix, "int4")], [7, 2, -3, 0]);
 * assertEquals([...roundWeights(matrix, "bfloat16")].map((value) => value.toFixed(2)), ["7.00", "2.41", "-2.59", "0.20"]);
 * ```
 */
export function roundWeights(matrix: Matrix, format: RoundingName): Float32Array {
  if (!(matrix.columns >= 1 && matrix.values.length % matrix.columns === 0)) {
    throw new RangeError(`Cannot round ${matrix.values.length} weights as rows of ${matrix.columns}`);
  }
  return ROUNDINGS[format](matrix);
}

function throughBfloat16(values: Float32Array): Float32Array {
  const bytes = new Uint8Array(2 * values.length);
  narrow(values, "BF16", bytes);
  const read = new Float32Array(values.length);
  widen(bytes, "BF16", read);
  return read;
}

/** Rounds to [-(2^(bits - 1) - 1), 2^(bits - 1) - 1] times a scale, halves to even. */
function throughIntegers({ values, columns }: Matrix, bits: number, group: number): Float32Array {
  const most = 2 ** (bits - 1) - 1;
  const read = new Float32Array(values.length);
  const row = group === Infinity ? values.length : columns;
  for (let start = 0; start < values.length; start += row) {
    for (let from = start; from < start + row; from += group) {
      const to = Math.min(from + group, start + row);
      const scale = Math.fround(largestOf(values, from, to) / most);
      for (let i = from; i < to; i++) {
        read[i] = scale === 0 ? 0 : nearestEven(Math.fround(values[i]! / scale)) * scale;
      }
    }
  }
  return read;
}

function throughNf4(values: Float32Array): Float32Array {
  const read = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += GROUP) {
    const to = Math.min(from + GROUP, values.length);
    const scale = largestOf(values, from, to);
    for (let i = from; i < to; i++) {
      read[i] = scale === 0 ? 0 : NF4[nearestNf4(Math.fround(values[i]! / scale))]! * scale;
    }
  }
  return read;
}

/** The number of the nearest value of the table. */
function nearestNf4(value: number): number {
  let best = 0;
  for (let k = 1; k < NF4.length; k++) {
    if (Math.abs(NF4[k]! - value) < Math.abs(NF4[best]! - value)) best = k;
  }
  return best;
}

/** llama.cpp's type; where rows are no whole number of its blocks what llama.cpp falls back to, in the end float16. */
function throughGgml({ values, columns }: Matrix, type: BlockName): Float32Array {
  const fallbacks: Partial<Record<BlockName, BlockName>> = { Q4_K: "Q5_0", Q6_K: "Q8_0" };
  const fits = (name: BlockName | undefined) => name !== undefined && columns % blockWeights(name) === 0;
  const fitting = [type, fallbacks[type]].find(fits);
  return fitting ? throughBlocks(values, fitting) : Float32Array.from(new Float16Array(values));
}

function largestOf(values: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/** The nearest whole number, halves to even, of a number much smaller than 2^22. */
function nearestEven(value: number): number {
  return Math.fround(value + 12582912) - 12582912;
}
