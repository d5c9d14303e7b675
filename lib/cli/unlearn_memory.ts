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
import { LASTING_WINDOWS } from "../unlearning/lasting.ts";
import { unlearningBytes } from "../unlearning/run_memory.ts";
import { type TrainedModel, trainedSizes } from "./adapter_options.ts";
import type { Context } from "./command.ts";
import { fittingValue, memoryLeft, sayMemory } from "./memory.ts";
import type { ModelContext } from "./model_folder.ts";

/** The options that decide. */
export interface UnlearnMemoryOptions extends ObjectiveOptions, TrainedModel {
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
  /** `reference` takes two rows at once, whatever is asked for. */
  compat: string;
}

/** The sets as tables have them. */
export interface UnlearnTables {
  /** The rows of the table that `select` writes. */
  forgetRows: readonly RowOf<typeof FORGET_COLUMNS>[];
  /** The rows of the table that `retain` writes. */
  retainRows: readonly RowOf<typeof RETAIN_COLUMNS>[];
}

/** What a run takes, and with how many rows at once. */
export interface UnlearnMemory {
  /** Bytes. */
  bytes: number;
  /** Rows at once: on a GPU, which has no other memory to go to, fewer than were asked for where these do not fit. */
  microBatch: number;
}

/**
 * Says what the run will take; see `sayMemory`. TensorFlow must be open.
 *
 * @throws {Error} as `trainedSizes`
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { createProgress } from "./progress.ts";
 * import { sayUnlearningMemory } from "./unlearn_memory.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * let line = "";
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal, log: (text: string) => line = text };
 * const options = { model: "embedded", method: "ga", gamma: 0, lambda: 0, alpha: 0, microBatch: 4 };
 * const row = { doc_id: "a.py", window: 0, spans: '[["KEY",3,16]]', ma: 1, mask_tokens: 12 };
 * const sets = { forgetRows: [row, row], retainRows: [] };
 * const { microBatch } = await sayUnlearningMemory({ ...options, dtype: "float32", compat: "sound" }, sets, context);
 * assertMatch(`${line}; ${microBatch}`, /^Memory: about \d\.\d GB for 4\.3 M parameters.*; 4$/);
 * ```
 */
export async function sayUnlearningMemory(
  options: UnlearnMemoryOptions,
  { forgetRows, retainRows }: UnlearnTables,
  context: ModelContext & Pick<Context, "log">,
): Promise<UnlearnMemory> {
  const sizes = await trainedSizes(options, context);
  const objective = objectiveOf(options.method, options);
  const { maxPositions } = sizes.config;
  const isKnown = retainRows.every(({ bleu4 }) => bleu4 !== null && bleu4 >= RETAIN_BLEU);
  const work = {
    objective,
    forgetRows: forgetRows.length,
    forgetTokens: Math.min(WINDOW_TOKENS, maxPositions),
    maskTokens: forgetRows.reduce((sum, { mask_tokens }) => sum + mask_tokens, 0),
    secrets: forgetRows.reduce((sum, { spans }) => sum + countSpans(spans), 0),
    retainRows: retainRows.length,
    retainTokens: Math.min(RETAIN_TOKENS, maxPositions),
    isRetained: isKnown && objective.retain !== null,
    controlSets: options.controlSets ?? 0,
    ...options.lasting && {
      training: { ...LASTING_WINDOWS, length: Math.min(LASTING_WINDOWS.length, maxPositions) },
    },
    xla: compilesUnlearning({ parameterCount: sizes.parameters, products: options.dtype }).gradients,
    gpu: gpuMemory(),
  };
  const isReference = options.compat === "reference";
  const plan = {
    sizes,
    option: "--micro-batch",
    value: isReference ? 2 : Math.min(options.microBatch, forgetRows.length),
    bytesWith: (microBatch: number) => unlearningBytes(sizes, { ...work, microBatch }),
  };
  const fitting = work.gpu === null || isReference ? plan.value : fittingValue(plan, memoryLeft()!) ?? 1;
  if (fitting < plan.value) {
    context.log(
      `The GPU has no memory for ${plan.value} rows at once: ${fitting} run at once, which changes no result`,
    );
  }
  const bytes = sayMemory(context, { ...plan, value: fitting });
  return { bytes, microBatch: fitting < plan.value ? fitting : options.microBatch };
}

/** Spans of a row, of which another reader says what is wrong. */
function countSpans(spans: string): number {
  return spans.split("[").length - 2;
}
