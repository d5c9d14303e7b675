/**
 * The KV cache of a batch in progress: its rows leave when they are through, and it grows as they go on. Rows are powers
 * of two and lengths multiples of 64, so that few shapes are captured.
 *
 * @module
 */
import { dispose, type Tensor } from "../npm/tfjs_core.ts";
import type { ModelConfig } from "../models/architecture.ts";
import { powerOfTwo, roundUp } from "./batch_sizes.ts";
import { growCacheBuffer, keepCacheRows } from "./kv_cache.ts";

const LENGTH_UNIT = 64;
/** Rows up to which attention is so little of a step that a cache that seldom grows is better than a short one. */
const FEW_ROWS = 8;
/** Positions that are reserved ahead for few rows, at most. */
const MOST_AHEAD = 256;

/**
 * The buffers of a batch; `using` frees them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { GenerateCache } from "./generate_cache.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const config = { cacheHeads: 1, maxPositions: 512 };
 * using cache = new GenerateCache([tf.tensor2d([[1], [2], [3], [4]])], { rows: 4, length: 1 }, config);
 * cache.keepRows([0, 2, 3]); // four rows still
 * assertEquals(cache.rows, 4);
 * cache.keepRows([3]);
 * cache.reserve(40, { steps: 0 });
 * assertEquals([cache.rows, cache.length, cache.buffers[0]!.dataSync()[0]], [1, 64, 4]);
 * ```
 */
export class GenerateCache implements Disposable {
  /** All layers' keys, then all layers' values: [B G T, K] each. */
  buffers: Tensor[];
  /** B */
  rows: number;
  /** T */
  length: number;
  readonly #config: Pick<ModelConfig, "cacheHeads" | "maxPositions">;

  /** Takes over the buffers. */
  constructor(
    buffers: Tensor[],
    { rows, length }: { rows: number; length: number },
    config: Pick<ModelConfig, "cacheHeads" | "maxPositions">,
  ) {
    this.buffers = buffers;
    this.rows = rows;
    this.length = length;
    this.#config = config;
  }

  /** Keeps some of the rows if half of them can go. @returns whether it did */
  keepRows(kept: readonly number[]): boolean {
    const to = powerOfTwo(kept.length);
    if (to >= this.rows) return false;
    this.#replace((buffer) => keepCacheRows(buffer, { kept, rows: this.rows, to }));
    this.rows = to;
    return true;
  }

  /**
   * Makes room for `needed` positions.
   *
   * @param steps how many more there may be: for few rows there is room for many of them at once
   */
  reserve(needed: number, { steps }: { steps: number }): void {
    if (needed <= this.length) return;
    const wanted = this.rows <= FEW_ROWS ? needed + Math.min(steps, MOST_AHEAD) : needed;
    this.length = roundUp(wanted, LENGTH_UNIT, this.#config.maxPositions);
    const sizes = { rows: this.rows, heads: this.#config.cacheHeads, length: this.length };
    this.#replace((buffer) => growCacheBuffer(buffer, sizes));
  }

  /** One by one: if one fails, those that there are by then are freed with the others. */
  #replace(made: (buffer: Tensor) => Tensor): void {
    this.buffers.forEach((buffer, i) => this.buffers[i] = made(buffer));
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    dispose(this.buffers);
  }
}
