/**
 * The table of model families; its keys are the values of `model_type` that are known.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { gpt2 } from "./gpt2.ts";

/** Families by `model_type`. */
export const MODELS = { gpt2 } as const satisfies Record<string, Architecture>;

/**
 * The family of a `model_type`.
 *
 * @throws {RangeError} when it is not known
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => architectureOf("gpt3"), RangeError, 'Unknown model type "gpt3": expected "gpt2"');
 * ```
 */
export function architectureOf(modelType: unknown): Architecture {
  if (typeof modelType === "string" && Object.hasOwn(MODELS, modelType)) {
    return MODELS[modelType as keyof typeof MODELS];
  }
  const names = Object.keys(MODELS).map((name) => `"${name}"`);
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0];
  throw new RangeError(`Unknown model type ${JSON.stringify(modelType) ?? "undefined"}: expected ${list}`);
}
