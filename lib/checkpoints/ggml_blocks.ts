/**
 * Blocks of quantized weights, as llama.cpp's files store them, widened to float32. A block is a few bytes of scales
 * and packed integers that stand for 32 or 256 neighbouring weights of a row.
 *
 * Sources: ggml's block layouts (ggml-common.h) and the `gguf` package's dequantization, which these functions equal
 * bit for bit: every product is exact in float64 and each weight is rounded once.
 *
 * @module
 */
import { q2K, q3K, q4K, q5K, q6K, q8K } from "./ggml_k_blocks.ts";
import { float16At } from "./ggml_scales.ts";

/** How one type of tensor is stored. */
export interface BlockType {
  /** ggml's name. */
  name: string;
  /** Weights in a block; a row is a whole number of blocks. */
  weights: number;
  /** Bytes of a block. */
  bytes: number;
  /**
   * Widens whole blocks.
   *
   * @param bytes blocks, one after the other @param out as many weights as they hold
   */
  widen(bytes: Uint8Array, out: Float32Array): void;
}

/** Widens the block that begins at `bytes[at]` into `out[to]` and what follows. */
type WidenBlock = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void;

/**
 * The types that can be read, by their number in the file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const out = new Float32Array(2);
 * BLOCK_TYPES[30]!.widen(new Uint8Array([0x80, 0x3f, 0, 0xc0]), out);
 * assertEquals([...out], [1, -2]);
 * ```
 */
export const BLOCK_TYPES: { readonly [id: number]: BlockType } = {
  0: { name: "F32", weights: 1, bytes: 4, widen: widenF32 },
  1: { name: "F16", weights: 1, bytes: 2, widen: widenF16 },
  2: quantized("Q4_0", { weights: 32, bytes: 18, widenBlock: q40 }),
  3: quantized("Q4_1", { weights: 32, bytes: 20, widenBlock: q41 }),
  6: quantized("Q5_0", { weights: 32, bytes: 22, widenBlock: q50 }),
  7: quantized("Q5_1", { weights: 32, bytes: 24, widenBlock: q51 }),
  8: quantized("Q8_0", { weights: 32, bytes: 34, widenBlock: q80 }),
  10: quantized("Q2_K", { weights: 256, bytes: 84, widenBlock: q2K }),
  11: quantized("Q3_K", { weights: 256, bytes: 110, widenBlock: q3K }),
  12: quantized("Q4_K", { weights: 256, bytes: 144, widenBlock: q4K }),
  13: quantized("Q5_K", { weights: 256, bytes: 176, widenBlock: q5K }),
  14: quantized("Q6_K", { weights: 256, bytes: 210, widenBlock: q6K }),
  15: quantized("Q8_K", { weights: 256, bytes: 292, widenBlock: q8K }),
  30: { name: "BF16", weights: 1, bytes: 2, widen: widenBF16 },
};

/** Types that files may have and that cannot be read, for messages. */
export const OTHER_TYPES: { readonly [id: number]: string } = {
  9: "Q8_1",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
  40: "NVFP4",
};

function quantized(
  name: string,
  { weights, bytes: size, widenBlock }: { weights: number; bytes: number; widenBlock: WidenBlock },
): BlockType {
  const widen = (bytes: Uint8Array, out: Float32Array) => {
    for (let at = 0, to = 0; to < out.length; at += size, to += weights) widenBlock(bytes, at, out, to);
  };
  return { name, weights, bytes: size, widen };
}

function widenF32(bytes: Uint8Array, out: Float32Array): void {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
}

function widenF16(bytes: Uint8Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = float16At(bytes, 2 * i);
}

function widenBF16(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) bits[i] = bytes[2 * i]! << 16 | bytes[2 * i + 1]! << 24;
}

// In the 4 and 5 bit types the low halves of 16 bytes are weights 0 to 15, the high halves 16 to 31.

function q40(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + 2 + i]!;
    out[to + i] = scale * ((pair & 15) - 8);
    out[to + 16 + i] = scale * ((pair >> 4) - 8);
  }
}

function q41(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  const least = float16At(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + 4 + i]!;
    out[to + i] = scale * (pair & 15) + least;
    out[to + 16 + i] = scale * (pair >> 4) + least;
  }
}

// The fifth bits of weights 0 to 31 are four bytes, the first weight's lowest.

function q50(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + 6 + i]!;
    out[to + i] = scale * ((pair & 15 | fifthBit(bytes, at + 2, i)) - 16);
    out[to + 16 + i] = scale * ((pair >> 4 | fifthBit(bytes, at + 2, 16 + i)) - 16);
  }
}

function q51(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  const least = float16At(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + 8 + i]!;
    out[to + i] = scale * (pair & 15 | fifthBit(bytes, at + 4, i)) + least;
    out[to + 16 + i] = scale * (pair >> 4 | fifthBit(bytes, at + 4, 16 + i)) + least;
  }
}

function fifthBit(bytes: Uint8Array, at: number, i: number): number {
  return (bytes[at + (i >> 3)]! >> (i & 7) & 1) << 4;
}

function q80(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  for (let i = 0; i < 32; i++) out[to + i] = scale * (bytes[at + 2 + i]! << 24 >> 24);
}
