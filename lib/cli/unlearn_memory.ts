/**
 * What `unlearn` will take of memory, by its options and sets, and how many rows at once fit on a GPU.
 *
 * @module
 */
import type { FORGET_COLUMNS, RETAIN_COLUMNS } from "../datasets/columns.ts";
import { RETAIN_TOKENS, WINDOW_TOKENS } from "../datasets/token_counts.ts";
import type { RowOf } from "../datasets/row_table.ts";
import type { Products } from "../engine/compile.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import { compilesUnlearning } from "../engine/xla_policy.ts";
import { RETAIN_BLEU } from "../evaluation/retain_set.ts";
import { objectiveOf, type ObjectiveOptions } from "../unlearning/objectives.ts";
import type { Compat } from "../unlearning/early_stop.ts";
import { LASTING_WINDOWS } from "../unlearning/lasting.ts";
import type { OptimizerName } from "../training/step_memory.ts";
import { unlearningBytes } from "../unlearning/run_memory.ts";
import { type TrainedModel, trainedSizes } from "./adapter_options.ts";
import type { CommandResult, Context } from "./command.ts";
import { type GivenDevices, onEach, readHosts } from "./devices_option.ts";
import { formatTable } from "./console.ts";
import { fitMemory, gigabytes, memoryCell, memoryLeft, type MemoryPlan } from "./memory.ts";
import type { ModelContext } from "./model_folder.ts";
import { referenceSizes } from "./reference_model.ts";

/** The options that decide. */
export interface UnlearnMemoryOptions extends ObjectiveOptions, TrainedModel, GivenDevices {
  /** The method's name. */
  method: string;
  /** What products are computed in. */
  dtype: Products;
  /** Rows at once. */
  microBatch: number;
  /** Sets of made-up values in the secrets' places. Default 0. */
  controlSets?: number;
  /** Whether the model is trained between epochs. */
  lasting?: boolean;
  /** Whether layers are computed again for their gradients. Default false. */
  checkpointLayers?: boolean;
  /** How the optimizer's moments are stored. Default "adam". */
  optimizer?: OptimizerName;
  /** Another model that divergences are measured from, as `--reference` names it. */
  reference?: string | undefined;
  /** `reference` takes two rows at once, whatever is asked for or fits. */
  compat: Compat;
}

/** The sets as tables have them. */
export interface UnlearnTables {
  /** The rows of the table that `select` writes. */
  forgetRows: readonly RowOf<typeof FORGET_COLUMNS>[];
  /** The rows of the table that `retain` writes. */
  retainRows: readonly RowOf<typeof RETAIN_COLUMNS>[];
}

/** The reference's means are of two rows, however few are asked for. */
const PAIRS = { value: 2, reason: "--compat reference takes two rows at once" };

/** What a run takes, and with how many rows at once. */
export interface UnlearnMemory {
  /** Bytes. */
  bytes: number;
  /** Rows at once: fewer than were asked for where these do not fit. */
  microBatch: number;
  /** The fewest rows at once. */
  least: number;
  /** What scores are to be sized for, see `limitMemory`; undefined where they may be as is fastest. */
  limit: number | undefined;
}

/**
 * What the run will take by its micro-batch. TensorFlow must be open; nothing is loaded.
 *
 * @param context.limit bytes that scores are sized for. Default: as is fastest
 * @throws {Error} as `trainedSizes`
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { unlearningPlan } from "./unlearn_memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const row = { doc_id: "a.py", window: 0, spans: '[["KEY",3,16]]', ma: 1, mask_tokens: 12 };
 * const options = { model: "embedded", method: "ga", gamma: 0, lambda: 0, alpha: 0, microBatch: 4, compat: "sound" };
 * const sets = { forgetRows: [row, row], retainRows: [] };
 * const bytesOf = async (checkpointLayers: boolean) =>
 *   (await unlearningPlan({ ...options, dtype: "float32", checkpointLayers }, sets, context)).bytesWith(2);
 * assert(await bytesOf(true) < await bytesOf(false));
 * ```
 */
export async function unlearningPlan(
  options: UnlearnMemoryOptions,
  { forgetRows, retainRows }: UnlearnTables,
  { limit, ...context }: ModelContext & { limit?: number | undefined },
): Promise<MemoryPlan> {
  const sizes = await trainedSizes(options, context);
  const reference = await referenceSizes(options, context);
  const objective = objectiveOf(options.method, options);
  const { maxPositions } = sizes.config;
  const isKnown = retainRows.every(({ bleu4 }) => bleu4 !== null && bleu4 >= RETAIN_BLEU);
  const { dtype: products, checkpointLayers: recomputesLayers, optimizer, devices } = options;
  const hosts = readHosts(options.hosts).length;
  const isPaired = options.compat === "reference";
  const work = {
    ...{ objective, recomputesLayers, optimizer, devices, hosts, reference },
    forgetRows: isPaired ? Math.max(PAIRS.value, forgetRows.length) : forgetRows.length, // one is filled up
    forgetTokens: Math.min(WINDOW_TOKENS, maxPositions),
    maskTokens: forgetRows.reduce((sum, { mask_tokens }) => sum + mask_tokens, 0),
    rowMaskTokens: forgetRows.map(({ mask_tokens }) => mask_tokens),
    secrets: forgetRows.reduce((sum, { spans }) => sum + countSpans(spans), 0),
    retainRows: retainRows.length,
    retainTokens: Math.min(RETAIN_TOKENS, maxPositions),
    isRetained: isKnown && objective.retain !== null,
    controlSets: options.controlSets ?? 0,
    ...options.lasting && {
      training: { ...LASTING_WINDOWS, length: Math.min(LASTING_WINDOWS.length, maxPositions) },
    },
    xla: compilesUnlearning({ parameterCount: sizes.parameters, products, recomputesLayers }).gradients,
    gpu: gpuMemory(),
    limit,
  };
  return {
    sizes,
    option: "--micro-batch",
    value: isPaired ? PAIRS.value : Math.min(options.microBatch, forgetRows.length),
    ...isPaired && { least: PAIRS },
    bytesWith: (microBatch) => unlearningBytes(sizes, { ...work, microBatch }),
  };
}

