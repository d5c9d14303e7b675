/**
 * What `train` will take of memory, before anything is loaded, and how many windows at once fit into a limit.
 *
 * @module
 */
import { gpuMemory } from "../engine/cpu_features.ts";
import { type OptimizerName, type StepRows, trainingBytes } from "../training/step_memory.ts";
import type { CommandResult, Context } from "./command.ts";
import { type GivenDevices, onEach, readHosts } from "./devices_option.ts";
import { formatTable } from "./console.ts";
import {
  fitMemory,
  fittingValue,
  gigabytes,
  memoryCell,
  memoryLeft,
  type MemoryPlan,
  sayMemory,
} from "./memory.ts";
import type { ModelContext } from "./model_folder.ts";
import { learnsTokenizer, type StartOptions, startSizes } from "./train_start.ts";

/** The options that decide. */
export interface TrainPlanOptions extends StartOptions, GivenDevices {
  /** The corpus; the embedded one has a tokenizer. */
  corpus: string;
  /** Windows an update. */
  batch: number;
  /** Windows at once on each device. Default: all that it has. */
  microBatch?: number | undefined;
  /** Tokens a window. */
  length: number;
  /** How the moments are stored. */
  optimizer: OptimizerName;
  /** Whether layers are computed again for their gradients. Default false. */
  checkpointLayers?: boolean;
}

/** What a training takes by its windows at once. */
async function trainingPlan(
  { batch: rows, microBatch, length, optimizer, devices, hosts, checkpointLayers, ...start }:
    TrainPlanOptions,
  context: ModelContext,
): Promise<
  MemoryPlan & { bytesOf: (step: Pick<StepRows, "recomputesLayers"> & { microBatch: number }) => number }
> {
  const sizes = await startSizes(start, context);
  const learns = start.corpus !== "embedded" && learnsTokenizer(start, {});
  const machines = readHosts(hosts).length;
  const each = Math.ceil(rows / ((devices ?? 1) + machines));
  const bytesOf: Awaited<ReturnType<typeof trainingPlan>>["bytesOf"] = (step) =>
    trainingBytes(sizes, {
      ...{ rows, length, optimizer, devices, hosts: machines },
      ...{ learnsTokenizer: learns, gpu: gpuMemory(), ...step },
    });
  return {
    ...{ sizes, option: "--micro-batch", value: Math.min(microBatch ?? each, each), bytesOf },
    bytesWith: (value) => bytesOf({ microBatch: value, recomputesLayers: checkpointLayers }),
  };
}

/**
 * The windows at once with which a training fits into a limit, and what it takes then; without a limit all that it was asked
 * for. Says so in a line. TensorFlow must be open.
 *
 * @param limit bytes that it may take
 * @throws {RangeError} as `fitMemory`; {Error} as `startSizes`
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { fitTraining } from "./train_plan.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal, log: () => {} };
 * const start = { model: "embedded", tokenizer: undefined, dtype: "float32", vocabulary: 0, layers: 0, width: 0, heads: 0, positions: 0 };
 * const options = { ...start, corpus: "embedded", batch: 8, length: 512, optimizer: "adam" } as const;
 * assertEquals((await fitTraining(options, { ...context, limit: 64e9 })).microBatch, 8);
 * assertEquals((await fitTraining(options, { ...context, limit: 1.2e9 })).microBatch, 2);
 * await assertRejects(() => fitTraining(options, { ...context, limit: 5e8 }), RangeError, "Cannot run within 0.5 GB");
 * ```
 */
export async function fitTraining(
  options: TrainPlanOptions,
  { limit, ...context }: ModelContext & Pick<Context, "log"> & { limit?: number | undefined },
): Promise<{ microBatch: number; bytes: number }> {
  const plan = await trainingPlan(options, context);
  if (limit === undefined) return { microBatch: plan.value, bytes: sayMemory(context, plan) };
  const { value, bytes } = fitMemory(context, plan, limit);
  return { microBatch: value, bytes };
}

/**
 * `train --plan`: what a training takes by its windows at once, with and without `--checkpoint-layers`.
 *
 * @param limit bytes that it may take. Default: what is free
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { planTraining } from "./train_plan.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const start = { model: "embedded", tokenizer: undefined, dtype: "float32", vocabulary: 0, layers: 0, width: 0, heads: 0, positions: 0 };
 * const { summary } = await planTraining({ ...start, corpus: "embedded", batch: 8, length: 512, optimizer: "adam" }, context);
 * assert(Number(summary.checkpoint_layers_bytes) < Number(summary.memory_bytes));
 * ```
 */
export async function planTraining(
  options: TrainPlanOptions,
  { limit, ...context }: ModelContext & { limit?: number | undefined },
): Promise<CommandResult> {
  const { bytesOf, ...plan } = await trainingPlan(options, context);
  const free = limit ?? memoryLeft();
  const batches: number[] = [];
  for (let batch = plan.value; batch >= 1; batch = Math.floor(batch / 2)) batches.push(batch);
  const bytesWith = (microBatch: number, recomputesLayers: boolean) =>
    Math.round(bytesOf({ microBatch, recomputesLayers }));
  const table = formatTable(
    ["--micro-batch", "memory", "with --checkpoint-layers"],
    batches.map((batch) => [
      batch,
      memoryCell(bytesWith(batch, false), free),
      memoryCell(bytesWith(batch, true), free),
    ]),
  );
  const fitting = free === null ? plan.value : fittingValue(plan, free);
  const least = Math.round(plan.bytesWith(fitting ?? 1));
  const rest = free === null ? "" : ` of the ${gigabytes(free)} that there are`;
  const verdict = fitting === null
    ? `It does not fit: with --micro-batch 1 it takes about ${gigabytes(least)}${rest}`
    : `It fits with --micro-batch ${fitting}: about ${gigabytes(least)}${rest}`;
  return {
    text: `${table}\n\n${verdict}${onEach(options.devices)}`,
    summary: {
      ...{ plan: true, micro_batch: fitting, memory_bytes: bytesWith(plan.value, false) },
      checkpoint_layers_bytes: bytesWith(plan.value, true),
      free_bytes: free,
    },
  };
}
