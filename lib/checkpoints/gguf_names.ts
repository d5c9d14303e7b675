/**
 * A GGUF file's tensors as transformers has them: their names, and the order of their rows where llama.cpp changed it.
 *
 * Source: the tensor names of ggml's docs/gguf.md and llama.cpp's converter.
 *
 * @module
 */

/** What must be done to a tensor's values after reading. */
export type Reordering =
  /** GPT-2's linear layers: [out, in] in the file, [in, out] in transformers. */
  | { kind: "transpose" }
  /** Llama's queries and keys: pairs of rotated rows lie beside each other in the file, half a head apart in transformers. */
  | { kind: "heads"; heads: number };

/** How a family spells names: a tensor's name without its layer and without .weight or .bias. */
interface Names {
  /** What stands before a layer's number. */
  layers: string;
  names: { readonly [name: string]: string };
  reorder(name: string, config: Readonly<Record<string, unknown>>): Reordering | null;
}

const LLAMA_NAMES = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

const QWEN2: Names = { layers: "model.layers.", names: LLAMA_NAMES, reorder: () => null };

const FAMILIES: { readonly [modelType: string]: Names } = {
  llama: {
    ...QWEN2,
    reorder: (name, config) => {
      if (name === "attn_q") return { kind: "heads", heads: config.num_attention_heads as number };
      return name === "attn_k" ? { kind: "heads", heads: config.num_key_value_heads as number } : null;
    },
  },
  qwen2: QWEN2,
  starcoder2: { ...QWEN2, names: { ...LLAMA_NAMES, ffn_up: "mlp.c_fc", ffn_down: "mlp.c_proj" } },
  gpt2: {
    layers: "transformer.h.",
    names: {
      token_embd: "transformer.wte",
      position_embd: "transformer.wpe",
      output_norm: "transformer.ln_f",
      output: "lm_head",
      attn_norm: "ln_1",
      attn_qkv: "attn.c_attn",
      attn_output: "attn.c_proj",
      ffn_norm: "ln_2",
      ffn_up: "mlp.c_fc",
      ffn_down: "mlp.c_proj",
    },
    reorder: (name) => /^(attn_qkv|attn_output|ffn_up|ffn_down)$/.test(name) ? { kind: "transpose" } : null,
  },
};

/** What a tensor is called, and what must be done to it. */
export interface MappedName {
  /** The tensor's name in transformers. */
  name: string;
  /** What must be done to it after reading. */
  reordering: Reordering | null;
}

/**
 * A tensor's name in transformers; one that is not known keeps its own, for the loader to refuse.
 *
 * @param configJson the model's, as `ggufConfig` gives it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const config = { model_type: "llama", num_attention_heads: 9, num_key_value_heads: 3 };
 * const { name, reordering } = mapGgufName("blk.7.attn_k.weight", config);
 * assertEquals(name, "model.layers.7.self_attn.k_proj.weight");
 * assertEquals(reordering, { kind: "heads", heads: 3 });
 * assertEquals(mapGgufName("rope_freqs.weight", config).name, "rope_freqs.weight");
 * ```
 */
export function mapGgufName(tensor: string, configJson: Readonly<Record<string, unknown>>): MappedName {
  const family = FAMILIES[configJson.model_type as string]!;
  const [, layer, own = "", suffix] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(tensor) ?? [];
  const known = Object.hasOwn(family.names, own) ? family.names[own] : undefined;
  if (known === undefined) return { name: tensor, reordering: null };
  const name = layer === undefined ? `${known}.${suffix}` : `${family.layers}${layer}.${known}.${suffix}`;
  const reordering = family.reorder(own, configJson);
  return { name, reordering: reordering?.kind === "transpose" && suffix === "bias" ? null : reordering };
}

/**
 * Values as transformers orders them.
 *
 * @param shape [rows, columns] or [rows] in the file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const values = Float32Array.of(0, 1, 2, 3, 4, 5);
 * assertEquals([...reorder(values, [2, 3], { kind: "transpose" })], [0, 3, 1, 4, 2, 5]);
 * assertEquals([...reorder(values.slice(0, 4), [4], { kind: "heads", heads: 1 })], [0, 2, 1, 3]);
 * ```
 */
export function reorder(
  values: Float32Array,
  [rows = 1, columns = 1]: readonly number[],
  reordering: Reordering,
): Float32Array {
  const result = new Float32Array(values.length);
  if (reordering.kind === "transpose") {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        result[column * rows + row] = values[row * columns + column]!;
      }
    }
    return result;
  }
  const width = rows / reordering.heads; // rows of a head
  for (let row = 0; row < rows; row++) {
    const inHead = row % width;
    const from = row - inHead + inHead % (width / 2) * 2 + Math.floor(inHead / (width / 2));
    result.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return result;
}
