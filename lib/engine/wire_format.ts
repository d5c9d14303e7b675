/**
 * Fields of protocol buffers as TensorFlow reads them, by the numbers of their `.proto` files.
 *
 * @module
 */

const encoder = new TextEncoder();

/**
 * A field of bytes: a message, or numbers that stand packed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(bytesField(6, [0x20, 1]), [0x32, 2, 0x20, 1]);
 * ```
 */
export function bytesField(number: number, bytes: ArrayLike<number>): number[] {
  return [...varint(number << 3 | 2), ...varint(bytes.length), ...Array.from(bytes)];
}

/**
 * A field of text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(textField(5, "grpc"), [0x2a, 4, 103, 114, 112, 99]);
 * ```
 */
export function textField(number: number, text: string): number[] {
  return bytesField(number, encoder.encode(text));
}

/**
 * A field of a whole number from 0 to 2^31 - 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(intField(2, 300), [0x10, 0xac, 2]);
 * ```
 */
export function intField(number: number, value: number): number[] {
  return [...varint(number << 3), ...varint(value)];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push(value & 127 | 128);
  return [...bytes, value];
}
