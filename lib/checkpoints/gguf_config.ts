/**
 * config.json out of a GGUF file's metadata, for the families that GGUF and this library share.
 *
 * Source: ggml's docs/gguf.md and llama.cpp's converter for the keys, transformers' configurations for the fields.
 *
 * @module
 */
import { ConfigReader } from "../models/config.ts";
import { readRope, ropeFrequencies } from "../models/rope_scaling.ts";
import type { GgufHeader } from "./gguf_header.ts";

type Json = Record<string, unknown>;

/** Families by `general.architecture`. */
const CONFIGS: { readonly [architecture: string]: (read: GgufFields) => Json } = {
  gpt2: (read) => ({
    model_type: "gpt2",
    architectures: ["GPT2LMHeadModel"],
    n_positions: read.size("context_length"),
    n_embd: read.size("embedding_length"),
    n_layer: read.size("block_count"),
    n_head: read.size("attention.head_count"),
    n_inner: read.size("feed_forward_length"),
    layer_norm_epsilon: read.float("attention.layer_norm_epsilon"),
    activation_function: "gelu_new",
  }),
  llama: (read) => ({
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
    ...rotaryFields(read),
    rms_norm_eps: read.float("attention.layer_norm_rms_epsilon"),
    hidden_act: "silu",
    attention_bias: read.hasTensor("blk.0.attn_q.bias"),
    mlp_bias: read.hasTensor("blk.0.ffn_up.bias"),
  }),
  qwen2: (read) => ({
    model_type: "qwen2",
    architectures: ["Qwen2ForCausalLM"],
    ...rotaryFields(read),
    rms_norm_eps: read.float("attention.layer_norm_rms_epsilon"),
    hidden_act: "silu",
    use_sliding_window: false,
  }),
  starcoder2: (read) => ({
    model_type: "starcoder2",
    architectures: ["Starcoder2ForCausalLM"],
    ...rotaryFields(read),
    norm_epsilon: read.float("attention.layer_norm_epsilon"),
    hidden_act: "gelu_pytorch_tanh",
    use_bias: read.hasTensor("blk.0.attn_q.bias"),
    sliding_window: null,
  }),
};

/**
 * The fields of config.json that a file's metadata and tensors stand for.
 *
 * @param file a name for messages
 * @param ropeFactors what the frequencies of rotary positions are divided by, as Llama 3's files have it
 * @throws {RangeError} for an architecture that is not known or a field that is missing, wrong or not supported
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * const header = { metadata: new Map([["general.architecture", "mamba"]]), tensors: new Map() };
 * const message = 'Unknown architecture "mamba" of "m.gguf": expected "gpt2", "llama", "qwen2", "starcoder2"';
 * assertThrows(() => ggufConfig(header, "m.gguf"), RangeError, message);
 * ```
 */
export function ggufConfig(header: GgufHeader, file: string, ropeFactors?: Float32Array): Json {
  const architecture = header.metadata.get("general.architecture");
  if (typeof architecture !== "string" || !Object.hasOwn(CONFIGS, architecture)) {
    const names = Object.keys(CONFIGS).map((name) => `"${name}"`).join(", ");
    throw new RangeError(`Unknown architecture ${shown(architecture)} of "${file}": expected ${names}`);
  }
  const read = new GgufFields(header, { architecture, file });
  read.absent("expert_count", "attention.sliding_window", "rope.scaling.attn_factor");
  const config = CONFIGS[architecture]!(read);
  return {
    ...config,
    ...ropeFactors && { rope_scaling: llama3Scaling(ropeFactors, config, file) },
    vocab_size: read.vocabularySize(),
    tie_word_embeddings: !read.hasTensor("output.weight"),
    ...specialTokens(header),
  };
}

/** Sizes that all families with rotary positions have. */
function rotaryFields(read: GgufFields): Json {
  const width = read.size("embedding_length");
  const heads = read.size("attention.head_count");
  const headWidth = read.size("attention.key_length", Math.floor(width / heads));
  const rotated = read.size("rope.dimension_count", headWidth);
  if (rotated !== headWidth) read.refuse("rope.dimension_count", `the width of a head, ${headWidth}`);
  if (read.size("attention.value_length", headWidth) !== headWidth) {
    read.refuse("attention.value_length", `attention.key_length, ${headWidth}`);
  }
  return {
    max_position_embeddings: read.size("context_length"),
    hidden_size: width,
    intermediate_size: read.size("feed_forward_length"),
    num_hidden_layers: read.size("block_count"),
    num_attention_heads: heads,
    num_key_value_heads: read.size("attention.head_count_kv", heads),
    head_dim: headWidth,
    rope_theta: read.float("rope.freq_base", 10_000),
    ...ropeScaling(read),
  };
}

