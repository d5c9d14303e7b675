/**
 * Where a model's MLPs keep what they write: the last linear layer of each, a value vector for each neuron (Geva et al.,
 * "Transformer Feed-Forward Layers Are Key-Value Memories", EMNLP 2021).
 *
 * @module
 */
import type { LinearSize } from "./lora.ts";

/**
 * The last linear layer of each block's MLP, by the names of a model's `linearLayers`.
 *
 * @returns one for each block, in their order
 * @throws {RangeError} when a block has none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpt2 } from "./gpt2.ts";
 * import { linearLayers } from "./lora.ts";
 *
 * const config = gpt2.readConfig({ n_layer: 2, n_embd: 12 }, "config.json");
 * const names = ["transformer.h.0.mlp.c_proj", "transformer.h.1.mlp.c_proj"];
 * assertEquals(valueLayers(linearLayers(gpt2, config), config), names);
 * ```
 */
export function valueLayers(
  linearLayers: ReadonlyMap<string, LinearSize>,
  { layers, width }: { layers: number; width: number },
): string[] {
  const names: string[] = [];
  for (const [name, { outputs }] of linearLayers) {
    const block = /\.(\d+)\..*\bmlp\./.exec(name)?.[1];
    if (block !== undefined && outputs === width) names[Number(block)] = name; // the last one stands
  }
  for (let layer = 0; layer < layers; layer++) {
    if (names[layer] === undefined) {
      throw new RangeError(`Cannot find the MLP of layer ${layer}: it has no linear layer`);
    }
  }
  return names;
}
