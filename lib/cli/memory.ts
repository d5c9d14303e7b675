/**
 * Memory said before a run: what it will take, by the sizes of the model and of what it works on, beside what the machine
 * or its control group (a container's, a job's) has left, or the GPU that computes, so that nobody waits an hour for a
 * process that is killed.
 *
 * @module
 */
import { gpuMemory } from "../engine/cpu_features.ts";
import { freeMemory } from "../engine/free_memory.ts";
import { readConfig } from "../checkpoints/load.ts";
import { type ModelSizes, sizesOf } from "../training/step_memory.ts";
import type { Context } from "./command.ts";

/** What a run needs, and what makes that less. */
export interface MemoryPlan {
  /** The model. */
  sizes: ModelSizes;
  /** The option to lower, as `--micro-batch`. */
  option: string;
  /** Its value. */
  value: number;
  /** The least that it may be, and why no less. Default 1. */
  least?: { value: number; reason: string };
  /** Bytes with a value of the option. */
  bytesWith: (value: number) => number;
}

/**
 * What a run may take: of a GPU what TensorFlow was given of it, else what is free, and what this process has already.
 *
 * @returns bytes; null where the system does not tell
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { memoryLeft } from "./memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assert(memoryLeft()! > Deno.memoryUsage().rss);
 * ```
 */
export function memoryLeft(): number | null {
  const gpu = gpuMemory();
  if (gpu !== null) return gpu;
  const free = freeMemory();
  return free === null ? null : free + Deno.memoryUsage().rss;
}

/**
 * Says in a line what a run will take, and where that is too much what to lower.
 *
 * @param limit bytes that the run may take. Default: what is free
 * @returns the bytes
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { sayMemory } from "./memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const config = { layers: 1, width: 8, headWidth: 8, cacheHeads: 1, vocabularySize: 257, maxPositions: 16 };
 * const plan = { sizes: { parameters: 3e6, config }, option: "--batch", value: 8, bytesWith: () => 2 ** 30 };
 * let line = "";
 * sayMemory({ log: (text) => line = text }, plan);
 * assertMatch(line, /^Memory: about 1\.1 GB for 3\.0 M parameters, \d+\.\d GB are free/);
 * ```
 */
export function sayMemory({ log }: Pick<Context, "log">, plan: MemoryPlan, limit?: number): number {
  const free = limit ?? memoryLeft();
  if (free !== null) log(describeMemory(plan, free));
  return Math.round(plan.bytesWith(plan.value));
}

/**
 * The largest value of the option, halved from what was asked for, with which the run fits into memory; says in a line what
 * it will take.
 *
 * @param limit bytes that the run may take. Default: what is free
 * @returns the value and its bytes
 * @throws {RangeError} when not even the least value fits into a limit that was given
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { fitMemory } from "./memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const config = { layers: 1, width: 8, headWidth: 8, cacheHeads: 1, vocabularySize: 257, maxPositions: 16 };
 * const bytesWith = (value: number) => (2 + value) * 1e9;
 * const plan = { sizes: { parameters: 3e6, config }, option: "--micro-batch", value: 8, bytesWith };
 * assertEquals(fitMemory({ log: () => {} }, plan, 5e9), { value: 2, bytes: 4e9 });
 * const message = "Cannot run within 2.5 GB: with --micro-batch 1 it takes about 3.0 GB";
 * assertThrows(() => fitMemory({ log: () => {} }, plan, 2.5e9), RangeError, message);
 * ```
 */
export function fitMemory(
  { log }: Pick<Context, "log">,
  plan: MemoryPlan,
  limit?: number,
): { value: number; bytes: number } {
  const { option, value: asked, bytesWith } = plan;
  const free = limit ?? memoryLeft();
  if (free === null) return { value: asked, bytes: Math.round(bytesWith(asked)) };
  const fitting = fittingValue(plan, free);
  const value = fitting ?? leastOf(plan);
  const bytes = Math.round(bytesWith(value));
  if (fitting !== null) {
    const line = needLine(bytes, plan.sizes, free);
    log(
      value === asked
        ? line
        : `${line}: with ${option} ${value}, as ${asked} would take ${gigabytes(bytesWith(asked))}`,
    );
  } else if (limit === undefined) log(describeMemory(plan, free));
  else {
    throw new RangeError(
      `Cannot run within ${gigabytes(limit)}: with ${sayLeast(plan)} it takes about ${gigabytes(bytes)}: ` +
        "give more --memory, or --checkpoint-layers or --lora",
    );
  }
  return { value, bytes };
}

/** The least value of a plan's option. */
function leastOf({ value, least }: Pick<MemoryPlan, "value" | "least">): number {
  return Math.min(value, least?.value ?? 1);
}

