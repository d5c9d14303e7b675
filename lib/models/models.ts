/**
 * The table of model families; its keys are the values of `model_type` that are known.
 *
 * @module
 */
import type { Architecture, ModelConfig } from "./architecture.ts";
import { codegen } from "./codegen.ts";
import { gpt2 } from "./gpt2.ts";
import { gptBigcode } from "./gpt_bigcode.ts";
import { gptNeox } from "./gpt_neox.ts";
import { llama } from "./llama.ts";
import { qwen2 } from "./qwen2.ts";
import { starcoder2 } from "./starcoder2.ts";

/** Families by `model_type`. */
export const MODELS = {
  codegen,
  gpt2,
  gpt_bigcode: gptBigcode,
  gpt_neox: gptNeox,
  llama,
  qwen2,
  starcoder2,
} as const satisfies Record<string, Pick<Architecture<ModelConfig>, "readConfig">>;

/** A `model_type` that is known. */
export type ModelType = keyof typeof MODELS;

/**
 * The family of a `model_type`. Of a name that is known when it is compiled the configuration's type is known too.
 *
 * @throws {RangeError} when it is not known
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => architectureOf("gpt3"), RangeError, 'Unknown model type "gpt3": expected "');
 * ```
 */
export function architectureOf<T extends ModelType>(modelType: T): (typeof MODELS)[T];
export function architectureOf(modelType: unknown): Architecture;
export function architectureOf(modelType: unknown): unknown {
  if (typeof modelType === "string" && Object.hasOwn(MODELS, modelType)) {
    return MODELS[modelType as ModelType];
  }
  const names = Object.keys(MODELS).map((name) => `"${name}"`);
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0];
  throw new RangeError(`Unknown model type ${JSON.stringify(modelType) ?? "undefined"}: expected ${list}`);
}
