import { assertEquals } from "@std/assert";
import { architectureOf, MODELS } from "../../lib/models/models.ts";

/** Configurations of released models, without what their defaults give, and the parameters that transformers counts. */
const RELEASED: Record<string, { config: Record<string, unknown>; parameters: number }> = {
  "CodeParrot-small": { config: { model_type: "gpt2", vocab_size: 32768 }, parameters: 111_008_256 },
  "CodeGen-350M-Mono": {
    config: {
      model_type: "codegen",
      vocab_size: 51200,
      n_embd: 1024,
      n_layer: 20,
      n_head: 16,
      rotary_dim: 32,
    },
    parameters: 356_712_448,
  },
  "CodeGen-2B-Mono": {
    config: {
      model_type: "codegen",
      vocab_size: 51200,
      n_embd: 2560,
      n_layer: 32,
      n_head: 32,
      rotary_dim: 64,
    },
    parameters: 2_779_356_160,
  },
  "Qwen2.5-Coder-7B": {
    config: {
      model_type: "qwen2",
      vocab_size: 152064,
      hidden_size: 3584,
      intermediate_size: 18944,
      num_hidden_layers: 28,
      num_attention_heads: 28,
      num_key_value_heads: 4,
      rope_theta: 1000000.0,
      sliding_window: 131072,
      use_sliding_window: false,
    },
    parameters: 7_615_616_512,
  },
  "Qwen2.5-Coder-0.5B": {
    config: {
      model_type: "qwen2",
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      rope_theta: 1000000.0,
      tie_word_embeddings: true,
    },
    parameters: 494_032_768,
  },
  "SmolLM2-135M": {
    config: {
      model_type: "llama",
      vocab_size: 49152,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      max_position_embeddings: 8192,
      rope_theta: 100000,
      rope_scaling: null,
      rope_interleaved: false,
      tie_word_embeddings: true,
    },
    parameters: 134_515_008,
  },
  "DeepSeek-Coder-1.3B": {
    config: {
      model_type: "llama",
      vocab_size: 32256,
      hidden_size: 2048,
      intermediate_size: 5504,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      max_position_embeddings: 16384,
      rope_theta: 100000,
      rope_scaling: { type: "linear", factor: 4.0 },
    },
    parameters: 1_346_471_936,
  },
  "CodeLlama-7B": {
    config: { model_type: "llama", vocab_size: 32016, max_position_embeddings: 16384, rope_theta: 1000000 },
    parameters: 6_738_546_688,
  },
  "StarCoder2-3B": {
    config: {
      model_type: "starcoder2",
      max_position_embeddings: 16384,
      sliding_window: 4096,
      rope_theta: 999999.4420358813,
      mlp_type: "default",
    },
    parameters: 3_030_371_328,
  },
  "Pythia-160M": {
    config: {
      model_type: "gpt_neox",
      vocab_size: 50304,
      hidden_size: 768,
      intermediate_size: 3072,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      rotary_pct: 0.25,
      rotary_emb_base: 10000,
    },
    parameters: 162_322_944,
  },
  "StarCoderBase-1B": {
    config: {
      model_type: "gpt_bigcode",
      vocab_size: 49152,
      n_embd: 2048,
      n_layer: 24,
      n_head: 16,
      n_positions: 8192,
    },
    parameters: 1_137_207_296,
  },
  "Mistral-7B-v0.1": { config: { model_type: "mistral", rope_theta: 10000 }, parameters: 7_241_732_096 },
  "Qwen3-0.6B": {
    config: {
      model_type: "qwen3",
      hidden_size: 1024,
      intermediate_size: 3072,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      tie_word_embeddings: true,
      use_sliding_window: false,
      sliding_window: null,
    },
    parameters: 596_049_920,
  },
  "GPT-Neo-125M": {
    config: {
      model_type: "gpt_neo",
      hidden_size: 768,
      num_layers: 12,
      num_heads: 12,
      intermediate_size: null,
      attention_types: [[["global", "local"], 6]],
    },
    parameters: 125_198_592,
  },
  "GPT-J-6B": { config: { model_type: "gptj", n_inner: null }, parameters: 6_050_882_784 },
  "Phi-2": {
    config: {
      model_type: "phi",
      hidden_size: 2560,
      intermediate_size: 10240,
      num_hidden_layers: 32,
      partial_rotary_factor: 0.4,
    },
    parameters: 2_779_683_840,
  },
  "Phi-3-mini-4k": { config: { model_type: "phi3", sliding_window: 2047 }, parameters: 3_821_079_552 },
  "CodeGemma-2B": {
    config: {
      model_type: "gemma",
      hidden_size: 2048,
      intermediate_size: 16384,
      num_hidden_layers: 18,
      num_attention_heads: 8,
      num_key_value_heads: 1,
    },
    parameters: 2_506_172_416,
  },
  "Stable-Code-3B": {
    config: { model_type: "stablelm", max_position_embeddings: 16384, rope_theta: 1000000 },
    parameters: 2_795_443_200,
  },
  "Granite-3.0-2B": {
    config: {
      model_type: "granite",
      vocab_size: 49155,
      hidden_size: 2048,
      intermediate_size: 8192,
      num_hidden_layers: 40,
      num_key_value_heads: 8,
      tie_word_embeddings: true,
      embedding_multiplier: 12,
      attention_multiplier: 0.015625,
      residual_multiplier: 0.22,
      logits_scaling: 8,
    },
    parameters: 2_533_531_648,
  },
  "OLMo-2-7B": { config: { model_type: "olmo2", vocab_size: 100352 }, parameters: 7_298_617_344 },
};

