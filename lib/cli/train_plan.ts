/**
 * What `train` will take of memory, before anything is loaded.
 *
 * @module
 */
import { gpuMemory } from "../engine/cpu_features.ts";
import { type OptimizerName, type StepRows, trainingBytes } from "../training/step_memory.ts";
import type { CommandResult } from "./command.ts";
import { type GivenDevices, onEach, readHosts } from "./devices_option.ts";
import { formatTable } from "./console.ts";
import { gigabytes, memoryCell, memoryLeft } from "./memory.ts";
import type { ModelContext } from "./model_folder.ts";
import { learnsTokenizer, type StartOptions, startSizes } from "./train_start.ts";

/** The options that decide. */
export interface TrainPlanOptions extends StartOptions, GivenDevices {
  /** The corpus; the embedded one has a tokenizer. */
  corpus: string;
  /** Windows an update. */
  batch: number;
  /** Tokens a window. */
  length: number;
  /** How the moments are stored. */
  optimizer: OptimizerName;
}

/**
 * `train --plan`: what a training takes, with and without `--checkpoint-layers`.
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
  { batch: rows, length, optimizer, devices, hosts, ...start }: TrainPlanOptions,
  { limit, ...context }: ModelContext & { limit?: number | undefined },
): Promise<CommandResult> {
  const sizes = await startSizes(start, context);
  const learns = start.corpus !== "embedded" && learnsTokenizer(start, {});
  const bytesWith = (step: Pick<StepRows, "recomputesLayers">) =>
    Math.round(
      trainingBytes(sizes, {
        ...{ rows, length, optimizer, devices, learnsTokenizer: learns, gpu: gpuMemory() },
        hosts: readHosts(hosts).length,
        ...step,
      }),
    );
  const [plain, saving] = [bytesWith({}), bytesWith({ recomputesLayers: true })];
  const free = limit ?? memoryLeft();
  const table = formatTable(["--batch", "memory", "with --checkpoint-layers"], [[
    rows,
    memoryCell(plain, free),
    memoryCell(saving, free),
  ]]);
  return {
    text: free === null ? table : `${table}\n\nThere are ${gigabytes(free)}${onEach(devices)}`,
    summary: { plan: true, memory_bytes: plain, checkpoint_layers_bytes: saving, free_bytes: free },
  };
}
