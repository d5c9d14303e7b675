/**
 * Going on with fewer rows at once where memory runs out: only where TensorFlow says so. A process that the system kills, or
 * one that a library ends as it got no memory for its own work, is continued by its command with a smaller `--micro-batch`.
 *
 * @module
 */
import { TensorFlowError } from "../engine/status.ts";

/** How far a micro-batch may be halved. */
export interface MicroBatchSizes {
  /** Rows at once. */
  microBatch: number;
  /** The fewest. Default 1. */
  least?: number;
}

/**
 * Runs something with a micro-batch, and anew with half of it whenever TensorFlow has no memory left for that.
 *
 * @param sizes the micro-batch, and the least that it may be
 * @param onLess called before the run begins anew
 * @throws whatever the run throws but that; that, too, when it runs out with the fewest rows
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TensorFlowError } from "../engine/status.ts";
 * import { inSmallerBatches } from "./smaller_batches.ts";
 *
 * const tried: number[] = [];
 * const run = (rows: number) => {
 *   tried.push(rows);
 *   return rows > 2 ? Promise.reject(new TensorFlowError("MatMul", 8, "OOM")) : Promise.resolve(rows);
 * };
 * assertEquals([await inSmallerBatches({ microBatch: 8 }, run, () => Promise.resolve()), tried], [2, [8, 4, 2]]);
 * const few = inSmallerBatches({ microBatch: 4, least: 4 }, run, () => Promise.resolve());
 * assertEquals(await few.catch(({ code }) => code), "RESOURCE_EXHAUSTED");
 * ```
 */
export async function inSmallerBatches<R>(
  { microBatch, least = 1 }: MicroBatchSizes,
  run: (microBatch: number) => Promise<R>,
  onLess: (microBatch: number) => Promise<void>,
): Promise<R> {
  for (let rows = microBatch;; rows = Math.floor(rows / 2)) {
    try {
      return await run(rows);
    } catch (error) {
      if (!(error instanceof TensorFlowError) || error.code !== "RESOURCE_EXHAUSTED" || rows <= least) {
        throw error;
      }
      await onLess(Math.floor(rows / 2));
    }
  }
}
