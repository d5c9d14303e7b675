/**
 * A tokenized text, and those of its pieces put together.
 *
 * @module
 */

/** A tokenized text. */
export interface EncodedText {
  /** Token ids, [T]. */
  ids: Int32Array;
  /** Where each token begins in the text, in UTF-16 units. */
  starts: Uint32Array;
  /** Where it ends. */
  ends: Uint32Array;
}

/**
 * The text of some pieces.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const piece = (id: number) => ({ ids: Int32Array.of(id), starts: Uint32Array.of(id), ends: Uint32Array.of(id + 1) });
 * assertEquals([...joinParts([piece(0), piece(1)]).ends], [1, 2]);
 * ```
 */
export function joinParts(parts: readonly EncodedText[]): EncodedText {
  if (parts.length === 1) return parts[0]!;
  return {
    ids: join(parts.map(({ ids }) => ids), Int32Array),
    starts: join(parts.map(({ starts }) => starts), Uint32Array),
    ends: join(parts.map(({ ends }) => ends), Uint32Array),
  };
}

/**
 * Arrays one after the other.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([...join([Int32Array.of(1), Int32Array.of(2, 3)], Int32Array)], [1, 2, 3]);
 * ```
 */
export function join<A extends Int32Array | Uint32Array>(
  parts: readonly A[],
  create: new (length: number) => A,
): A {
  const joined = new create(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
