/**
 * How many texts and continuations run at once, by the memory that they take.
 *
 * @module
 */
import type { ModelConfig } from "./architecture.ts";

/** Tokens of a text that sizes are reckoned for. */
const TOKENS = 128;

/**
 * Texts of a batch: as many as keep caches and logits of 128 tokens under two gigabytes, 8 to 64. The more texts there
 * are, the more alike in length the continuations of a grid.
 *
 * @returns a power of two
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textsAtOnce } from "./batch_sizes.ts";
 *
 * const small = { layers: 4, cacheHeads: 4, headWidth: 64, vocabularySize: 4096 };
 * assertEquals([textsAtOnce(small), textsAtOnce({ ...small, vocabularySize: 150_000 })], [64, 8]);
 * ```
 */
export function textsAtOnce(
  { layers, cacheHeads, headWidth, vocabularySize }: Pick<
    ModelConfig,
    "layers" | "cacheHeads" | "headWidth" | "vocabularySize"
  >,
): number {
  const numbersPerToken = 2 * layers * cacheHeads * headWidth + 2 * vocabularySize;
  const bytesPerText = numbersPerToken * TOKENS * Float32Array.BYTES_PER_ELEMENT;
  return powerWithin(2 ** 31 / bytesPerText, { least: 8, most: 64 });
}

/**
 * Continuations of a grid: as many as keep the caches of 128 tokens under a gigabyte, 32 to 256. With more rows those of
 * a grid end at times too far apart.
 *
 * @returns a power of two
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowsAtOnce } from "./batch_sizes.ts";
 *
 * assertEquals(rowsAtOnce({ layers: 4, cacheHeads: 4, headWidth: 64 }), 256);
 * ```
 */
export function rowsAtOnce(
  { layers, cacheHeads, headWidth }: Pick<ModelConfig, "layers" | "cacheHeads" | "headWidth">,
): number {
  const bytesPerRow = 2 * layers * cacheHeads * headWidth * TOKENS * Float32Array.BYTES_PER_ELEMENT;
  return powerWithin(2 ** 30 / bytesPerRow, { least: 32, most: 256 });
}

/**
 * The least power of two that is not below a count: so many rows run, that few shapes are captured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { powerOfTwo } from "./batch_sizes.ts";
 *
 * assertEquals([1, 2, 3, 8].map(powerOfTwo), [1, 2, 4, 8]);
 * ```
 */
export function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}

/**
 * The largest power of two that is not above a count, at least 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([0.5, 1, 3, 8.5].map(powerOfTwoBelow), [1, 1, 2, 8]);
 * ```
 */
export function powerOfTwoBelow(count: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, count)));
}

function powerWithin(count: number, { least, most }: { least: number; most: number }): number {
  return powerOfTwoBelow(Math.min(most, Math.max(least, count)));
}
