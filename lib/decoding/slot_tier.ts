/**
 * Rows of samples at like positions, each in a slot of a KV cache of fixed size, so that a row's logits depend on nothing
 * but the row: a step always has the same shapes, and which tier a row is in follows from its position.
 *
 * What of a matrix product's row depends on the other rows is its kernel: TensorFlow's change with the number of rows and,
 * in a sum over a cache, with its length. With AVX2, oneDNN takes six rows at a time and adds up one or two that are left
 * over in another order; elementwise kernels take eight numbers at a time; and for two threads a product of few numbers is
 * cut within its sums, of 24 rows if these have fewer than 256 columns (on a Zen 3), of 48 if they have fewer than 128. So
 * the number of rows is a multiple of 48, and with that processors gave the same bits for any such number (AVX-512, AVX2,
 * and without oneDNN), for keys and values of 128 columns or more.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { ModelConfig } from "../models/architecture.ts";
import { roundUp } from "./batch_sizes.ts";
import { checkPositions, keepCacheRows, newCacheBuffer } from "./kv_cache.ts";
import { writeRows } from "../engine/kernels.ts";

/** Rows of a step come in multiples. */
export const ROW_UNIT = 48;
/** Positions of the shortest tier; each has twice as many as the one before. */
const SHORTEST = 128;
/** The last tier's positions are a multiple. */
const LENGTH_UNIT = 64;

/** A cache that a row is copied from. */
export interface CacheRow {
  /** All layers' keys, then all layers' values: [B G T, K] each. */
  buffers: readonly Tensor[];
  /** T */
  length: number;
  /** Which of the B rows. */
  row: number;
}

/**
 * Slots for rows; `using` frees the cache, which is made when the first row comes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { SlotTier } from "./slot_tier.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const config = { layers: 1, cacheHeads: 1, headWidth: 1 };
 * using tier = new SlotTier<string>({ rows: 2, length: 4 }, config);
 * const prompt = { buffers: [tf.tensor2d([[7], [8], [9]]), tf.tensor2d([[1], [2], [3]])], length: 3, row: 0 };
 * tier.put("a row", prompt, 2);
 * assertEquals([...tier.buffers[0]!.dataSync()], [7, 8, 0, 0, 0, 0, 0, 0]);
 * assertEquals([tier.isFull, tier.rows], [false, ["a row", null]]);
 * ```
 */
export class SlotTier<R> implements Disposable {
  /** What is in each slot. */
  rows: (R | null)[];
  /** T */
  readonly length: number;
  /** All layers' keys, then all layers' values; none before the first row. */
  buffers: Tensor[] = [];
  readonly #config: Pick<ModelConfig, "layers" | "cacheHeads" | "headWidth">;

  /** @param size B and T */
  constructor(
    { rows, length }: { rows: number; length: number },
    config: Pick<ModelConfig, "layers" | "cacheHeads" | "headWidth">,
  ) {
    this.rows = Array(rows).fill(null);
    this.length = length;
    this.#config = config;
  }

  /** Whether every slot is taken. */
  get isFull(): boolean {
    return !this.rows.includes(null);
  }

  /** Whether none is. */
  get isEmpty(): boolean {
    return this.rows.every((row) => row === null);
  }

  /** Puts a row into a free slot, with the first positions of its cache. */
  put(row: R, from: CacheRow, positions: number): void {
    const slot = this.rows.indexOf(null);
    const { layers, cacheHeads: heads, headWidth: width } = this.#config;
    checkPositions([slot], this.rows.length);
    checkPositions([positions - 1], this.length);
    const size = { rows: this.rows.length, heads, length: this.length, width };
    while (this.buffers.length < 2 * layers) this.buffers.push(newCacheBuffer(size));
    tf.tidy(() => {
      const places = (row: number, length: number) =>
        tf.tensor1d(
          Int32Array.from({ length: heads * positions }, (_, i) =>
            (row * heads + Math.floor(i / positions)) * length + i % positions),
          "int32",
        );
      const [read, written] = [places(from.row, from.length), places(slot, this.length)];
      this.buffers.forEach((buffer, i) => writeRows(buffer, written, tf.gather(from.buffers[i]!, read)));
    });
    this.rows[slot] = row;
  }

  /** Gives up slots that are not in use, as many as leave a multiple of {@linkcode ROW_UNIT}. */
  shrink(): void {
    const kept = this.rows.flatMap((row, slot) => row === null ? [] : [slot]);
    const [rows, to] = [this.rows.length, roundUp(kept.length, ROW_UNIT)];
    if (to === 0 || to >= rows) return;
    this.buffers.forEach((buffer, i) => this.buffers[i] = keepCacheRows(buffer, { kept, rows, to }));
    this.rows = Array.from({ length: to }, (_, i) => this.rows[kept[i] ?? -1] ?? null);
  }

  /** Frees the cache. */
  [Symbol.dispose](): void {
    tf.dispose(this.buffers);
  }
}

/**
 * The lengths of the tiers for rows of up to `limit` positions.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tierLengths } from "./slot_tier.ts";
 *
 * assertEquals([tierLengths(32), tierLengths(600)], [[64], [128, 256, 512, 640]]);
 * ```
 */
export function tierLengths(limit: number): number[] {
  const lengths: number[] = [];
  for (let length = SHORTEST; length < limit; length *= 2) lengths.push(length);
  return [...lengths, roundUp(limit, LENGTH_UNIT)];
}
