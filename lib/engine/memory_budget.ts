/**
 * The memory that decoding's batches are sized for.
 *
 * @module
 */
import { currentEngine } from "./state.ts";

/** What computes, and how much memory it may take. */
export interface MemoryBudget {
  /** A GPU's memory, or a processor's. */
  device: "cpu" | "gpu";
  /** All of it, weights included. */
  bytes: number;
}

/**
 * What there is: a GPU's memory, or what `limitMemory` has set for the processor; null where batches are as large as is
 * fastest on a processor.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { limitMemory, memoryBudget } from "./memory_budget.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(memoryBudget(), null);
 * limitMemory(2e9);
 * assertEquals(memoryBudget(), { device: "cpu", bytes: 2e9 });
 * ```
 */
export function memoryBudget(): MemoryBudget | null {
  const { binding: { gpu }, memoryLimit } = currentEngine();
  return gpu ? { device: "gpu", bytes: gpu.memory } : budgetOf({ limit: memoryLimit ?? undefined });
}

/**
 * The budget of a device that is not open, or not yet limited.
 *
 * @param device.gpu a GPU's memory, bytes; null, the default, on a processor
 * @param device.limit what the processor may take, bytes; undefined, the default, for no limit
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { budgetOf } from "./memory_budget.ts";
 *
 * assertEquals(budgetOf({ gpu: 80e9 }), { device: "gpu", bytes: 80e9 });
 * assertEquals([budgetOf({ limit: 2e9 })?.device, budgetOf({})], ["cpu", null]);
 * ```
 */
export function budgetOf(
  { gpu = null, limit }: { gpu?: number | null; limit?: number | undefined },
): MemoryBudget | null {
  if (gpu !== null) return { device: "gpu", bytes: gpu };
  return limit === undefined ? null : { device: "cpu", bytes: limit };
}

/**
 * Makes batches on the processor small enough for a process that may take so much, until the engine is closed; a GPU has a
 * limit of its own.
 *
 * @param bytes of the whole process; null lifts the limit
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { limitMemory, memoryBudget } from "./memory_budget.ts";
 *
 * {
 *   using _engine = await openTensorFlow({ device: "cpu" });
 *   limitMemory(2e9);
 * }
 * using _other = await openTensorFlow({ device: "cpu" });
 * assertEquals(memoryBudget(), null);
 * ```
 */
export function limitMemory(bytes: number | null): void {
  currentEngine().memoryLimit = bytes;
}
