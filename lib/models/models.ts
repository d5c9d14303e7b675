/**
 * The table of model families; its keys are the values of `model_type` that are known.
 *
 * @module
 */
import type { Architecture, ModelConfig } from "./architecture.ts";
import { codegen } from "./codegen.ts";
import { gemma } from "./gemma.ts";
import { gpt2 } from "./gpt2.ts";
import { gptBigcode } from "./gpt_bigcode.ts";
import { gptNeo } from "./gpt_neo.ts";
import { gptNeox } from "./gpt_neox.ts";
import { gptj } from "./gptj.ts";
import { granite } from "./granite.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { olmo2 } from "./olmo2.ts";
import { phi } from "./phi.ts";
import { phi3 } from "./phi3.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { stablelm } from "./stablelm.ts";
import { starcoder2 } from "./starcoder2.ts";

/** Families by `model_type`. */
export const MODELS = {
  codegen,
  gemma,
  gpt2,
  gpt_bigcode: gptBigcode,
  gpt_neo: gptNeo,
  gpt_neox: gptNeox,
  gptj,
  granite,
  llama,
  mistral,
  olmo2,
  phi,
  phi3,
  qwen2,
  qwen3,
  stablelm,
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
