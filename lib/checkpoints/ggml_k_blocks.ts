/**
 * Blocks of 256 weights ("K-quants"): groups of 16 or 32 weights with small integer scales, which have one or two
 * float scales in common. Each function widens the block at `bytes[at]` into `out[to]` and what follows.
 *
 * Source: ggml's block layouts (ggml-common.h), read beside the `gguf` package's dequantization.
 *
 * @module
 */
import { float16At } from "./ggml_scales.ts";

const signed = (byte: number) => byte << 24 >> 24;

/**
 * Two bits a weight; 16 groups of 16, a byte each: scale in the low half, offset in the high half.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(84);
 * bytes[0] = 0x12; // the first group: scale 2, offset 1
 * bytes[16] = 3; // the first weight
 * bytes.set([0, 0x3c, 0, 0x40], 80); // float16: 1 and 2
 * const out = new Float32Array(256);
 * q2K(bytes, 0, out, 0);
 * assertEquals([out[0], out[1], out[16]], [4, -2, 0]); // 1 * 2 * 3 - 2 * 1
 * ```
 */
export function q2K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at + 80);
  const offset = float16At(bytes, at + 82);
  for (let group = 0; group < 16; group++) {
    const both = bytes[at + group]!;
    const groupScale = scale * (both & 15);
    const groupOffset = offset * (both >> 4);
    const from = at + 16 + twoBitStart(group);
    const shift = twoBitShift(group);
    for (let i = 0; i < 16; i++) {
      out[to + 16 * group + i] = groupScale * (bytes[from + i]! >> shift & 3) - groupOffset;
    }
  }
}

// 32 bytes of two bits hold 128 weights: the lowest two bits of all are the first 32 of them, and so on.
const twoBitStart = (group: number) => (group >> 3) * 32 + (group & 1) * 16;
const twoBitShift = (group: number) => (group >> 1 & 3) * 2;

/**
 * Three bits a weight, the third of them stored apart and inverted; 16 groups of 16 with scales of six bits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(110);
 * bytes[96] = 1; // the first group's scale: 1 - 32
 * bytes[32] = 2; // the first weight: 2 - 4, as its high bit is not set
 * bytes.set([0, 0x3c], 108); // float16: 1
 * const out = new Float32Array(256);
 * q3K(bytes, 0, out, 0);
 * assertEquals(out[0], 62);
 * ```
 */
export function q3K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at + 108);
  for (let group = 0; group < 16; group++) {
    const low = bytes[at + 96 + (group & 7)]! >> (group >> 3) * 4 & 15;
    const high = bytes[at + 104 + (group & 3)]! >> (group >> 2) * 2 & 3;
    const groupScale = scale * ((low | high << 4) - 32);
    const from = at + 32 + twoBitStart(group);
    const shift = twoBitShift(group);
    const masks = at + (group & 1) * 16;
    for (let i = 0; i < 16; i++) {
      const missing = bytes[masks + i]! >> (group >> 1) & 1 ? 0 : 4;
      out[to + 16 * group + i] = groupScale * ((bytes[from + i]! >> shift & 3) - missing);
    }
  }
}

/**
 * Four bits a weight; 8 groups of 32 with scales and offsets of six bits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(144);
 * bytes.set([0, 0x3c, 0, 0x40, 3, 0, 0, 0, 1]); // float16 1 and 2; the first group: scale 3, offset 1
 * bytes[16] = 0x05; // weight 0 is 5
 * const out = new Float32Array(256);
 * q4K(bytes, 0, out, 0);
 * assertEquals([out[0], out[1], out[32]], [13, -2, 0]); // 1 * 3 * 5 - 2 * 1
 * ```
 */
export function q4K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  const offset = float16At(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const groupScale = scale * sixBitScale(bytes, at + 4, group);
    const groupOffset = offset * sixBitOffset(bytes, at + 4, group);
    const from = at + 16 + (group >> 1) * 32;
    const shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      out[to + 32 * group + i] = groupScale * (bytes[from + i]! >> shift & 15) - groupOffset;
    }
  }
}

// Twelve bytes hold eight scales and eight offsets of six bits. Those of groups 0 to 3 are the low six bits of bytes 0
// to 3 and 4 to 7; of groups 4 to 7 the low four bits are halves of bytes 8 to 11, the high two those left over there.

function sixBitScale(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group]! & 63;
  return bytes[at + 4 + group]! & 15 | bytes[at + group - 4]! >> 2 & 48;
}

function sixBitOffset(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + 4 + group]! & 63;
  return bytes[at + 4 + group]! >> 4 | bytes[at + group]! >> 2 & 48;
}

/**
 * Decodes a block like {@linkcode q4K}'s, with a fifth bit of each weight, stored apart.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(176);
 * bytes.set([0, 0x3c, 0, 0x40, 3, 0, 0, 0, 1]); // float16 1 and 2; the first group: scale 3, offset 1
 * bytes[16] = 1; // the fifth bit of weight 0
 * bytes[48] = 0x05; // its other bits
 * const out = new Float32Array(256);
 * q5K(bytes, 0, out, 0);
 * assertEquals(out[0], 61); // 1 * 3 * 21 - 2 * 1
 * ```
 */
export function q5K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at);
  const offset = float16At(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const groupScale = scale * sixBitScale(bytes, at + 4, group);
    const groupOffset = offset * sixBitOffset(bytes, at + 4, group);
    const from = at + 48 + (group >> 1) * 32;
    const shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const weight = bytes[from + i]! >> shift & 15 | (bytes[at + 16 + i]! >> group & 1) << 4;
      out[to + 32 * group + i] = groupScale * weight - groupOffset;
    }
  }
}

/**
 * Six bits a weight, four and two of them stored apart; 16 groups of 16 with signed scales of a byte.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(210);
 * bytes[0] = 0x05; // four bits of weight 0
 * bytes[128] = 0x02; // two bits of it: 5 + 32 - 32
 * bytes[192] = 0xff; // the first group's scale: -1
 * bytes.set([0, 0x3c], 208); // float16: 1
 * const out = new Float32Array(256);
 * q6K(bytes, 0, out, 0);
 * assertEquals([out[0], out[1]], [-5, 32]);
 * ```
 */
export function q6K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = float16At(bytes, at + 208);
  for (let group = 0; group < 16; group++) {
    const groupScale = scale * signed(bytes[at + 192 + group]!);
    const half = group >> 3;
    const low = at + 64 * half + (group & 3) * 16;
    const lowShift = (group >> 2 & 1) * 4;
    const high = at + 128 + twoBitStart(group);
    const highShift = twoBitShift(group);
    for (let i = 0; i < 16; i++) {
      const weight = bytes[low + i]! >> lowShift & 15 | (bytes[high + i]! >> highShift & 3) << 4;
      out[to + 16 * group + i] = groupScale * (weight - 32);
    }
  }
}

const scaleOf8 = new DataView(new ArrayBuffer(4));

/**
 * A byte a weight, with one float32 scale; the sums of groups that follow are not needed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(292);
 * bytes.set([0, 0, 0, 0x40, 0xff, 5]); // float32 2; weights -1 and 5
 * const out = new Float32Array(256);
 * q8K(bytes, 0, out, 0);
 * assertEquals([out[0], out[1], out[2]], [-2, 10, 0]);
 * ```
 */
export function q8K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  for (let i = 0; i < 4; i++) scaleOf8.setUint8(i, bytes[at + i]!);
  const scale = scaleOf8.getFloat32(0, true);
  for (let i = 0; i < 256; i++) out[to + i] = scale * signed(bytes[at + 4 + i]!);
}
