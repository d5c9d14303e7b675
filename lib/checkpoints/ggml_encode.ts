/**
 * Weights rounded to the blocks of llama.cpp's files, as its own quantizer rounds them where it is given no statistics of
 * activations: what a model becomes when people deploy it. `BLOCK_TYPES` reads them back.
 *
 * Sources: ggml's reference quantization (ggml-quants.c) for the K types, of which each float32 operation is repeated
 * without fused products, and the `gguf` package's for the others; bytes are equal to theirs.
 *
 * @module
 */
import { BLOCK_TYPES } from "./ggml_blocks.ts";
import { encodeQ4K, encodeQ6K } from "./ggml_encode_k.ts";
import { writeFloat16 } from "./ggml_scales.ts";

/** Rounds the weights from `values[from]` into the block at `bytes[at]`, which is zero before. */
type EncodeBlock = (values: Float32Array, from: number, bytes: Uint8Array, at: number) => void;

/** What can be written, by ggml's name: the type's number in the file and its rounding. */
const ENCODERS = {
  Q4_0: { id: 2, encode: q40 },
  Q5_0: { id: 6, encode: q50 },
  Q8_0: { id: 8, encode: q80 },
  Q4_K: { id: 12, encode: encodeQ4K },
  Q6_K: { id: 14, encode: encodeQ6K },
} as const satisfies Record<string, { id: number; encode: EncodeBlock }>;

/** A type of block that can be written. */
export type BlockName = keyof typeof ENCODERS;

/**
 * How many weights a block of a type holds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { blockWeights } from "./ggml_encode.ts";
 *
 * assertEquals([blockWeights("Q8_0"), blockWeights("Q4_K")], [32, 256]);
 * ```
 */
export function blockWeights(type: BlockName): number {
  return BLOCK_TYPES[ENCODERS[type].id]!.weights;
}

/**
 * Rounds weights to blocks.
 *
 * @param values rows one after the other, each a whole number of blocks
 * @throws {RangeError} when they are no whole number of blocks
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BLOCK_TYPES } from "./ggml_blocks.ts";
 * import { encodeBlocks } from "./ggml_encode.ts";
 *
 * const bytes = encodeBlocks(Float32Array.from({ length: 32 }, (_, i) => i - 4), "Q8_0");
 * const read = new Float32Array(32);
 * BLOCK_TYPES[8]!.widen(bytes, read);
 * assertEquals([bytes.length, Math.round(read[0]!), Math.round(read[31]!)], [34, -4, 27]);
 * ```
 */
export function encodeBlocks(values: Float32Array, type: BlockName): Uint8Array {
  const { id, encode } = ENCODERS[type];
  const { weights, bytes: size } = BLOCK_TYPES[id]!;
  if (values.length % weights !== 0) {
    throw new RangeError(`Cannot round ${values.length} weights to ${type}: a block holds ${weights}`);
  }
  const bytes = new Uint8Array(values.length / weights * size);
  for (let from = 0, at = 0; from < values.length; from += weights, at += size) {
    encode(values, from, bytes, at);
  }
  return bytes;
}

/**
 * Weights as they are read from blocks that they were rounded to.
 *
 * @throws as {@linkcode encodeBlocks}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { throughBlocks } from "./ggml_encode.ts";
 *
 * assertEquals([...throughBlocks(new Float32Array(32).fill(-8), "Q4_0")].slice(0, 2), [-8, -8]);
 * ```
 */
export function throughBlocks(values: Float32Array, type: BlockName): Float32Array {
  const read = new Float32Array(values.length);
  BLOCK_TYPES[ENCODERS[type].id]!.widen(encodeBlocks(values, type), read);
  return read;
}

function q80(values: Float32Array, from: number, bytes: Uint8Array, at: number): void {
  let largest = 0;
  for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[from + i]!));
  const scale = Math.fround(largest / 127);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  writeFloat16(scale, bytes, at);
  for (let i = 0; i < 32; i++) {
    const value = Math.fround(values[from + i]! * inverse);
    bytes[at + 2 + i] = Math.sign(value) * Math.floor(Math.abs(value) + 0.5); // halves away from zero
  }
}

function q40(values: Float32Array, from: number, bytes: Uint8Array, at: number): void {
  const weights = rounded(values, from, { bits: 4, bytes, at });
  for (let i = 0; i < 16; i++) bytes[at + 2 + i] = weights[i]! | weights[16 + i]! << 4;
}

function q50(values: Float32Array, from: number, bytes: Uint8Array, at: number): void {
  const weights = rounded(values, from, { bits: 5, bytes, at });
  weights.forEach((weight, i) => bytes[at + 2 + (i >> 3)]! |= (weight >> 4) << (i & 7)); // the fifth bits
  for (let i = 0; i < 16; i++) bytes[at + 6 + i] = weights[i]! & 15 | (weights[16 + i]! & 15) << 4;
}

const block = new Uint8Array(32);

/** The 32 weights of a block as numbers of some bits; the scale, by which the largest becomes the least of them, is written. */
function rounded(
  values: Float32Array,
  from: number,
  { bits, bytes, at }: { bits: number; bytes: Uint8Array; at: number },
): Uint8Array {
  let largest = 0;
  for (let i = 0; i < 32; i++) {
    if (Math.abs(values[from + i]!) > Math.abs(largest)) largest = values[from + i]!;
  }
  const middle = 2 ** (bits - 1);
  const scale = Math.fround(largest / -middle);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  writeFloat16(scale, bytes, at);
  for (let i = 0; i < 32; i++) {
    // a fused product and sum, as compilers make of the reference
    const shifted = Math.fround(values[from + i]! * inverse + (middle + 0.5));
    block[i] = Math.min(2 * middle - 1, Math.trunc(shifted));
  }
  return block;
}