/**
 * `unlearn --plan`: what the run takes by its micro-batch, with and without `--checkpoint-layers`, and what fits.
 *
 * @param limit bytes that the run may take. Default: what is free
 * @throws {Error} as `unlearningPlan`
 *
 * @example
 * ```ts
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { planUnlearning } from "./unlearn_memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const row = { doc_id: "a.py", window: 0, spans: '[["KEY",3,16]]', ma: 1, mask_tokens: 12 };
 * const options = { model: "embedded", method: "ga", gamma: 0, lambda: 0, alpha: 0, microBatch: 2, compat: "sound" };
 * const sets = { forgetRows: [row, row], retainRows: [] };
 * const { text, summary } = await planUnlearning({ ...options, dtype: "float32" }, sets, { ...context, limit: 64e9 });
 * assertEquals(summary.micro_batch, 2);
 * assertStringIncludes(text!, "--checkpoint-layers");
 * ```
 */
export async function planUnlearning(
  options: UnlearnMemoryOptions,
  tables: UnlearnTables,
  { limit, ...context }: ModelContext & { limit?: number | undefined },
): Promise<CommandResult> {
  const free = limit ?? memoryLeft();
  const { plan: own, limit: sized } = await sizedPlan(options, tables, { ...context, limit });
  const { checkpointLayers = false } = options;
  const others = { ...options, checkpointLayers: !checkpointLayers };
  const other = await unlearningPlan(others, tables, { ...context, limit: sized });
  const [plain, saving] = checkpointLayers ? [other, own] : [own, other];
  const least = own.least?.value ?? 1;
  const batches: number[] = [];
  for (let batch = own.value; batch >= least; batch = Math.floor(batch / 2)) batches.push(batch);
  const fits = (bytes: number) => free === null || bytes <= free;
  const chosen = batches.find((batch) => fits(own.bytesWith(batch))) ?? null;
  const cell = (bytes: number) => memoryCell(bytes, free);
  const table = formatTable(
    ["--micro-batch", "memory", "with --checkpoint-layers"],
    batches.map((batch) => [batch, cell(plain.bytesWith(batch)), cell(saving.bytesWith(batch))]),
  );
  const rest = free === null ? "" : ` of the ${gigabytes(free)} that there are`;
  const verdict = chosen === null
    ? `It does not fit: with --micro-batch ${least} it takes about ${gigabytes(own.bytesWith(least))}${rest}`
    : `It takes --micro-batch ${chosen}: about ${gigabytes(own.bytesWith(chosen))}${rest}`;
  const numbers = own.sizes.trained ?? own.sizes.parameters;
  return {
    text: [table, `${verdict}${onEach(options.devices)}; ${(numbers / 1e6).toFixed(1)} M numbers are trained`]
      .join("\n\n"),
    summary: {
      ...{ plan: true, micro_batch: chosen, free_bytes: free },
      memory_bytes: Math.round(own.bytesWith(chosen ?? least)),
    },
  };
}

/**
 * The micro-batch with which the run fits into memory, and what it takes then; says so in a line. TensorFlow must be open.
 *
 * @param limit bytes that the run may take. Default: what is free
 * @throws {RangeError} as `fitMemory`; {Error} as `unlearningPlan`
 *
 * @example
 * ```ts
 * import { assertEquals, assertMatch } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { fitUnlearning } from "./unlearn_memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * let line = "";
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal, log: (text: string) => line = text };
 * const options = { model: "embedded", method: "ga", gamma: 0, lambda: 0, alpha: 0, microBatch: 2, compat: "sound" };
 * const row = { doc_id: "a.py", window: 0, spans: '[["KEY",3,16]]', ma: 1, mask_tokens: 12 };
 * const sets = { forgetRows: [row, row], retainRows: [] };
 * const { microBatch } = await fitUnlearning({ ...options, dtype: "float32" }, sets, { ...context, limit: 64e9 });
 * assertEquals(microBatch, 2);
 * assertMatch(line, /^Memory: about \d\.\d GB for 4\.3 M parameters/);
 * ```
 */
export async function fitUnlearning(
  options: UnlearnMemoryOptions,
  tables: UnlearnTables,
  { limit, ...context }: ModelContext & Pick<Context, "log"> & { limit?: number | undefined },
): Promise<UnlearnMemory> {
  const { plan, limit: sized } = await sizedPlan(options, tables, { ...context, limit });
  const { value, bytes } = fitMemory(context, plan, limit);
  return { microBatch: value, least: plan.least?.value ?? 1, bytes, limit: sized };
}

/** The plan with scores as is fastest; within a limit, or where the run would take more than is free, sized for that. */
async function sizedPlan(
  options: UnlearnMemoryOptions,
  tables: UnlearnTables,
  { limit, ...context }: ModelContext & { limit?: number | undefined },
): Promise<{ plan: MemoryPlan; limit: number | undefined }> {
  const plan = await unlearningPlan(options, tables, { ...context, limit });
  const free = memoryLeft();
  if (limit !== undefined || free === null || plan.bytesWith(plan.value) <= free) return { plan, limit };
  return { plan: await unlearningPlan(options, tables, { ...context, limit: free }), limit: free };
}

/** Spans of a row, of which another reader says what is wrong. */
function countSpans(spans: string): number {
  return spans.split("[").length - 2;
}
