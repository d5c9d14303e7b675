/**
 * How many texts and continuations run at once, by the memory that they take: on a processor little, as caches are small
 * and memory is shared, and where a limit is set shares of that, if these are less; on a GPU shares of its memory, as it
 * is idle with less.
 *
 * @module
 */
import type { MemoryBudget } from "../engine/memory_budget.ts";
import type { ModelConfig } from "../models/architecture.ts";

/** Tokens of a text that sizes are reckoned for. */
const TOKENS = 128;
/** Tokens that run through the model at once: with more, what one operation leaves is out of a processor's caches before the next. */
const CHUNK_TOKENS = 1536;
/** Tokens that keep any GPU busy. */
const GPU_TOKENS = 2 ** 15;
/** What of the memory texts, each of two decode batches, and samples may take: weights, logits and what XLA needs take the rest. */
const SHARES = {
  gpu: { texts: 1 / 10, rows: 1 / 5, prompts: 1 / 5, slots: 1 / 5 },
  cpu: { texts: 1 / 10, rows: 1 / 10, prompts: 1 / 4, slots: 1 / 4 },
};
/** What they take of a processor's at the most, in bytes: more makes nothing faster. */
const MOST = { texts: 2 ** 31, rows: 2 ** 30, prompts: 2 ** 31, slots: 3 * 2 ** 30 };
/** Fewer tokens at once than this leave a processor idle. */
const LEAST_TOKENS = 128;
/** Copies of a token's logits that a processor has at a time. */
export const LOGIT_COPIES = 3;

/**
 * Texts of a batch: as many as keep caches and logits of 128 tokens under two gigabytes, 8 to 64; up to 512 on a GPU. The
 * more texts there are, the more alike in length the continuations of a decode batch.
 *
 * @param budget null on a processor without a limit
 * @returns a power of two
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textsAtOnce } from "./batch_sizes.ts";
 *
 * const small = { layers: 4, cacheHeads: 4, headWidth: 64, vocabularySize: 4096 };
 * assertEquals([textsAtOnce(small), textsAtOnce({ ...small, vocabularySize: 150_000 })], [64, 8]);
 * assertEquals(textsAtOnce(small, { device: "gpu", bytes: 80e9 }), 512);
 * assertEquals(textsAtOnce(small, { device: "cpu", bytes: 1e9 }), 16);
 * ```
 */
export function textsAtOnce(
  { layers, cacheHeads, headWidth, vocabularySize }: Pick<
    ModelConfig,
    "layers" | "cacheHeads" | "headWidth" | "vocabularySize"
  >,
  budget: MemoryBudget | null = null,
): number {
  const numbersPerToken = 2 * layers * cacheHeads * headWidth + 2 * vocabularySize;
  const bytesPerText = numbersPerToken * TOKENS * Float32Array.BYTES_PER_ELEMENT;
  return powerWithin(bytesOf("texts", budget) / bytesPerText, {
    least: budget?.device === "cpu" ? 1 : 8,
    most: budget?.device === "gpu" ? 512 : 64,
  });
}

/**
 * Continuations of a decode batch: as many as keep the caches of 128 tokens under a gigabyte, 32 to 256. With more rows those of
 * a decode batch end at times too far apart. A GPU takes up to 2,048 in hardly more time.
 *
 * @param budget null on a processor without a limit
 * @returns a power of two
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowsAtOnce } from "./batch_sizes.ts";
 *
 * const small = { layers: 4, cacheHeads: 4, headWidth: 64 };
 * assertEquals([rowsAtOnce(small), rowsAtOnce(small, { device: "cpu", bytes: 1e9 })], [256, 64]);
 * ```
 */
export function rowsAtOnce(
  { layers, cacheHeads, headWidth }: Pick<ModelConfig, "layers" | "cacheHeads" | "headWidth">,
  budget: MemoryBudget | null = null,
): number {
  const bytesPerRow = 2 * layers * cacheHeads * headWidth * TOKENS * Float32Array.BYTES_PER_ELEMENT;
  return powerWithin(bytesOf("rows", budget) / bytesPerRow, {
    least: budget?.device === "cpu" ? 4 : 32,
    most: budget?.device === "gpu" ? 2048 : 256,
  });
}

/**
 * Prompts that are continued at once: as many as keep the caches under two gigabytes.
 *
 * @param positions of the longest row
 * @param budget null on a processor without a limit
 * @returns a power of two
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { promptsAtOnce } from "./batch_sizes.ts";
 *
 * const large = { layers: 32, cacheHeads: 32, headWidth: 128 };
 * assertEquals([promptsAtOnce(large, 512), promptsAtOnce(large, 512, { device: "gpu", bytes: 80e9 })], [4, 16]);
 * ```
 */
export function promptsAtOnce(
  { layers, cacheHeads, headWidth }: Pick<ModelConfig, "layers" | "cacheHeads" | "headWidth">,
  positions: number,
  budget: MemoryBudget | null = null,
): number {
  const bytesPerRow = 2 * layers * cacheHeads * headWidth * positions * Float32Array.BYTES_PER_ELEMENT;
  return powerOfTwoBelow(bytesOf("prompts", budget) / bytesPerRow);
}

