/**
 * Code language models: one file a family, each an architecture of embed, block and norm over named weights. `Model`
 * gives hidden states and logits; `/checkpoints` loads and saves, `/decoding` continues texts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { architectureOf, MODELS } from "./mod.ts";
 *
 * assertEquals(architectureOf("gpt2"), MODELS.gpt2);
 * ```
 *
 * @module
 */
export type {
  Architecture,
  AroundLayer,
  AttentionFunction,
  AttentionInputs,
  AttentionWindows,
  LayerInputs,
  LinearAdapter,
  ModelConfig,
  OwnConfig,
  Weights,
} from "./architecture.ts";
export { Adapter, type DropoutBits, type DropoutStep, type LoraOptions } from "./adapter.ts";
export { type LinearSize, LORA_DEFAULTS, type NewLora } from "./lora.ts";
export { type HiddenOptions, Model, type ModelParts } from "./model.ts";
export { architectureOf, MODELS, type ModelType } from "./models.ts";
export { type Trainable } from "./trainable.ts";
export { newModel } from "./new_model.ts";
export { NotFiniteError } from "./not_finite.ts";