/** The option with its least value, why that is no less, and what it takes. */
function sayLeast({ option, least, value }: MemoryPlan, needed?: string): string {
  const notes = [least?.reason, needed].filter((note) => note !== undefined);
  return `${option} ${leastOf({ value, least })}${notes.length > 0 ? ` (${notes.join(": ")})` : ""}`;
}

/**
 * The largest of an option's value, its half, quarter ... with which a run fits; null where it does not even with the least.
 *
 * @param free bytes
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fittingValue } from "./memory.ts";
 *
 * const plan = { value: 8, bytesWith: (value: number) => (10 + value) * 1e9 };
 * assertEquals([20e9, 15e9, 11e9, 9e9].map((free) => fittingValue(plan, free)), [8, 4, 1, null]);
 * ```
 */
export function fittingValue(
  { value, bytesWith, ...plan }: Pick<MemoryPlan, "value" | "least" | "bytesWith">,
  free: number,
): number | null {
  const least = leastOf({ value, ...plan });
  let less = value;
  while (less > least && bytesWith(less) > free) less = Math.max(least, Math.floor(less / 2));
  return bytesWith(less) <= free ? less : null;
}

/**
 * The line.
 *
 * @param free bytes
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeMemory } from "./memory.ts";
 *
 * const config = { layers: 1, width: 8, headWidth: 8, cacheHeads: 1, vocabularySize: 257, maxPositions: 16 };
 * const sizes = { parameters: 1.3e9, config };
 * const plan = { sizes, option: "--micro-batch", value: 8, bytesWith: (value: number) => (20 + value) * 1e9 };
 * assertEquals(describeMemory(plan, 32e9), "Memory: about 28.0 GB for 1.3 G parameters, 32.0 GB are free");
 * assertEquals(describeMemory(plan, 25e9).split(": ").at(-1), "probably too little, try --micro-batch 4");
 * assertEquals(
 *   describeMemory(plan, 9e9).split(": ").at(-1),
 *   "probably too little even with --micro-batch 1 (21.0 GB), take a smaller model or a larger machine",
 * );
 * ```
 */
export function describeMemory(plan: MemoryPlan, free: number): string {
  const { sizes, option, value, bytesWith } = plan;
  const line = needLine(bytesWith(value), sizes, free);
  const less = fittingValue(plan, free);
  if (less === value) return line;
  return less !== null
    ? `${line}: probably too little, try ${option} ${less}`
    : `${line}: probably too little even with ${sayLeast(plan, gigabytes(bytesWith(leastOf(plan))))}, ` +
      "take a smaller model or a larger machine";
}

/**
 * The line where no option would make it less.
 *
 * @param free bytes; null where the system does not tell
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeNeed } from "./memory.ts";
 *
 * assertEquals(describeNeed(9e9, { parameters: 2e9 }, 32e9), "Memory: about 9.0 GB for 2.0 G parameters, 32.0 GB are free");
 * assertEquals(describeNeed(9e9, { parameters: 2e9 }, 8e9).split(": ")[2], "probably too little, take a smaller model or a larger machine");
 * ```
 */
export function describeNeed(
  bytes: number,
  sizes: Pick<ModelSizes, "parameters">,
  free: number | null,
): string {
  if (free === null) return `Memory: about ${gigabytes(bytes)}`;
  const line = needLine(bytes, sizes, free);
  return bytes <= free ? line : `${line}: probably too little, take a smaller model or a larger machine`;
}

function needLine(bytes: number, { parameters }: Pick<ModelSizes, "parameters">, free: number): string {
  const size = parameters >= 1e9
    ? `${(parameters / 1e9).toFixed(1)} G`
    : `${(parameters / 1e6).toFixed(1)} M`;
  return `Memory: about ${gigabytes(bytes)} for ${size} parameters, ${gigabytes(free)} are free`;
}

/**
 * Bytes as people say them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(gigabytes(1.25e9), "1.3 GB");
 * ```
 */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * Bytes in a table of what fits.
 *
 * @param free bytes that there are; null where the system does not tell
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryCell } from "./memory.ts";
 *
 * assertEquals([memoryCell(2e9, 3e9), memoryCell(4e9, 3e9)], ["2.0 GB", "4.0 GB (too much)"]);
 * ```
 */
export function memoryCell(bytes: number, free: number | null): string {
  return `${gigabytes(bytes)}${free !== null && bytes > free ? " (too much)" : ""}`;
}

/**
 * The sizes of a model that is there, by its configuration alone.
 *
 * @throws {Error} as `readConfig`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { modelSizes } from "./memory.ts";
 *
 * assertEquals((await modelSizes("embedded")).parameters, 4_339_200);
 * ```
 */
export async function modelSizes(folder: string): Promise<ModelSizes> {
  const { architecture, config } = await readConfig(folder);
  return sizesOf(config, architecture.shapes(config));
}