for (const [name, { config, parameters }] of Object.entries(RELEASED)) {
  Deno.test(`shapes() of ${name} are of ${parameters} parameters`, () => {
    const architecture = architectureOf(config.model_type);
    const shapes = Object.values(architecture.shapes(architecture.readConfig(config, "config.json")));
    assertEquals(shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0), parameters);
  });
}

Deno.test("MODELS are of distinct classes, and each knows its own model type and names", () => {
  const models = Object.entries(MODELS);
  assertEquals(new Set(models.map(([, { className }]) => className)).size, models.length);
  for (const [type, architecture] of models) {
    const config = architecture.readConfig({ tie_word_embeddings: false }, "config.json");
    const names = Object.keys(architecture.shapes(config as never));
    assertEquals(config.modelType, type);
    assertEquals(names.filter((name) => architecture.isBuffer(name)), []);
    assertEquals(names.filter((name) => !name.startsWith(architecture.prefix)).slice(0, 1), [
      architecture.outputName,
    ]);
    assertEquals(names.includes(architecture.embeddingName), true);
  }
});

Deno.test("the README names each model type", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const [, list = ""] = /\nModels, by `model_type`: ([^]*?);/.exec(readme) ?? [];
  const names = Array.from(list.matchAll(/`(\w+)`/g), ([, name]) => name!);
  assertEquals(names.sort(), Object.keys(MODELS).sort());
});

Deno.test("isBuffer() knows the masks and frequencies that older versions saved", () => {
  const buffers = {
    codegen: ["transformer.h.3.attn.causal_mask"],
    gpt2: ["transformer.h.0.attn.bias", "transformer.h.0.attn.masked_bias"],
    gpt_bigcode: ["transformer.bias", "transformer.h.0.attn.bias"],
    gpt_neo: ["transformer.h.0.attn.attention.bias", "transformer.h.0.attn.attention.masked_bias"],
    gptj: ["transformer.h.0.attn.bias", "transformer.h.0.attn.masked_bias"],
    gpt_neox: ["attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"].map((name) =>
      `gpt_neox.layers.5.${name}`
    ),
    llama: ["model.layers.0.self_attn.rotary_emb.inv_freq"],
    qwen2: ["model.layers.0.self_attn.rotary_emb.inv_freq"],
    starcoder2: ["model.layers.0.self_attn.rotary_emb.inv_freq"],
  };
  for (const [type, names] of Object.entries(buffers)) {
    for (const name of names) assertEquals([name, architectureOf(type).isBuffer(name)], [name, true]);
  }
});
