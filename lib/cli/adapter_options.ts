/**
 * The options about adapters: `--adapter` beside `--model` for every command that looks into one model, and what `train` and
 * `unlearn` take to train a new adapter, or one that exists, in place of the weights.
 *
 * @module
 */
import { adapterSize } from "../checkpoints/adapter.ts";
import type { LoadOptions } from "../checkpoints/load.ts";
import type { Products } from "../engine/compile.ts";
import { readConfig } from "../checkpoints/load.ts";
import { checkLora, linearLayers, LORA_DEFAULTS, type NewLora, targetLayers } from "../models/lora.ts";
import { reasonOf } from "../files/reason.ts";
import { type ModelSizes, weightBytesOf } from "../training/step_memory.ts";
import { type OptionSpec, UsageError } from "./command.ts";
import { modelSizes } from "./memory.ts";
import { MODEL_OPTION, type ModelContext, modelFolder, modelInput } from "./model_folder.ts";
import type { RunInput } from "./run_record.ts";

/** The option that names an adapter. */
export const ADAPTER_OPTION = {
  kind: "path",
  describe: "adapter that was made for --model, in peft's form",
  metavar: "DIR",
} as const satisfies OptionSpec;

/** The options that name a model, for commands that look into it. */
export const MODEL_OPTIONS = { model: MODEL_OPTION, adapter: ADAPTER_OPTION } as const;

const { rank, alpha, dropout, targets } = LORA_DEFAULTS;

/** The options of commands that train. */
export const LORA_OPTIONS = {
  lora: {
    kind: "string",
    describe: "train a new adapter in place of the weights; what is not named is as in " +
      `r=${rank},alpha=${alpha},dropout=${dropout},targets=${targets}; targets are attention, mlp, all or a regular expression`,
    metavar: "r=N,...",
  },
  adapter: { ...ADAPTER_OPTION, describe: `${ADAPTER_OPTION.describe}: it is trained on` },
  merge: { kind: "flag", describe: "write the model with its adapter merged in, in place of the adapter" },
} as const satisfies Record<string, OptionSpec>;

/** The options of commands that train a model that exists. */
export const TRAINED_MODEL_OPTIONS = { model: MODEL_OPTION, ...LORA_OPTIONS } as const;

/** What names a model: itself, and an adapter for it. */
export interface NamedModel {
  /** As `--model` names it. */
  model: string;
  /** The folder that `--adapter` names. */
  adapter?: string | undefined;
}

/** What says how a model is trained: all of it, or an adapter. */
export interface TrainedModel extends NamedModel {
  /** As `--lora` says it. */
  lora?: string | undefined;
  /** Whether the adapter is to be merged in. */
  merge?: boolean;
}

/**
 * A model and its adapter as a run's inputs.
 *
 * @throws {Error} as `modelInput`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { modelInputs } from "./adapter_options.ts";
 *
 * const context = { cwd: "/models", progress: createProgress(), signal: new AbortController().signal };
 * const { adapter } = await modelInputs({ model: "embedded", adapter: "/a" }, context);
 * assertEquals(adapter, { path: "/a", isFlat: true });
 * ```
 */
export async function modelInputs(
  { model, adapter }: NamedModel,
  context: ModelContext,
): Promise<{ model: RunInput; adapter: RunInput | undefined }> {
  return { model: await modelInput(model, context), ...adapterInput(adapter) };
}

/**
 * An adapter as a run's input.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adapterInput } from "./adapter_options.ts";
 *
 * assertEquals(adapterInput(undefined), { adapter: undefined });
 * ```
 */
export function adapterInput(adapter: string | undefined): { adapter: RunInput | undefined } {
  return { adapter: adapter === undefined ? undefined : { path: adapter, isFlat: true } };
}

/**
 * What `--lora` asks for.
 *
 * @throws {UsageError} when it cannot be read, or no adapter can be like that
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { UsageError } from "./command.ts";
 * import { parseLora } from "./adapter_options.ts";
 *
 * assertEquals(parseLora("r=8,targets=q_proj|v_proj"), { rank: 8, alpha: 32, dropout: 0.1, targets: "q_proj|v_proj" });
 * const message = 'Cannot read --lora "r=0": r is 0: expected a whole number of at least 1';
 * assertThrows(() => parseLora("r=0"), UsageError, message);
 * ```
 */
