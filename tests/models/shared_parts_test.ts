/** Families that are put together of the parts of llama, gpt2 and codegen, one fixture each. */
import { assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { testFamily, testRefusals } from "./families.ts";
import { readFixtureFolder } from "./fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

type Refusals = Parameters<typeof testRefusals>[2];

const SMALL = { hidden_size: 32, num_attention_heads: 4, num_key_value_heads: 2 };
const QUANTIZED: Refusals[number] = [
  { quantization_config: {} },
  "quantization_config is {}: expected none: it is not supported",
];

/** What each must refuse, beside a configuration with numbers of another kind. */
const REFUSALS: { readonly [family: string]: { good: Record<string, unknown>; bad: Refusals } } = {
  mistral: {
    good: SMALL,
    bad: [
      [{ sliding_window: 0 }, "sliding_window is 0: expected a whole number of at least 1"],
      [
        { num_hidden_layers: 2, layer_types: ["full_attention"] },
        'layer_types is ["full_attention"]: expected a list of 2 of "full_attention", "sliding_attention"',
      ],
    ],
  },
  qwen3: {
    good: SMALL,
    bad: [
      [{ use_sliding_window: 1 }, "use_sliding_window is 1: expected true or false"],
      [
        { use_sliding_window: true, max_window_layers: -1 },
        "max_window_layers is -1: expected a whole number of at least 1",
      ],
    ],
  },
  gpt_neo: {
    good: { hidden_size: 32, num_heads: 4, num_layers: 2 },
    bad: [
      [{ num_heads: 5 }, "num_heads is 5: expected a divisor of hidden_size = 32"],
      [
        { attention_types: [[["global"], 3]] },
        'attention_types is [[["global"],3]]: expected [[["global", "local"], times], ...] for num_layers = 2',
      ],
      [{ window_size: 0 }, "window_size is 0: expected a whole number of at least 1"],
    ],
  },
  gptj: {
    good: { n_embd: 32, n_head: 2, rotary_dim: 4 },
    bad: [[
      { rotary_dim: 20 },
      "rotary_dim is 20: expected an even number, at most the width of a head = 16",
    ]],
  },
  phi: {
    good: SMALL,
    bad: [
      [{ qk_layernorm: true }, "qk_layernorm is true: expected none: it is not supported"],
      [
        { partial_rotary_factor: 0.4 },
        "partial_rotary_factor is 0.4: expected an even number, at most all, of the 8 numbers of a head",
      ],
    ],
  },
  phi3: {
    good: SMALL,
    bad: [
      [{ sliding_window: -5 }, "sliding_window is -5: expected a whole number of at least 1"],
      [
        { rope_scaling: { type: "su", short_factor: [1, 1, 2] } },
        "rope_scaling.short_factor is [1,1,2]: expected a list of 4 positive numbers",
      ],
    ],
  },
  gemma: {
    good: SMALL,
    bad: [[
      { use_bidirectional_attention: true },
      "use_bidirectional_attention is true: expected none: it is not supported",
    ], [
      { hidden_act: "gelu", hidden_activation: "gelu" },
      'hidden_activation is "gelu": expected "gelu_pytorch_tanh" or none, by hidden_act',
    ], [
      { hidden_activation: "silu" },
      'hidden_activation is "silu": expected "gelu_pytorch_tanh" or none, by hidden_act',
    ]],
  },
  stablelm: {
    good: SMALL,
    bad: [
      [{ use_parallel_residual: true }, "use_parallel_residual is true: expected none: it is not supported"],
      [{ use_qkv_bias: "yes" }, 'use_qkv_bias is "yes": expected true or false'],
    ],
  },
  granite: {
    good: SMALL,
    bad: [[{ logits_scaling: 0 }, "logits_scaling is 0: expected a positive number"]],
  },
  olmo2: {
    good: SMALL,
    bad: [[
      { num_key_value_heads: 3 },
      "num_key_value_heads is 3: expected a divisor of num_attention_heads = 4",
    ]],
  },
};

for (const [family, { good, bad }] of Object.entries(REFUSALS)) {
  const names = family === "phi3" ? ["phi3/plain", "phi3/long"] : [`${family}/plain`];
  testFamily(engine, names, { isShared: true, unlearns: family === "gpt_neo" }); // which has windows on some layers
  testRefusals(architectureOf(family), good, [...bad, QUANTIZED]);
}

Deno.test("Generator attends within windows as transformers does, longer texts than they are", async () => {
  const { folder, ids, continuations } = await readFixtureFolder("families/gpt_neo/plain");
  using loaded = await loadModel(folder);
  using generator = new Generator(loaded.model);
  const prompts = continuations.map(({ row, prefix }) => ids[row]!.slice(0, prefix));
  const maxTokens = Math.max(...continuations.map(({ ids }) => ids.length));
  const found = await generator.generate(prompts, { maxTokens });
  continuations.forEach((wanted, i) =>
    assertEquals([...found[i]!.subarray(0, wanted.ids.length)], wanted.ids)
  );
});

Deno.test("Phi-3's longer models take texts of the length that they had before, by any of its names", () => {
  const factors = { short_factor: Array(48).fill(1.1), long_factor: Array(48).fill(2) };
  const positions = { max_position_embeddings: 131072, original_max_position_embeddings: 4096 };
  for (const type of ["longrope", "su", "yarn"]) {
    const fields = { ...positions, rope_scaling: { type, ...factors } };
    const { maxPositions, rope } = architectureOf("phi3").readConfig(fields, "c.json");
    assertEquals([maxPositions, rope.frequencies[0]], [4096, Math.fround(1 / 1.1)]);
    assertEquals(rope.magnitude, Math.sqrt(1 + Math.log(32) / Math.log(4096)));
  }
});

Deno.test("Gemma's \"gelu\" is the tanh approximation, as in transformers 5.23's GemmaConfig", () => {
  const activationOf = (fields: Record<string, unknown>) => {
    const config: { activation?: string } = architectureOf("gemma").readConfig(fields, "c.json");
    return config.activation;
  };
  assertEquals(activationOf({}), "gelu_pytorch_tanh");
  assertEquals(activationOf({ hidden_act: "gelu" }), "gelu_pytorch_tanh");
  assertEquals(activationOf({ hidden_act: "gelu", hidden_activation: null }), "gelu_pytorch_tanh");
  const codeGemma = { hidden_act: "gelu", hidden_activation: "gelu_pytorch_tanh" };
  assertEquals(activationOf(codeGemma), "gelu_pytorch_tanh");
  assertEquals(activationOf({ hidden_act: "silu" }), "silu");
});

Deno.test("windows are those of the configuration, and none where they hide nothing", () => {
  const windowsOf = (model_type: string, fields: Record<string, unknown>) => {
    const { windows } = architectureOf(model_type).readConfig({ ...fields, model_type }, "c.json");
    return windows === undefined ? undefined : [...new Set(windows)];
  };
  assertEquals(windowsOf("mistral", {}), [4096]);
  assertEquals(windowsOf("mistral", { sliding_window: null }), undefined);
  assertEquals(windowsOf("mistral", { max_position_embeddings: 4096 }), undefined);
  assertEquals(windowsOf("qwen3", {}), undefined);
  assertEquals(windowsOf("qwen3", { use_sliding_window: true, max_window_layers: 0 }), [4096]);
  assertEquals(windowsOf("gpt_neo", {}), [null, 256]);
  assertEquals(windowsOf("gpt_neo", { num_layers: 2, attention_types: [[["global"], 2]] }), undefined);
  assertEquals(windowsOf("phi3", {}), undefined);
  const types = ["sliding_attention", "full_attention", "sliding_attention"];
  const sliding = { use_sliding_window: true, sliding_window: 8, num_hidden_layers: 3, layer_types: types };
  assertEquals(architectureOf("qwen2").readConfig(sliding, "c.json").windows, [8, null, 8]);
});