function ropeScaling(read: GgufFields): Json {
  const kind = read.get("rope.scaling.type") ?? "none";
  if (kind === "none") {
    read.absent("rope.scale_linear", "rope.scaling.factor");
    return {};
  }
  const factor = read.float("rope.scaling.factor");
  if (kind === "linear") return { rope_scaling: { rope_type: "linear", factor } };
  if (kind !== "yarn") read.refuse("rope.scaling.type", '"none", "linear" or "yarn"');
  const original_max_position_embeddings = read.size("rope.scaling.original_context_length");
  return { rope_scaling: { rope_type: "yarn", factor, original_max_position_embeddings } };
}

/** Of Llama 3's models: each has its own factor. */
const LLAMA3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

const NOT_LLAMA3 = "is not of Llama 3's scaling of positions, which alone is supported";

/** The scaling of which the factors are: those of the slowest pairs are its own. */
function llama3Scaling(factors: Float32Array, config: Json, file: string): Json {
  const json = { rope_type: "llama3", factor: Number(Math.max(...factors).toPrecision(6)), ...LLAMA3 };
  const { head_dim: headWidth, rope_theta } = config as { head_dim: number; rope_theta: number };
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot load "${file}": rope_freqs.weight ${what}`);
  };
  if (config.model_type !== "llama" || config.rope_scaling !== undefined) {
    refuse("is beside another scaling of positions");
  }
  if (factors.length !== headWidth / 2) refuse(`has ${factors.length} values, expected ${headWidth / 2}`);
  if (!(json.factor >= 1)) refuse(NOT_LLAMA3);
  const read = new ConfigReader({ rope_theta, rope_scaling: json }, file);
  const plain = ropeFrequencies(headWidth, rope_theta);
  const { frequencies } = readRope(read, { headWidth, positions: LLAMA3.original_max_position_embeddings });
  const isSame = frequencies.every((frequency, i) =>
    Math.abs(frequency * factors[i]! / plain[i]! - 1) < 1e-3
  );
  return isSame ? json : refuse(NOT_LLAMA3);
}

/** Ids of special tokens, as both files count them. */
function specialTokens({ metadata }: GgufHeader): Json {
  const names = { bos: "bos", eos: "eos", pad: "padding" };
  return Object.fromEntries(
    Object.entries(names).flatMap(([field, key]) => {
      const id = metadata.get(`tokenizer.ggml.${key}_token_id`);
      return typeof id === "number" ? [[`${field}_token_id`, id]] : [];
    }),
  );
}

/** Reads keys of an architecture. */
class GgufFields {
  readonly #header: GgufHeader;
  readonly #architecture: string;
  readonly #file: string;

  constructor(header: GgufHeader, { architecture, file }: { architecture: string; file: string }) {
    this.#header = header;
    this.#architecture = architecture;
    this.#file = file;
  }

  get(key: string): unknown {
    return this.#header.metadata.get(`${this.#architecture}.${key}`);
  }

  size(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    const isSize = typeof value === "number" && Number.isInteger(value) && value >= 1 && value < 2 ** 31;
    if (!isSize) this.refuse(key, "a whole number of at least 1");
    return value;
  }

  /** A positive float32, as the shortest decimal that rounds to it, so that 1e-5 is written as such. */
  float(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value)) {
      this.refuse(key, "a positive number");
    }
    for (let digits = 1; digits < 9; digits++) {
      const short = Number(value.toPrecision(digits));
      if (Math.fround(short) === Math.fround(value)) return short;
    }
    return value;
  }

  /** Refuses keys whose effect is not implemented unless they are absent or 0. */
  absent(...keys: string[]): void {
    for (const key of keys) if (this.get(key)) this.refuse(key, "none: it is not supported");
  }

  hasTensor(name: string): boolean {
    return this.#header.tensors.has(name);
  }

  /** The rows of the embedding. */
  vocabularySize(): number {
    const rows = this.#header.tensors.get("token_embd.weight")?.shape[0];
    if (rows === undefined) {
      throw new RangeError(`Cannot load "${this.#file}": 1 tensor is missing ("token_embd.weight")`);
    }
    return rows;
  }

  refuse(key: string, expected: string): never {
    const name = `${this.#architecture}.${key}`;
    throw new RangeError(
      `Cannot load "${this.#file}": ${name} is ${shown(this.get(key))}: expected ${expected}`,
    );
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "bigint" ? `${value}` : JSON.stringify(value) ?? "missing";
}
