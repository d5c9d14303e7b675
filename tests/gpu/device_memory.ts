/**
 * What a GPU's memory holds, by TensorFlow's own allocator and by the driver's library.
 *
 * @module
 */

/** The card in words, or null where the driver's library does not tell. */
export function describeCard(): string | null {
  return null;
}

/** Bytes. */
export function deviceBytes(_by: string): { bytes: number; most: number; by: string } {
  return { bytes: 0, most: 0, by: "nothing" };
}
