/**
 * Models with random weights, made fast: numbers from one block that is repeated, so that a model of 14 gigabytes takes
 * seconds. Speed does not depend on the values; the block's length is prime, so no two rows of a matrix are alike.
 *
 * @module
 */
import { fillBfloat16Tensor, fillTensor } from "../../lib/engine/tensor_memory.ts";
import type { Products } from "../../lib/engine/compile.ts";
import type { Weights } from "../../lib/models/architecture.ts";
import { linearLayers, newAdapter, type NewLora } from "../../lib/models/lora.ts";
import { Model } from "../../lib/models/model.ts";
import { architectureOf } from "../../lib/models/models.ts";
import type { Tensor } from "@tensorflow/tfjs-core";
import { createNormal } from "../tensors.ts";

/** A model's family and config.json. */
export interface Shape {
  /** What it is called in results. */
  name: string;
  /** config.json */
  json: Record<string, unknown> & { model_type: string; vocab_size: number };
}

/** The models of the rows; `tiny` ones run the same code in a second on a processor. */
export function shapesOf(
  { tiny }: { tiny: boolean },
): Readonly<Record<"gpt2" | "llama" | "codegen" | "large", Shape>> {
  const noDropout = { attn_pdrop: 0, embd_pdrop: 0, resid_pdrop: 0, bos_token_id: 0, eos_token_id: 0 };
  const gpt = (name: string, [layers, width, heads, vocabulary]: [number, number, number, number]): Shape => {
    const sizes = { n_layer: layers, n_embd: width, n_head: heads, vocab_size: vocabulary, n_positions: 512 };
    const json = { model_type: "gpt2", ...sizes, activation_function: "gelu_new", ...noDropout };
    return { name, json };
  };
  const code = (
    name: string,
    [layers, width, vocabulary, rotary]: [number, number, number, number],
  ): Shape => {
    const sizes = { n_layer: layers, n_embd: width, n_head: 16, vocab_size: vocabulary, rotary_dim: rotary };
    const rest = { n_positions: 2048, activation_function: "gelu_new", tie_word_embeddings: false };
    return { name, json: { model_type: "codegen", ...sizes, n_ctx: 2048, ...rest, ...noDropout } };
  };
  const lama = (name: string, sizes: [number, number, number, number, number], vocabulary: number): Shape => {
    const [layers, width, heads, groups, inner] = sizes;
    const attention = { num_attention_heads: heads, num_key_value_heads: groups };
    const others = { hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, ...attention };
    const rest = { max_position_embeddings: 2048, rms_norm_eps: 1e-5, tie_word_embeddings: false };
    const json = { model_type: "llama", vocab_size: vocabulary, ...others, ...rest };
    return {
      name,
      json: { ...json, hidden_act: "silu", rope_theta: 10000, bos_token_id: 1, eos_token_id: 2 },
    };
  };
  if (tiny) {
    return {
      gpt2: gpt("GPT-2 tiny", [2, 64, 4, 512]),
      llama: lama("llama tiny", [2, 64, 4, 2, 160], 512),
      codegen: code("CodeGen tiny", [2, 128, 512, 4]),
      large: lama("llama tiny", [3, 64, 4, 4, 160], 512),
    };
  }
  return {
    gpt2: gpt("GPT-2 110M", [12, 768, 12, 32768]),
    llama: lama("llama 1.1B", [22, 2048, 32, 4, 5632], 32000),
    codegen: code("CodeGen 350M", [20, 1024, 51200, 32]),
    large: lama("llama 7B", [32, 4096, 32, 32, 11008], 32000),
  };
}

/** Numbers of the block. */
const BLOCK = 1_000_003;
/** Deviation of the weights. */
const DEVIATION = 0.02;

/**
 * A model of random weights: matrices normal with deviation 0.02, norms one, biases zero. TensorFlow must be open.
 *
 * @param products with "bfloat16" matrices are kept in it, unless they are `trainable`, as `loadModel` does
 * @param lora a new adapter, which alone is trained then
 */
export async function randomModel(
  { name, json }: Shape,
  { products = "float32", trainable = false, lora }: {
    products?: Products;
    trainable?: boolean;
    lora?: NewLora;
  } = {},
): Promise<Model> {
  const architecture = architectureOf(json.model_type);
  const config = architecture.readConfig(json, "the bench");
  const normal = createNormal(7);
  const block = Float32Array.from({ length: BLOCK }, () => DEVIATION * normal());
  const bits = new Uint32Array(block.buffer);
  const halves = Uint16Array.from(bits, (value) => (value + 0x8000) >>> 16);
  const weights: Record<string, Tensor> = {};
  let start = 0;
  for (const [weight, shape] of Object.entries(architecture.shapes(config))) {
    const from = start = (start + 77_777) % BLOCK;
    if (shape.length === 1) {
      const value = weight.endsWith(".bias") ? 0 : 1;
      weights[weight] = await fillTensor(shape, (values) => void values.fill(value));
    } else if (products === "bfloat16" && !trainable) {
      weights[weight] = await fillBfloat16Tensor(shape, (values) => repeat(values, halves, from));
    } else {
      weights[weight] = await fillTensor(shape, (values) => repeat(values, block, from));
    }
  }
  const adapter = lora && newAdapter(linearLayers(architecture, config), lora, name);
  return new Model({ architecture, config, weights: weights as Weights, products, name, adapter });
}

/** Fills with a block from one place of it on, again and again. */
function repeat<A extends Float32Array | Uint16Array>(values: A, block: A, from: number): void {
  for (let at = 0; at < values.length;) {
    const piece = block.subarray(at === 0 ? from : 0).subarray(0, values.length - at);
    values.set(piece, at);
    at += piece.length;
  }
}

/** Ids that are the same in every run: [rows][length]. */
export function randomIds(rows: number, length: number, vocabulary: number): Int32Array[] {
  let state = 20261127;
  const next = () => (state = state * 48271 % 2147483647) % vocabulary;
  return Array.from({ length: rows }, () => Int32Array.from({ length }, next));
}
