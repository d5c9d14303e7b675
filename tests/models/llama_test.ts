import { assertEquals } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { llama } from "../../lib/models/llama.ts";
import { testFamily, testRefusals } from "./families.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

testFamily(
  engine,
  ["plain", "smol", "biased", "linear", "dynamic", "llama3", "yarn"].map((name) => `llama/${name}`),
);

Deno.test("llama.readConfig() takes the defaults of transformers", () => {
  const { rope, ...config } = llama.readConfig({
    model_type: "llama",
    pretraining_tp: 1,
    attention_dropout: 0.1,
  }, "j");
  assertEquals(config, {
    modelType: "llama",
    vocabularySize: 32000,
    maxPositions: 2048,
    width: 4096,
    layers: 32,
    heads: 32,
    cacheHeads: 32,
    headWidth: 128,
    innerWidth: 11008,
    activation: "silu",
    normEpsilon: 1e-6,
    biases: { qkv: false, output: false, mlp: false },
    tiedEmbeddings: false,
  });
  assertEquals([rope.frequencies.length, rope.frequencies[0], rope.magnitude], [64, 1, 1]);
});

testRefusals(llama, { hidden_size: 16, num_attention_heads: 4, num_key_value_heads: 2 }, [
  [{ num_key_value_heads: 3 }, "num_key_value_heads is 3: expected a divisor of num_attention_heads = 4"],
  [{ num_attention_heads: 6 }, "num_attention_heads is 6: expected a divisor of hidden_size = 16"],
  [{ head_dim: 5 }, "head_dim is 5: expected heads of even width: they are rotated"],
  [{ hidden_size: 12 }, "num_attention_heads is 4: expected heads of even width: they are rotated"],
  [{ rms_norm_eps: 0 }, "rms_norm_eps is 0: expected a positive number"],
  [{ attention_bias: 1 }, "attention_bias is 1: expected true or false"],
  [
    { quantization_config: { bits: 4 } },
    'quantization_config is {"bits":4}: expected none: it is not supported',
  ],
  [{ rope_theta: -1 }, "rope_theta is -1: expected a positive number"],
  [{ rope_scaling: [4] }, "rope_scaling is [4]: expected an object"],
  [
    { rope_scaling: { type: "longrope" } },
    'rope_scaling.type is "longrope": expected "default", "dynamic", "linear", "llama3", "yarn"',
  ],
  [
    { rope_parameters: { rope_type: "linear" } },
    "rope_parameters.factor is missing: expected a positive number",
  ],
  [
    { rope_scaling: { rope_type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4 } },
    "rope_scaling.high_freq_factor is 4: expected more than low_freq_factor = 4",
  ],
  [
    { rope_parameters: { full_attention: { rope_theta: 5 } } },
    'rope_parameters.full_attention is {"rope_theta":5}: expected none: it is not supported',
  ],
  [
    { partial_rotary_factor: 0.5 },
    "partial_rotary_factor is 0.5: expected 1: the family rotates whole heads",
  ],
  [{ vocab_size: 2.5 }, "vocab_size is 2.5: expected a whole number of at least 1"],
]);
