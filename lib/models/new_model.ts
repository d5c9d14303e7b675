/**
 * Models that nobody has trained yet.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Products } from "../engine/compile.ts";
import type { Architecture, ModelConfig, Weights } from "./architecture.ts";
import { Model } from "./model.ts";

/**
 * A new model with random weights: normal with deviation 0.02, residual projections scaled, norms one, biases zero.
 *
 * @param normal draws from the standard normal distribution
 * @param products see `Model`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { architectureOf } from "./models.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const gpt2 = architectureOf("gpt2");
 * using model = newModel(gpt2, gpt2.readConfig({ n_layer: 1, n_embd: 12 }, "the example"), () => 0.5);
 * assertEquals(model.weights["transformer.wpe.weight"]!.shape, [1024, 12]);
 * ```
 */
export function newModel<C extends ModelConfig>(
  architecture: Architecture<C>,
  config: C,
  normal: () => number,
  products?: Products,
): Model {
  const weights: Record<string, tf.Tensor> = {};
  for (const [name, shape] of Object.entries(architecture.shapes(config))) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const deviation = name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * config.layers) : 0.02;
    const isNorm = shape.length === 1;
    const value = name.endsWith(".bias") ? () => 0 : isNorm ? () => 1 : () => deviation * normal();
    weights[name] = tf.tensor(Float32Array.from({ length: size }, value), shape);
  }
  return new Model({ architecture, config, weights: weights as Weights, products });
}
