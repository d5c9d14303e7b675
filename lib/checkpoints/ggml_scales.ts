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
