/**
 * A family's maths over one model's weights.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, LayerInputs, ModelConfig, Weights } from "./architecture.ts";
import { type RopeAngles, ropeAngles } from "./rope.ts";

/** The functions of `Architecture`, but for the weights and sizes. */
export interface BoundFamily {
  angles: (positions: Tensor) => RopeAngles | null;
  embed: (ids: Tensor, positions: Tensor) => Tensor;
  block: (x: Tensor, inputs: LayerInputs) => Tensor;
  afterMlp: (x: Tensor, layer: number) => Tensor;
  norm: (x: Tensor) => Tensor;
  logits: (hidden: Tensor) => Tensor;
}

/**
 * The family's functions with one model's weights and sizes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { bindFamily } from "./bind_family.ts";
 * import { gpt2 } from "./gpt2.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const { weights, config } = loaded.model;
 * assertEquals(bindFamily({ architecture: gpt2, weights, config }).angles(weights["transformer.wpe.weight"]!), null);
 * ```
 */
export function bindFamily<C extends ModelConfig>(
  { architecture, weights, config }: { architecture: Architecture<C>; weights: Weights; config: C },
): BoundFamily {
  const rope = architecture.rope?.(config);
  return {
    angles: (positions) => rope ? ropeAngles(positions, rope) : null,
    embed: (ids, positions) => architecture.embed(weights, config, ids, positions),
    block: (x, inputs) => architecture.block(weights, config, x, inputs),
    afterMlp: (x, layer) => architecture.afterMlp?.(weights, config, x, layer) ?? x,
    norm: (x) => architecture.norm(weights, config, x),
    logits: (hidden) => architecture.logits(weights, config, hidden),
  };
}
