/**
 * GPT-J (transformers, modeling_gptj.py): CodeGen with queries, keys and values from products of their own.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Architecture, LayerInputs, Weights } from "./architecture.ts";
import { codegen, type CodegenConfig, readCodegenConfig } from "./codegen.ts";
import { mlp, normLayer } from "./layers.ts";
import { rotaryAttention } from "./rotary_attention.ts";

/** The GPT-J family. */
export const gptj: Architecture<CodegenConfig> = {
  ...codegen,
  className: "GPTJForCausalLM",
  readConfig: (json, file) => ({ ...readCodegenConfig(json, file), modelType: "gptj" }),
  shapes,
  isBuffer: (name) => /\.attn\.(bias|masked_bias|embed_positions)$/.test(name),
  block,
};

function shapes(config: CodegenConfig): Record<string, number[]> {
  const { width: D } = config;
  const result = codegen.shapes(config);
  for (let l = 0; l < config.layers; l++) {
    const name = `transformer.h.${l}.attn`;
    delete result[`${name}.qkv_proj.weight`];
    for (const part of ["q_proj", "k_proj", "v_proj"]) result[`${name}.${part}.weight`] = [D, D];
  }
  return result;
}

function block(weights: Weights, config: CodegenConfig, x: Tensor, inputs: LayerInputs): Tensor {
  const { activation, layerNormEpsilon: epsilon } = config;
  const h = `transformer.h.${inputs.layer}`;
  const normed = normLayer(x, { weights, name: `${h}.ln_1`, epsilon });
  const attention = { ...inputs, sizes: config, weights, pairs: "neighbours", output: "out_proj" } as const;
  const attended = rotaryAttention(`${h}.attn`, normed, attention); // [B T, D]
  const inner = mlp(normed, { weights, names: [`${h}.mlp.fc_in`, `${h}.mlp.fc_out`], activation });
  return tf.add(tf.add(attended, inner), x);
}
