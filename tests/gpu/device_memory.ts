/**
 * What a GPU's memory holds, by TensorFlow's own allocator and by the driver's library.
 *
 * @module
 */

/** The card in words, or null where the driver's library does not tell. */
export function describeCard(): string | null {
  return null;
}
