import { openTensorFlow } from "../../lib/engine/engine.ts";
import { gptBigcode } from "../../lib/models/gpt_bigcode.ts";
import { testFamily, testRefusals } from "./families.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

testFamily(engine, ["gpt_bigcode/plain", "gpt_bigcode/heads"]);

testRefusals(gptBigcode, { n_embd: 16, n_head: 4 }, [
  [{ n_head: 3 }, "n_head is 3: expected a divisor of n_embd = 16"],
  [{ add_cross_attention: true }, "add_cross_attention is true: expected none: it is not supported"],
  [{ multi_query: null, scale_attn_weights: 0 }, "scale_attn_weights is 0: expected true or false"],
  [{ quantization_config: {} }, "quantization_config is {}: expected none: it is not supported"],
]);
