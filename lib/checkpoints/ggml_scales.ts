/**
 * Scales of quantized blocks: float16 by a table of all 65,536 values.
 *
 * @module
 */
const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
const VALUES = Float32Array.from(new Float16Array(bits.buffer));

/**
 * The little-endian float16 at `bytes[at]`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(float16At(new Uint8Array([9, 0, 0x3c]), 1), 1);
 * ```
 */
export function float16At(bytes: Uint8Array, at: number): number {
  return VALUES[bytes[at]! | bytes[at + 1]! << 8]!;
}

const half = new Float16Array(1);
const halfBytes = new Uint8Array(half.buffer);

/**
 * Writes a number as a little-endian float16.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeFloat16 } from "./ggml_scales.ts";
 *
 * const bytes = new Uint8Array(3);
 * writeFloat16(1, bytes, 1);
 * assertEquals([...bytes], [0, 0, 0x3c]);
 * ```
 */
export function writeFloat16(value: number, bytes: Uint8Array, at: number): void {
  half[0] = value;
  bytes.set(halfBytes, at);
}
