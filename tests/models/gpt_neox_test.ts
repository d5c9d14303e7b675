import { openTensorFlow } from "../../lib/engine/engine.ts";
import { gptNeox } from "../../lib/models/gpt_neox.ts";
import { testFamily, testRefusals } from "./families.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

testFamily(engine, ["gpt_neox/plain", "gpt_neox/sequential"]);

testRefusals(gptNeox, { hidden_size: 32, num_attention_heads: 4 }, [
  [{ num_attention_heads: 5 }, "num_attention_heads is 5: expected a divisor of hidden_size = 32"],
  [
    { rotary_pct: 0.2 },
    "rotary_pct is 0.2: expected an even number, at most all, of the 8 numbers of a head",
  ],
  [{ rotary_pct: 2 }, "rotary_pct is 2: expected an even number, at most all, of the 8 numbers of a head"],
  [
    { rope_parameters: { partial_rotary_factor: 0.4 } },
    "rope_parameters.partial_rotary_factor is 0.4: expected an even number, at most all, of the 8 numbers of a head",
  ],
  [{ rotary_emb_base: 0 }, "rotary_emb_base is 0: expected a positive number"],
  [{ use_parallel_residual: 1 }, "use_parallel_residual is 1: expected true or false"],
  [{ quantization_config: {} }, "quantization_config is {}: expected none: it is not supported"],
]);