/**
 * Slots of samples in progress: as many as keep the caches, which are twice as long as a row gets, under three gigabytes,
 * one to four units. A GPU takes up to forty.
 *
 * @param size positions of the longest row; slots come in multiples of `unit`
 * @param budget null on a processor without a limit
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { slotsAtOnce } from "./batch_sizes.ts";
 *
 * const size = { positions: 512, unit: 48 };
 * const small = { layers: 4, cacheHeads: 4, headWidth: 64 };
 * assertEquals([slotsAtOnce(small, size), slotsAtOnce(small, size, { device: "gpu", bytes: 80e9 })], [192, 1872]);
 * assertEquals(slotsAtOnce({ layers: 30, cacheHeads: 3, headWidth: 64 }, size), 48); // SmolLM2-135M
 * ```
 */
export function slotsAtOnce(
  { layers, cacheHeads, headWidth }: Pick<ModelConfig, "layers" | "cacheHeads" | "headWidth">,
  { positions, unit }: { positions: number; unit: number },
  budget: MemoryBudget | null = null,
): number {
  const bytesPerSlot = 2 * layers * cacheHeads * headWidth * 2 * positions * Float32Array.BYTES_PER_ELEMENT;
  const units = Math.floor(bytesOf("slots", budget) / bytesPerSlot / unit);
  return unit * Math.max(1, Math.min(units, budget?.device === "gpu" ? 40 : 4));
}

/**
 * Tokens of texts of one length that run through the model at once. On a GPU what one layer and the logits take of each
 * decides: scores of attention and the inside of an MLP, some copies of each; of a processor's limit the logits.
 *
 * @param length T
 * @param budget null on a processor without a limit
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tokensAtOnce } from "./batch_sizes.ts";
 *
 * const large = { width: 4096, headWidth: 128, vocabularySize: 32_000 };
 * assertEquals([tokensAtOnce(large, 512), tokensAtOnce(large, 512, { device: "cpu", bytes: 2e9 })], [1536, 520]);
 * assertEquals(Math.round(tokensAtOnce(large, 512, { device: "gpu", bytes: 80e9 }) / 1000), 11);
 * ```
 */
export function tokensAtOnce(
  { width, headWidth, vocabularySize }: Pick<ModelConfig, "width" | "headWidth" | "vocabularySize">,
  length: number,
  budget: MemoryBudget | null = null,
): number {
  if (budget === null) return CHUNK_TOKENS;
  const isGpu = budget.device === "gpu";
  const numbersPerToken = isGpu
    ? 16 * width + 3 * width / headWidth * length + 2 * vocabularySize
    : LOGIT_COPIES * vocabularySize;
  const tokens = Math.floor(bytesOf("texts", budget) / (numbersPerToken * Float32Array.BYTES_PER_ELEMENT));
  return isGpu ? Math.min(GPU_TOKENS, tokens) : Math.min(CHUNK_TOKENS, Math.max(LEAST_TOKENS, tokens));
}

/** What a part of decoding may take, in bytes. */
function bytesOf(part: keyof typeof MOST, budget: MemoryBudget | null): number {
  if (budget === null) return MOST[part];
  const share = budget.bytes * SHARES[budget.device][part];
  return budget.device === "gpu" ? share : Math.min(MOST[part], share);
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

/**
 * The least multiple of a unit that is not below a count, but never more than `most`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([roundUp(1, 64), roundUp(64, 64), roundUp(65, 64, 100)], [64, 64, 100]);
 * ```
 */
export function roundUp(count: number, unit: number, most = Infinity): number {
  return Math.min(most, Math.ceil(count / unit) * unit);
}

/**
 * How many positions a text of so many tokens runs with: multiples of 32 up to 160, of 128 above, so that there are few
 * shapes to capture and little padding.
 *
 * @param most the model's positions; a longer text keeps its length, and is refused where it runs
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { paddedLength } from "./batch_sizes.ts";
 *
 * assertEquals([3, 160, 161, 300, 600].map((length) => paddedLength(length, 320)), [32, 160, 256, 320, 600]);
 * ```
 */
export function paddedLength(length: number, most: number): number {
  return Math.max(length, roundUp(length, length <= 160 ? 32 : 128, most));
}

/**
 * Texts whose lengths, rounded up, are equal, so that they run together: their numbers by that length.
 *
 * @param unit what lengths are rounded up to a multiple of
 * @param most the model's positions
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { byPaddedLength } from "./batch_sizes.ts";
 *
 * const texts = [3, 40, 5].map((length) => ({ prefix: { length } }));
 * assertEquals([...byPaddedLength(texts, 32, 48)], [[32, [0, 2]], [48, [1]]]);
 * ```
 */
export function byPaddedLength(
  texts: readonly { prefix: { length: number } }[],
  unit: number,
  most: number,
): Map<number, number[]> {
  return Map.groupBy(texts.keys(), (i) => roundUp(texts[i]!.prefix.length, unit, most));
}

function powerWithin(count: number, { least, most }: { least: number; most: number }): number {
  return powerOfTwoBelow(Math.min(most, Math.max(least, count)));
}