export function parseLora(text: string): Omit<NewLora, "seed"> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new UsageError(`Cannot read --lora ${JSON.stringify(text)}: ${what}`, { cause });
  };
  const lora = { ...LORA_DEFAULTS };
  const numbers = { r: "rank", alpha: "alpha", dropout: "dropout" } as const;
  const [, others = "", targets] = /^(.*?)(?:(?:^|,)targets=(.*))?$/s.exec(text)!; // a regular expression may have commas
  if (targets !== undefined) lora.targets = targets;
  for (const part of others === "" && targets !== undefined ? [] : others.split(",")) {
    const [, name, value] = /^(\w+)=(.+)$/.exec(part) ?? [];
    if (name === undefined || !Object.hasOwn(numbers, name)) {
      refuse(`${JSON.stringify(part)} is none of r=N, alpha=X, dropout=X and, at the end, targets=T`);
    }
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value!) ? Number(value) : NaN;
    if (Number.isNaN(number)) refuse(`${name} is ${JSON.stringify(value)}: expected a number`);
    lora[numbers[name as keyof typeof numbers]] = number;
  }
  try {
    checkLora(lora);
  } catch (cause) {
    refuse(reasonOf(cause).replace("Cannot make an adapter: ", ""), cause);
  }
  return lora;
}

/**
 * How to load a model that is to be trained: an adapter alone where one is asked for, else all of it.
 *
 * @param seed draws a new adapter's start
 * @throws {UsageError} for a new adapter beside one that exists, and for merging without either
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { trainedOptions } from "./adapter_options.ts";
 *
 * assertEquals(trainedOptions({ model: "m" }, 1), { trainable: true });
 * assertEquals(trainedOptions({ model: "m", lora: "r=8" }, 1).lora?.rank, 8);
 * assertEquals(trainedOptions({ model: "m", adapter: "/a" }, 1).trainsAdapter, true);
 * assertThrows(() => trainedOptions({ model: "m", adapter: "/a", lora: "r=8" }, 1), Error, "either --lora or --adapter");
 * ```
 */
export function trainedOptions(
  { lora, adapter, merge }: Omit<TrainedModel, "model">,
  seed: number,
): LoadOptions {
  if (lora !== undefined && adapter !== undefined) {
    throw new UsageError(
      "Give either --lora or --adapter: an adapter that exists has its own rank and targets",
    );
  }
  if (lora !== undefined) return { trainable: true, lora: { ...parseLora(lora), seed } };
  if (adapter !== undefined) return { trainable: true, adapter, trainsAdapter: true };
  if (merge) throw new UsageError("--merge is about an adapter: it needs --lora or --adapter");
  return { trainable: true };
}

/**
 * The sizes of a model that is to be trained, by its configuration and the adapter's alone.
 *
 * @param dtype of products: with bfloat16 the weights beside an adapter take half. Default "float32"
 * @throws {Error} as `readConfig`; {RangeError} when a new adapter's targets match no layer; as `readAdapter` where one
 * exists
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { trainedSizes } from "./adapter_options.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const lora = { model: "embedded", lora: "r=2,targets=c_fc", dtype: "bfloat16" } as const;
 * const { parameters, trained, weightBytes } = await trainedSizes(lora, context);
 * assertEquals([parameters, trained, weightBytes], [4_339_200, 4 * 2 * (256 + 1024), 2]);
 * ```
 */
export async function trainedSizes(
  { model, lora, adapter, dtype = "float32" }: TrainedModel & { dtype?: Products },
  context: ModelContext,
): Promise<ModelSizes> {
  const folder = await modelFolder(model, context);
  const whole = await modelSizes(folder);
  if (lora === undefined && adapter === undefined) return whole;
  const sizes = { ...whole, weightBytes: weightBytesOf(dtype) };
  const { architecture, config } = await readConfig(folder);
  const layers = linearLayers(architecture, config);
  if (adapter !== undefined) {
    return { ...sizes, trained: await adapterSize(adapter, { layers, name: folder }) };
  }
  const { rank, targets } = parseLora(lora!);
  const chosen = targetLayers(layers, targets, folder);
  const trained = chosen.reduce((sum, [, { inputs, outputs }]) => sum + rank * (inputs + outputs), 0);
  return { ...sizes, trained };
}
