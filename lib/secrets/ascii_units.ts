/**
 * A text as bytes, one for each UTF-16 unit, for walks over all of it: a byte array is read at twice the speed of a
 * string. What is not ASCII is one byte that no rule asks for.
 *
 * @module
 */

/** The byte of a unit that is not ASCII; the control character DEL, whose own number this is, is as good as that. */
export const NOT_ASCII = 127;

const ENCODER = new TextEncoder();

/**
 * The bytes of a text; index by index those of its units.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asciiUnits } from "./ascii_units.ts";
 *
 * assertEquals([...asciiUnits("a😀=")], [97, 127, 127, 61]);
 * ```
 */
export function asciiUnits(text: string): Uint8Array {
  const units = new Uint8Array(text.length);
  // all is read only if it is ASCII: else it has more bytes than units
  if (ENCODER.encodeInto(text, units).read === text.length) return units;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    units[i] = unit < 128 ? unit : NOT_ASCII;
  }
  return units;
}
